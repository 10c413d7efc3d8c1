package instrument

import (
	"github.com/portholehttp/porthole/host/internal/opcode"
	"strings"

	"github.com/portholehttp/porthole/host/internal/module"
)

// Subsections of the section "name", of which all but the first have entries that begin with the index of a function.
const (
	nameOfModule     = 0
	namesOfFunctions = 1
	namesOfLocals    = 2
	namesOfLabels    = 3
)

// maxFunctionName is how many bytes are kept of the name of a function. Each trap of a guest puts thirty of them into the text of an
// error; and the name of the module before each of all functions, for which reason it is left out.
const maxFunctionName = 256

// writeCustom keeps custom sections, which are notes of tools, but for those that would be wrong: debug information says where in
// the code what is, and the section "name" is rewritten, or left out if it is malformed.
func (r *rewriter) writeCustom(section module.Section, s *module.Scanner) {
	name := s.Name()
	codeMoves := r.config.Meter || r.config.CallDepth > 0
	switch {
	case codeMoves && strings.HasPrefix(name, ".debug_"):
	case name == "name":
		before := len(r.out)
		at := r.begin(sectionCustom)
		r.out = appendName(r.out, name)
		r.writeNames(s)
		r.finish(at)
		if s.Err != nil {
			r.out, s.Err = r.out[:before], nil
		}
	default:
		r.out = append(r.out, r.input[section.Start:section.End]...)
	}
}

func (r *rewriter) writeNames(s *module.Scanner) {
	for s.Rest() > 0 && s.Err == nil {
		id := s.Byte()
		size := s.U32()
		begin := s.Pos
		content := s.Bytes(uint64(size))
		if s.Err != nil {
			return
		}
		if id == nameOfModule {
			continue
		}
		at := r.begin(id)
		switch id {
		case namesOfFunctions, namesOfLocals, namesOfLabels:
			sub := module.Scanner{Data: s.Data[:s.Pos], Pos: begin, Section: s.Section}
			r.writeNameMap(&sub, id)
			if sub.Err != nil {
				s.Stop(sub.Err)
			}
		default:
			r.out = append(r.out, content...)
		}
		r.finish(at)
	}
}

func (r *rewriter) writeNameMap(s *module.Scanner, id byte) {
	n := s.Count("names", 2, maxEntries)
	r.out = opcode.AppendUint(r.out, n)
	for range n {
		r.out = opcode.AppendUint(r.out, r.moved(s.U32()))
		if id == namesOfFunctions {
			r.out = appendName(r.out, cut(s.Name()))
			continue
		}
		begin := s.Pos
		for range s.Count("names", 2, maxEntries) {
			s.U32()
			s.Name()
		}
		if s.Err != nil {
			return
		}
		r.out = append(r.out, s.Data[begin:s.Pos]...)
	}
	if s.Err == nil && s.Rest() > 0 {
		s.Fail(s.Pos, "%d bytes too many", s.Rest())
	}
}

// cut returns the beginning of a name that is too long.
func cut(name string) string {
	if len(name) <= maxFunctionName {
		return name
	}
	return strings.ToValidUTF8(name[:maxFunctionName], "") // the last character may be cut in two
}
