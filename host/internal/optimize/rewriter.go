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

	bodies  []byte    // of the functions of the module, as they become
	resumed []byte    // the bodies of functions that are added
	added   []addedTo // by function that is added
}

// addedTo is the function that one is added to, of which it has the type and the name.
type addedTo struct{ index uint32 }

const (
	sectionCustom   = 0
	sectionFunction = 3
	sectionCode     = 10
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
	for _, section := range r.module.Sections {
		if section.ID != sectionCode {
			continue
		}
		r.bodies = make([]byte, 0, 2*(section.End-section.Begin))
		s := section.Scanner(r.wasm)
		b := newBody(r)
		for i := range int(s.U32()) {
			size := s.U32()
			begin := s.Pos
			s.Bytes(uint64(size))
			if s.Err != nil || r.imported+i >= len(r.module.FunctionTypes) {
				return false
			}
			b.start(&module.Scanner{Data: s.Data[:s.Pos], Pos: begin, Section: s.Section}, r.imported+i)
			if !b.rewrite() {
				r.bodies = opcode.AppendUint(r.bodies, size)
				r.bodies = append(r.bodies, r.wasm[begin:s.Pos]...)
			}
		}
		return s.Err == nil && s.Rest() == 0
	}
	return false
}

// assemble returns the module with the new bodies.
func (r *rewriter) assemble() []byte {
	out := make([]byte, 0, len(r.wasm)+len(r.bodies)+len(r.resumed))
	out = append(out, r.wasm[:module.PreambleSize]...)
	for _, section := range r.module.Sections {
		s := section.Scanner(r.wasm)
		switch section.ID {
		case sectionFunction:
			types := opcode.AppendUint(nil, int(s.U32())+len(r.added))
			types = append(types, r.wasm[s.Pos:section.End]...)
			for _, a := range r.added {
				types = opcode.AppendUint(types, r.module.FunctionTypes[a.index])
			}
			out = appendSection(out, section.ID, types)
		case sectionCode:
			count := opcode.AppendUint(nil, int(s.U32())+len(r.added))
			out = appendSection(out, section.ID, count, r.bodies, r.resumed)
		case sectionCustom:
			out = r.appendCustom(out, section)
		default:
			out = append(out, r.wasm[section.Start:section.End]...)
		}
	}
	return out
}

// appendCustom keeps custom sections but for debug information, which says where code was. The added functions get names.
func (r *rewriter) appendCustom(out []byte, section module.Section) []byte {
	s := section.Scanner(r.wasm)
	switch name := s.Name(); {
	case strings.HasPrefix(name, ".debug_"):
		return out
	case name == "name" && len(r.added) > 0:
		if names, ok := r.names(section); ok {
			return appendSection(out, section.ID, names)
		}
	}
	return append(out, r.wasm[section.Start:section.End]...)
}

func appendSection(out []byte, id byte, parts ...[]byte) []byte {
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	out = opcode.AppendUint(append(out, id), size)
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}
