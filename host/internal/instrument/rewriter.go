package instrument

import (
	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/opcode"
)

// rewriter is one rewriting of one module.
type rewriter struct {
	input  []byte
	module *module.Module
	config Config
	out    []byte

	// What the module has.
	imported uint32 // functions
	globals  uint32 // defined, because imported ones are refused
	tables   uint32

	// What is added. Indices are those of the rewritten module.
	tick       uint32   // function
	tickType   uint32   // a function without parameters and results
	fuel       uint32   // global
	depth      uint32   // global
	mutable    []uint32 // globals of the module, which are exported
	types      [][]byte // at the end of the types
	blockTypes []uint32 // by type of several results: the type of a block with these results

	codeSize uint64 // bytes
	spent    uint64 // work for functions so far

	resettable bool
}

// Numbers of sections.
const (
	sectionCustom    = 0
	sectionType      = 1
	sectionImport    = 2
	sectionFunction  = 3
	sectionTable     = 4
	sectionMemory    = 5
	sectionGlobal    = 6
	sectionExport    = 7
	sectionStart     = 8
	sectionElement   = 9
	sectionCode      = 10
	sectionData      = 11
	sectionDataCount = 12
	sectionTag       = 13
)

// rank is the order of sections in a module. Custom ones may stand anywhere.
var rank = [...]int{
	sectionType: 1, sectionImport: 2, sectionFunction: 3, sectionTable: 4, sectionMemory: 5, sectionTag: 6, sectionGlobal: 7,
	sectionExport: 8, sectionStart: 9, sectionElement: 10, sectionDataCount: 11, sectionCode: 12, sectionData: 13,
}

// vectors are the sections that are rewritten entry by entry.
var vectorSections = [...]struct {
	added func(*rewriter) int                   // entries that are added; nil: none
	write func(*rewriter, *module.Scanner, int) // writes what becomes of that many, and then those that are added
}{
	sectionType:    {(*rewriter).addedTypes, (*rewriter).writeTypes},
	sectionImport:  {(*rewriter).addedImports, (*rewriter).writeImports},
	sectionTable:   {nil, (*rewriter).writeTables},
	sectionMemory:  {nil, (*rewriter).writeMemories},
	sectionGlobal:  {(*rewriter).addedGlobals, (*rewriter).writeGlobals},
	sectionExport:  {(*rewriter).addedExports, (*rewriter).writeExports},
	sectionElement: {nil, (*rewriter).writeElements},
	sectionCode:    {nil, (*rewriter).writeBodies},
	sectionData:    {nil, (*rewriter).writeData},
}

// mayBeMissing are the sections, by rank, that the rewritten module may need though the module has not got them.
var mayBeMissing = []byte{sectionType, sectionImport, sectionGlobal, sectionExport}

// run writes all sections to out.
func (r *rewriter) run() error {
	missing := mayBeMissing
	for _, section := range r.module.Sections {
		for len(missing) > 0 && rank[missing[0]] < rank[section.ID] {
			r.writeMissing(missing[0])
			missing = missing[1:]
		}
		if len(missing) > 0 && missing[0] == section.ID {
			missing = missing[1:]
		}
		s := section.Scanner(r.input)
		r.writeSection(section, s)
		if s.Err != nil {
			return s.Err
		}
	}
	for _, id := range missing {
		r.writeMissing(id)
	}
	return nil
}

// writeMissing writes a section that the module has not got, if it is to have entries.
func (r *rewriter) writeMissing(id byte) {
	v := vectorSections[id]
	n := v.added(r)
	if n == 0 {
		return
	}
	at := r.begin(id)
	r.out = opcode.AppendUint(r.out, n)
	v.write(r, &module.Scanner{}, 0)
	r.finish(at)
}

func (r *rewriter) writeSection(section module.Section, s *module.Scanner) {
	switch {
	case section.ID == sectionCustom:
		r.writeCustom(section, s)
	case section.ID == sectionStart:
		at := r.begin(section.ID)
		r.out = opcode.AppendUint(r.out, r.moved(s.U32()))
		r.finish(at)
	case int(section.ID) < len(vectorSections) && vectorSections[section.ID].write != nil:
		r.writeVector(section.ID, s)
	default:
		r.out = append(r.out, r.input[section.Start:section.End]...)
	}
}

func (r *rewriter) writeVector(id byte, s *module.Scanner) {
	v := vectorSections[id]
	at := r.begin(id)
	n := s.Count("entries", 1, maxEntries)
	total := n
	if v.added != nil {
		total += v.added(r)
	}
	r.out = opcode.AppendUint(r.out, total)
	v.write(r, s, n)
	if s.Err == nil && s.Rest() > 0 {
		s.Fail(s.Pos, "%d bytes too many", s.Rest())
	}
	r.finish(at)
}

// begin starts a section, whose size finish sets.
func (r *rewriter) begin(id byte) (at int) {
	r.out, at = reserve(append(r.out, id))
	return at
}

func (r *rewriter) finish(at int) {
	setReserved(r.out, at, uint32(len(r.out)-at-reservedSize))
}

// copyRest appends the rest of a section as it is.
func (r *rewriter) copyRest(s *module.Scanner) { r.out = append(r.out, s.Bytes(uint64(s.Rest()))...) }

// moved returns the index of a function in the rewritten module.
func (r *rewriter) moved(index uint32) uint32 {
	if r.config.Meter && index >= r.imported {
		return index + 1
	}
	return index
}
