package module

import "github.com/portholehttp/porthole/abi"

func (r *reader) readTypes(s *scanner) {
	n := s.count("types", 3, maxTypes)
	r.types = make([]Signature, 0, n)
	for range n {
		if form := s.byte(); s.err == nil && form != 0x60 {
			s.fail(s.pos-1, "type of form %#x is not supported", form)
		}
		t := Signature{Params: readValues(s), Results: readValues(s)}
		if s.err != nil {
			return
		}
		r.types = append(r.types, t)
	}
	end(s)
}

func readValues(s *scanner) []abi.ValueType {
	n := s.count("values", 1, maxValues)
	if n == 0 {
		return nil
	}
	types := make([]abi.ValueType, n)
	for i := range types {
		types[i] = readValue(s)
	}
	return types
}

func readValue(s *scanner) abi.ValueType {
	t := abi.ValueType(s.byte())
	if s.err == nil && typeName(t) == "" {
		s.fail(s.pos-1, "value of type %#x is not supported", byte(t))
	}
	return t
}

func (r *reader) readImports(s *scanner) {
	n := s.count("imports", 4, maxExternals)
	r.module.Imports = make([]Import, 0, n)
	for range n {
		i := Import{Module: s.name(), Name: s.name(), Kind: Kind(s.byte())}
		switch i.Kind {
		case Func:
			index := r.readType(s)
			if s.err == nil {
				i.Type = r.types[index]
			}
			r.functions = append(r.functions, index)
		case Table:
			r.readTable(s, true)
		case Memory:
			r.readMemory(s, true)
		case Global:
			readValue(s)
			if mutable := s.byte(); s.err == nil && mutable > 1 {
				s.fail(s.pos-1, "mutability of a global is %#x", mutable)
			}
			r.globals++
		case Tag:
			r.readTag(s)
		default:
			s.fail(s.pos-1, "import of kind %#x", byte(i.Kind))
		}
		if s.err != nil {
			return
		}
		r.module.Imports = append(r.module.Imports, i)
	}
	r.imported = len(r.functions)
	end(s)
}

// readType reads the index of a type that exists.
func (r *reader) readType(s *scanner) uint32 {
	start := s.pos
	index := s.u32()
	if s.err == nil && uint64(index) >= uint64(len(r.types)) {
		s.fail(start, "there is no type %d", index)
	}
	return index
}

func (r *reader) readFunctions(s *scanner) {
	n := s.count("functions", 1, maxFunctions)
	for range n {
		index := r.readType(s)
		if s.err != nil {
			return
		}
		r.functions = append(r.functions, index)
	}
	r.module.Functions = n
	end(s)
}

func (r *reader) readTables(s *scanner) {
	for range s.count("tables", 3, maxStores) {
		r.readTable(s, false)
	}
	end(s)
}

func (r *reader) readTable(s *scanner, imported bool) {
	t := abi.ValueType(s.byte())
	if s.err == nil && t != refFunc && t != refExtern {
		s.fail(s.pos-1, "table of type %#x is not supported", byte(t))
	}
	r.module.Tables = append(r.module.Tables, readLimits(s, imported))
}

func (r *reader) readMemories(s *scanner) {
	for range s.count("memories", 2, maxStores) {
		r.readMemory(s, false)
	}
	end(s)
}

func (r *reader) readMemory(s *scanner, imported bool) {
	start := s.pos
	l := readLimits(s, imported)
	if most := uint64(1) << 16; s.err == nil && !l.Wide && (l.Min > most || l.Max > most) {
		s.fail(start, "memory of more than %d pages", most)
	}
	r.module.Memories = append(r.module.Memories, l)
}

func readLimits(s *scanner, imported bool) Limits {
	const hasMax, shared, wide = 1, 2, 4
	start := s.pos
	flags := s.byte()
	if flags > hasMax|shared|wide {
		s.fail(start, "limits of form %#x are not supported", flags)
	}
	l := Limits{HasMax: flags&hasMax != 0, Shared: flags&shared != 0, Wide: flags&wide != 0, Imported: imported}
	bits := 32
	if l.Wide {
		bits = 64
	}
	l.Min = s.uint(bits)
	if l.HasMax {
		l.Max = s.uint(bits)
		if s.err == nil && l.Max < l.Min {
			s.fail(start, "maximum %d is less than minimum %d", l.Max, l.Min)
		}
	}
	return l
}

func (r *reader) countTags(s *scanner) {
	for range s.count("tags", 2, maxExternals) {
		r.readTag(s)
	}
	end(s)
}

func (r *reader) readTag(s *scanner) {
	if attribute := s.byte(); s.err == nil && attribute != 0 {
		s.fail(s.pos-1, "tag with attribute %#x", attribute)
	}
	r.readType(s)
	r.tags++
}

// countGlobals does not look at the globals: their values are expressions.
func (r *reader) countGlobals(s *scanner) {
	r.globals += s.count("globals", 4, maxFunctions)
}

func (r *reader) readExports(s *scanner) {
	n := s.count("exports", 3, maxExternals)
	r.module.Exports = make([]Export, 0, n)
	seen := make(map[string]bool, n)
	for range n {
		start := s.pos
		e := Export{Name: s.name(), Kind: Kind(s.byte()), Index: s.u32()}
		if s.err != nil {
			return
		}
		if e.Kind > Tag {
			s.fail(start, "export of kind %#x", byte(e.Kind))
			return
		}
		if have := r.number(e.Kind); uint64(e.Index) >= uint64(have) {
			s.fail(start, "export %s is %s %d of %d", Printable(e.Name), e.Kind, e.Index, have)
			return
		}
		if seen[e.Name] {
			s.fail(start, "export %s is repeated", Printable(e.Name))
			return
		}
		seen[e.Name] = true
		if e.Kind == Func {
			e.Type = r.types[r.functions[e.Index]]
		}
		r.module.Exports = append(r.module.Exports, e)
	}
	end(s)
}

// number returns how many things of a kind there are.
func (r *reader) number(k Kind) int {
	switch k {
	case Func:
		return len(r.functions)
	case Table:
		return len(r.module.Tables)
	case Memory:
		return len(r.module.Memories)
	case Global:
		return r.globals
	default:
		return r.tags
	}
}

func (r *reader) readStart(s *scanner) {
	start := s.pos
	index := s.u32()
	if s.err == nil && uint64(index) >= uint64(len(r.functions)) {
		s.fail(start, "there is no function %d", index)
	}
	r.module.Start = s.err == nil
	end(s)
}

// countBodies does not look at the bodies.
func (r *reader) countBodies(s *scanner) {
	r.bodies = s.count("functions", 2, maxFunctions)
}

// checkCode refuses a module cut between the declaration of its functions and their bodies.
func (r *reader) checkCode() {
	if r.file.err == nil && r.bodies != r.module.Functions {
		r.file.section = "code"
		r.file.fail(r.file.pos, "%d functions declared, %d there", r.module.Functions, r.bodies)
	}
}
