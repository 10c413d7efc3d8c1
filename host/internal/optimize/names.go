package optimize

import (
	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/opcode"
)

const (
	namesOfFunctions = 1 // subsection of the section "name"
	maxNames         = 10_000_000
)

// names returns the section "name" with the names of the added functions, which are those of the functions that they were made of. It reports false for
// a section that is malformed, or has no such names.
func (r *rewriter) names(section module.Section) (out []byte, ok bool) {
	s := section.Scanner(r.wasm)
	s.Name()
	out = append(out, r.wasm[section.Begin:s.Pos]...)
	for s.Rest() > 0 {
		start := s.Pos
		id := s.Byte()
		size := s.U32()
		begin := s.Pos
		s.Bytes(uint64(size))
		if s.Err != nil {
			return nil, false
		}
		if id != namesOfFunctions {
			out = append(out, r.wasm[start:s.Pos]...)
			continue
		}
		functions, done := r.functionNames(&module.Scanner{Data: r.wasm[:s.Pos], Pos: begin})
		if !done {
			return nil, false
		}
		ok = true
		out = appendSection(out, id, functions)
	}
	return out, ok
}

// functionNames returns the content of the subsection that s reads, with more names.
func (r *rewriter) functionNames(s *module.Scanner) (out []byte, ok bool) {
	n := s.Count("names", 2, maxNames)
	begin := s.Pos
	ends := make(map[uint32][]byte, len(r.added)) // by function: its name, with the size
	for _, a := range r.added {
		ends[a.index] = nil
	}
	for range n {
		index := s.U32()
		at := s.Pos
		s.Bytes(uint64(s.U32()))
		if _, wanted := ends[index]; wanted && s.Err == nil {
			ends[index] = s.Data[at:s.Pos]
		}
	}
	if s.Err != nil || s.Rest() > 0 {
		return nil, false
	}
	more := []byte{}
	for i, a := range r.added {
		if name := ends[a.index]; name != nil {
			more = append(opcode.AppendUint(more, len(r.module.FunctionTypes)+i), name...)
			n++
		}
	}
	out = opcode.AppendUint(out, n)
	out = append(out, s.Data[begin:s.Pos]...)
	return append(out, more...), true
}
