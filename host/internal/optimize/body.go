package optimize

import (
	"slices"

	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/opcode"
)

// body rewrites one function after the other. What it has allocated serves the next.
type body struct {
	*rewriter
	s      *module.Scanner // of the body
	index  int             // of the function, imported ones first
	types  []byte          // of parameters and locals
	groups int             // of locals
	locals []byte          // the groups, as they are written

	code   []instruction // of the function
	labels []uint32      // of the br_table instructions of code

	// Locals that are added to the function that is written, all i32.
	added int
	zero  uint32   // one that is never set; see local
	base  uint32   // of the frame: see framer
	bases []uint32 // of groups: see bounds

	// Kept for the next function only.
	framed, bounded []instruction
	divided         []segment
	moved           []segment
	graph           graph
	structurer      structurer
	bounds          bounds
	out             []byte
}

// sized returns n values, in the place of s and as they were there if it has room.
func sized[T any](s []T, n int) []T { return slices.Grow(s[:0], n)[:n] }

// zeroed returns n zero values, in the place of s if it has room.
func zeroed[T any](s []T, n int) []T {
	s = sized(s, n)
	clear(s)
	return s
}

// emptied returns n empty slices, in the place of s and with the room that those have if it has room.
func emptied[T any](s [][]T, n int) [][]T {
	s = sized(s, n)
	for i := range s {
		s[i] = s[i][:0]
	}
	return s
}

// noLocal is the index of a local that is not there.
const noLocal = ^uint32(0)

func newBody(r *rewriter) *body {
	b := &body{rewriter: r}
	b.bounds.body = b
	return b
}

// start begins with the function of that index, whose body s reads.
func (b *body) start(s *module.Scanner, index int) {
	b.s, b.index = s, index
	b.types, b.code, b.labels = b.types[:0], b.code[:0], b.labels[:0]
	b.forgetAdded()
}

// rewrite appends the new body, with its size. It reports false for one that is left as it is.
func (b *body) rewrite() bool {
	if !b.readLocals() {
		return false
	}
	for b.s.Rest() > 0 {
		i, ok := b.read()
		if !ok {
			return false
		}
		b.code = append(b.code, i)
	}
	if len(b.code) == 0 || b.code[len(b.code)-1].op != opcode.End {
		return false
	}
	if !b.split() {
		b.forgetAdded()
		b.bodies = b.append(b.bodies, b.code)
	}
	return true
}

func (b *body) readLocals() bool {
	for _, p := range b.signature().Params {
		b.types = append(b.types, byte(p))
	}
	b.groups = b.s.Count("groups of locals", 2, maxLocals)
	begin := b.s.Pos
	for range b.groups {
		n := b.s.U32()
		t := b.s.Byte()
		if b.s.Err != nil || uint64(len(b.types))+uint64(n) > maxLocals {
			return false
		}
		for range n {
			b.types = append(b.types, t)
		}
	}
	b.locals = b.wasm[begin:b.s.Pos]
	return b.s.Err == nil
}

func (b *body) signature() module.Signature {
	return b.module.Types[b.module.FunctionTypes[b.index]]
}

// split writes a function with a dispatch as blocks and loops. It reports false for one that has none, or that they cannot express.
func (b *body) split() bool {
	d, ok := b.findDispatch(b.code)
	if !ok {
		return false
	}
	if code, resumes, ok := b.frame(&d); ok {
		if d, ok = b.findDispatch(code); !ok {
			return false
		}
		d.resumes = resumes
	} else {
		b.forgetAdded()
	}
	if !d.enter(b.base) {
		return false
	}
	if !b.graph.of(&d) {
		return false
	}
	b.bodies = b.append(b.bodies, b.structure(&d))
	return true
}

// append appends a body of that code, which it may change, with its size.
func (b *body) append(out []byte, code []instruction) []byte {
	code = b.bounds.check(fold(code))
	b.out = b.out[:0]
	if b.added > 0 {
		b.out = append(opcode.AppendUint(b.out, b.groups+1), b.locals...)
		b.out = append(opcode.AppendUint(b.out, b.added), opcode.I32)
	} else {
		b.out = append(opcode.AppendUint(b.out, b.groups), b.locals...)
	}
	for n := 0; n < len(code); {
		i := &code[n]
		n++
		if i.end == i.start {
			b.out = b.appendInstruction(b.out, i)
			continue
		}
		end := i.end
		for ; n < len(code) && code[n].start == end && code[n].end > end; n++ {
			end = code[n].end
		}
		b.out = append(b.out, b.wasm[i.start:end]...)
	}
	return append(opcode.AppendUint(out, len(b.out)), b.out...)
}

func (b *body) forgetAdded() {
	b.added, b.zero, b.base, b.bases = 0, noLocal, noLocal, b.bases[:0]
}

// newLocal returns a local that is added.
func (b *body) newLocal() uint32 {
	b.added++
	return uint32(len(b.types) + b.added - 1)
}

// zeroLocal returns the local that is never set.
func (b *body) zeroLocal() uint32 {
	if b.zero == noLocal {
		b.zero = b.newLocal()
	}
	return b.zero
}

// groupLocal returns the n-th local for groups.
func (b *body) groupLocal(n int) uint32 {
	for n >= len(b.bases) {
		b.bases = append(b.bases, b.newLocal())
	}
	return b.bases[n]
}
