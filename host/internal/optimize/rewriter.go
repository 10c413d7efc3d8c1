package optimize

import (
	"strings"

	"github.com/portholehttp/porthole/host/internal/module"
)

type rewriter struct {
	wasm     []byte
	module   *module.Module
	imported int
	bodies   []byte   // of the functions that were there
	resumed  []byte   // of those that are added
	types    []uint32 // of those that are added
}

const (
	sectionCustom   = 0
	sectionFunction = 3
	sectionCode     = 10
)

func (r *rewriter) run() []byte {
	r.imported = len(r.module.FunctionTypes) - r.module.Functions
	for _, section := range r.module.Sections {
		if section.ID == sectionCode {
			if !r.functions(section) {
				return r.wasm
			}
		}
	}
	out := make([]byte, 0, len(r.wasm)+len(r.resumed)+len(r.types)*2+1024)
	out = append(out, r.wasm[:module.PreambleSize]...)
	for _, section := range r.module.Sections {
		s := section.Scanner(r.wasm)
		var content []byte
		switch section.ID {
		case sectionCustom:
			if strings.HasPrefix(s.Name(), ".debug_") {
				continue
			}
			out = append(out, r.wasm[section.Start:section.End]...)
			continue
		case sectionFunction:
			n := s.U32()
			content = appendUint(nil, int(n)+len(r.types))
			content = append(content, r.wasm[s.Pos:section.End]...)
			for _, t := range r.types {
				content = appendUint(content, t)
			}
		case sectionCode:
			content = appendUint(nil, r.module.Functions+len(r.types))
			content = append(content, r.bodies...)
			content = append(content, r.resumed...)
		default:
			out = append(out, r.wasm[section.Start:section.End]...)
			continue
		}
		out = append(out, section.ID)
		out = appendUint(out, len(content))
		out = append(out, content...)
	}
	return out
}

func (r *rewriter) functions(section module.Section) bool {
	s := section.Scanner(r.wasm)
	n := int(s.U32())
	b := body{rewriter: r}
	for i := range n {
		size := s.U32()
		begin := s.Pos
		s.Bytes(uint64(size))
		if s.Err != nil {
			return false
		}
		one := module.Scanner{Data: s.Data[:s.Pos], Pos: begin, Section: s.Section}
		b.index = r.imported + i
		if !b.rewrite(&one) {
			r.bodies = appendUint(r.bodies, int(size))
			r.bodies = append(r.bodies, r.wasm[begin:s.Pos]...)
		}
	}
	return s.Err == nil
}

// body rewrites one function after the other.
type body struct {
	*rewriter
	index   int
	code    []instruction
	labels  []uint32
	scratch []instruction
	groups  int
	locals  []byte // groups, as they are
	types   []byte // of locals
	out     []byte
}

func (b *body) rewrite(s *module.Scanner) bool {
	b.code, b.labels = b.code[:0], b.labels[:0]
	b.groups = int(s.U32())
	at := s.Pos
	b.types = b.types[:0]
	for _, p := range b.module.Types[b.module.FunctionTypes[b.index]].Params {
		b.types = append(b.types, byte(p))
	}
	for range b.groups {
		n := s.U32()
		t := s.Byte()
		if s.Err != nil || n > 5000 || len(b.types)+int(n) > 5000 {
			return false
		}
		for range n {
			b.types = append(b.types, t)
		}
	}
	b.locals = b.wasm[at:s.Pos]
	for s.Rest() > 0 {
		i, ok := b.read(s)
		if !ok {
			return false
		}
		b.code = append(b.code, i)
	}
	if len(b.code) == 0 || b.code[len(b.code)-1].op != opEnd {
		return false
	}
	if b.takesNumber() {
		if d, ok := b.findDispatch(b.code); ok {
			if g, ok := newGraph(&d); ok {
				b.split(&d, g)
				return true
			}
		}
	}
	b.bodies = b.encode(b.bodies, nil, b.code)
	return true
}

func (b *body) split(d *dispatch, g *graph) {
	slow := uint32(len(b.module.FunctionTypes) + len(b.rewriter.types))
	b.rewriter.types = append(b.rewriter.types, b.module.FunctionTypes[b.index])
	fast := b.structure(d, g)
	b.scratch = fast
	head := []instruction{
		{op: opLocalGet}, {op: opIf, count: noType}, {op: opLocalGet}, {op: opCall, index: slow}, {op: opReturn}, {op: opEnd},
	}
	b.bodies = b.encode(b.bodies, head, fast)
	b.resumed = b.encode(b.resumed, nil, b.code)
}

func (b *body) encode(out []byte, head, code []instruction) []byte {
	b.out = b.out[:0]
	b.out = appendUint(b.out, b.groups)
	b.out = append(b.out, b.locals...)
	for _, i := range head {
		b.out = b.append(b.out, i)
	}
	for _, i := range code {
		b.out = b.append(b.out, i)
	}
	out = appendUint(out, len(b.out))
	return append(out, b.out...)
}
