package optimize

import (
	"strings"

	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/opcode"
)

// rewriter is one rewriting of one module.
type rewriter struct {
	wasm     []byte
	module   *module.Module
	imported int    // functions
	goLinked bool   // made by Go's linker
	minimum  uint64 // bytes of memory that are there from the start
	small    bool   // memory stays below 4 GiB by more than spread

	bodies []byte // of the functions, as they become
}

const (
	sectionCustom = 0
	sectionCode   = 10
)

// plan finds out what holds for all functions.
func (r *rewriter) plan(c Config) {
	r.imported = len(r.module.FunctionTypes) - r.module.Functions
	if len(r.module.Memories) == 1 {
		memory := r.module.Memories[0]
		r.minimum = memory.Min * module.PageSize
		most := uint64(1 << 16)
		if memory.HasMax {
			most = min(most, memory.Max)
		}
		if c.MemoryPages != 0 {
			most = min(most, uint64(c.MemoryPages))
		}
		r.small = most*module.PageSize+spread < 1<<32
	}
	for _, section := range r.module.Sections {
		if section.ID == sectionCustom && section.Scanner(r.wasm).Name() == "go:buildid" {
			r.goLinked = true
		}
	}
}

// rewriteBodies writes the bodies. It reports false for a section of code that is malformed, or that there is none.
func (r *rewriter) rewriteBodies() bool {
	b := newBody(r)
	r.bodies = make([]byte, 0, len(r.wasm)) // it is hardly ever more
	return r.eachBody(func(s *module.Scanner, index int) {
		begin := s.Pos
		b.start(s, index)
		if !b.rewrite() {
			r.bodies = opcode.AppendUint(r.bodies, len(s.Data)-begin)
			r.bodies = append(r.bodies, s.Data[begin:]...)
		}
	})
}

// eachBody calls f with each body, which ends the data of its scanner, and the index of the function.
func (r *rewriter) eachBody(f func(s *module.Scanner, index int)) bool {
	for _, section := range r.module.Sections {
		if section.ID != sectionCode {
			continue
		}
		s := section.Scanner(r.wasm)
		for i := range int(s.U32()) {
			size := s.U32()
			begin := s.Pos
			s.Bytes(uint64(size))
			if s.Err != nil || r.imported+i >= len(r.module.FunctionTypes) {
				return false
			}
			f(&module.Scanner{Data: s.Data[:s.Pos], Pos: begin, Section: s.Section}, r.imported+i)
		}
		return s.Err == nil && s.Rest() == 0
	}
	return false
}

// assemble returns the module with the new bodies, without debug information, which says where code was.
func (r *rewriter) assemble() []byte {
	out := make([]byte, 0, len(r.wasm)+len(r.bodies))
	out = append(out, r.wasm[:module.PreambleSize]...)
	for _, section := range r.module.Sections {
		s := section.Scanner(r.wasm)
		switch {
		case section.ID == sectionCode:
			count := opcode.AppendUint(nil, int(s.U32()))
			out = opcode.AppendSection(out, section.ID, count, r.bodies)
		case section.ID == sectionCustom && strings.HasPrefix(s.Name(), ".debug_"):
		default:
			out = append(out, r.wasm[section.Start:section.End]...)
		}
	}
	return out
}
