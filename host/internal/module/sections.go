package module

import "github.com/portholehttp/porthole/abi"

func (r *reader) readTypes(s *Scanner) {
	n := s.Count("types", 3, maxTypes)
	r.module.Types = make([]Signature, 0, n)
	for range n {
		if form := s.Byte(); s.Err == nil && form != 0x60 {
			s.Fail(s.Pos-1, "type of form %#x is not supported", form)
		}
		t := Signature{Params: readValues(s), Results: readValues(s)}
		if s.Err != nil {
			return
		}
		r.module.Types = append(r.module.Types, t)
	}
	end(s)
}

func readValues(s *Scanner) []abi.ValueType {
	n := s.Count("values", 1, maxValues)
	if n == 0 {
		return nil
	}
	types := make([]abi.ValueType, n)
	for i := range types {
		types[i] = ReadValue(s)
	}
	return types
}

// ReadValue reads a value type.
func ReadValue(s *Scanner) abi.ValueType {
	t := abi.ValueType(s.Byte())
	if s.Err == nil && !IsValue(byte(t)) {
		s.Fail(s.Pos-1, "value of type %#x is not supported", byte(t))
	}
	return t
}

// IsValue reports whether a byte stands for a value type of the core specification, version 2.
func IsValue(b byte) bool { return typeName(abi.ValueType(b)) != "" }

func (r *reader) readImports(s *Scanner) {
	n := s.Count("imports", 4, maxExternals)
	r.module.Imports = make([]Import, 0, n)
	for range n {
		i := Import{Module: s.Name(), Name: s.Name(), Kind: Kind(s.Byte())}
		switch i.Kind {
		case Func:
			index := r.readType(s)
			if s.Err == nil {
				i.Type = r.module.Types[index]
			}
			r.module.FunctionTypes = append(r.module.FunctionTypes, index)
		case Table:
			r.readTable(s, true)
		case Memory:
			r.readMemory(s, true)
		case Global:
			ReadValue(s)
			if mutable := s.Byte(); s.Err == nil && mutable > 1 {
				s.Fail(s.Pos-1, "mutability of a global is %#x", mutable)
			}
			r.module.Globals++
		case Tag:
			r.readTag(s)
		default:
			s.Fail(s.Pos-1, "import of kind %#x", byte(i.Kind))
		}
		if s.Err != nil {
			return
		}
		r.module.Imports = append(r.module.Imports, i)
	}
	end(s)
}

// readType reads the index of a type that exists.
func (r *reader) readType(s *Scanner) uint32 {
	start := s.Pos
	index := s.U32()
	if s.Err == nil && uint64(index) >= uint64(len(r.module.Types)) {
		s.Fail(start, "there is no type %d", index)
	}
	return index
}

func (r *reader) readFunctions(s *Scanner) {
	n := s.Count("functions", 1, maxFunctions)
	for range n {
		index := r.readType(s)
		if s.Err != nil {
			return
		}
		r.module.FunctionTypes = append(r.module.FunctionTypes, index)
	}
	r.module.Functions = n
	end(s)
}

func (r *reader) readTables(s *Scanner) {
	for range s.Count("tables", 3, maxStores) {
		r.readTable(s, false)
	}
	end(s)
}

func (r *reader) readTable(s *Scanner, imported bool) {
	t := abi.ValueType(s.Byte())
	if s.Err == nil && t != refFunc && t != refExtern {
		s.Fail(s.Pos-1, "table of type %#x is not supported", byte(t))
	}
	l := ReadLimits(s)
	l.Imported = imported
	r.module.Tables = append(r.module.Tables, l)
}

func (r *reader) readMemories(s *Scanner) {
	for range s.Count("memories", 2, maxStores) {
		r.readMemory(s, false)
	}
	end(s)
}

func (r *reader) readMemory(s *Scanner, imported bool) {
	start := s.Pos
	l := ReadLimits(s)
	l.Imported = imported
	if most := uint64(1) << 16; s.Err == nil && !l.Wide && (l.Min > most || l.Max > most) {
		s.Fail(start, "memory of more than %d pages", most)
	}
	r.module.Memories = append(r.module.Memories, l)
}

// LimitsMax is the bit of the first byte of encoded limits which says that there is a maximum.
const LimitsMax = 1

// ReadLimits reads limits. It does not know whether they are Imported.
func ReadLimits(s *Scanner) Limits {
	const shared, wide = 2, 4
	start := s.Pos
	flags := s.Byte()
	if flags > LimitsMax|shared|wide {
		s.Fail(start, "limits of form %#x are not supported", flags)
	}
	l := Limits{HasMax: flags&LimitsMax != 0, Shared: flags&shared != 0, Wide: flags&wide != 0}
	bits := 32
	if l.Wide {
		bits = 64
	}
	l.Min = s.Uint(bits)
	if l.HasMax {
		l.Max = s.Uint(bits)
		if s.Err == nil && l.Max < l.Min {
			s.Fail(start, "maximum %d is less than minimum %d", l.Max, l.Min)
		}
	}
	return l
}

func (r *reader) countTags(s *Scanner) {
	for range s.Count("tags", 2, maxExternals) {
		r.readTag(s)
	}
	end(s)
}

func (r *reader) readTag(s *Scanner) {
	if attribute := s.Byte(); s.Err == nil && attribute != 0 {
		s.Fail(s.Pos-1, "tag with attribute %#x", attribute)
	}
	r.readType(s)
	r.tags++
}

// countGlobals does not look at the globals: their values are expressions.
func (r *reader) countGlobals(s *Scanner) {
	r.module.Globals += s.Count("globals", 4, maxFunctions)
}

func (r *reader) readExports(s *Scanner) {
	n := s.Count("exports", 3, maxExternals)
	r.module.Exports = make([]Export, 0, n)
	seen := make(map[string]bool, n)
	for range n {
		start := s.Pos
		e := Export{Name: s.Name(), Kind: Kind(s.Byte()), Index: s.U32()}
		if s.Err != nil {
			return
		}
		if e.Kind > Tag {
			s.Fail(start, "export of kind %#x", byte(e.Kind))
			return
		}
		if have := r.number(e.Kind); uint64(e.Index) >= uint64(have) {
			s.Fail(start, "export %s is %s %d of %d", Printable(e.Name), e.Kind, e.Index, have)
			return
		}
		if seen[e.Name] {
			s.Fail(start, "export %s is repeated", Printable(e.Name))
			return
		}
		seen[e.Name] = true
		if e.Kind == Func {
			e.Type = r.module.Types[r.module.FunctionTypes[e.Index]]
		}
		r.module.Exports = append(r.module.Exports, e)
	}
	end(s)
}

// number returns how many things of a kind there are.
func (r *reader) number(k Kind) int {
	switch k {
	case Func:
		return len(r.module.FunctionTypes)
	case Table:
		return len(r.module.Tables)
	case Memory:
		return len(r.module.Memories)
	case Global:
		return r.module.Globals
	default:
		return r.tags
	}
}

func (r *reader) readStart(s *Scanner) {
	start := s.Pos
	index := s.U32()
	if s.Err == nil && uint64(index) >= uint64(len(r.module.FunctionTypes)) {
		s.Fail(start, "there is no function %d", index)
	}
	r.module.Start = s.Err == nil
	end(s)
}

// countBodies does not look at the bodies.
func (r *reader) countBodies(s *Scanner) {
	r.bodies = s.Count("functions", 2, maxFunctions)
}

// checkCode refuses a module cut between the declaration of its functions and their bodies.
func (r *reader) checkCode() {
	if r.file.Err == nil && r.bodies != r.module.Functions {
		r.file.Section = "code"
		r.file.Fail(r.file.Pos, "%d functions declared, %d there", r.module.Functions, r.bodies)
	}
}
