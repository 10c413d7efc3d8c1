package optimize

import "github.com/portholehttp/porthole/host/internal/opcode"

// framer writes a function of Go so that the engine sees one stack pointer in all of it. Go keeps it in global 0 and has a copy in local 1, which it
// takes down for each call and reads again after it, so that it is another value each time, of which each use is to be checked. But a call that
// does not unwind the stack leaves it as it was. So local 1 is set once, at the prologue, and everything is addressed from a local that is
// 8 below, the base: there the return addresses of calls are written.
//
// If the stack pointer is another after a call, the function calls itself, to be resumed there.
type framer struct {
	*body
	*dispatch
	out     []instruction
	scratch uint32 // a local
	resumes []bool // by segment: it is where a call returns to, or begins with one
	entered bool   // the prologue is behind
}

const (
	stackGlobal = 0
	stackLocal  = 1
	wordSize    = 8 // of a return address, in bytes

	numberMask = 1<<16 - 1 // of the number in a return address; the function is in the other bits
)

// frame returns the code of d rewritten, with the dispatch, and which segments can be resumed. It reports false if something else is done with the
// stack pointer.
func (b *body) frame(d *dispatch) (code []instruction, resumes []bool, ok bool) {
	if !b.goLinked || len(b.types) <= stackLocal || b.types[stackLocal] != opcode.I32 || len(d.prefix) != 2 || !readsStackPointer(d.prefix) {
		return nil, nil, false
	}
	b.base = b.newLocal()
	f := framer{body: b, dispatch: d, out: append(b.framed[:0], d.prefix...), scratch: b.newLocal(), resumes: make([]bool, d.exit)}
	entry := d.target(0)
	prologue := hasPrologue(d.segments[entry].code)
	if !prologue {
		f.setBase()
	}
	f.out = append(f.out, b.code[len(d.prefix):firstTable(b.code)]...)
	for k := range d.exit {
		f.entered = !prologue || k != entry
		if !f.segment(k) || !f.entered {
			return nil, nil, false
		}
		if k+1 < d.exit {
			f.make(opcode.End, 0)
		}
	}
	if d.loop {
		f.make(opcode.End, 0)
	}
	b.framed = append(f.out, d.suffix...)
	return b.framed, f.resumes, true
}

// segment writes segment k. It reports false for uses of the stack pointer that Go's compiler does not make.
func (f *framer) segment(k int) bool {
	depth := 0
	f.resumes[k] = f.resumes[k] || beginsWithCall(f.segments[k].code)
	for code := f.segments[k].code; len(code) > 0; {
		i := &code[0]
		switch i.op {
		case opcode.Block, opcode.Loop, opcode.If:
			depth++
		case opcode.End:
			depth--
		case opcode.LocalGet:
			if i.index != stackLocal {
				break
			}
			if n := f.rewrite(code, k, depth); n < 0 {
				return false
			} else if n > 0 {
				code = code[n:]
				continue
			}
		case opcode.Call, opcode.CallIndirect:
			if !readsStackPointer(code[1:]) {
				break
			}
			// One that does not go through the stack: a write barrier, or the end of a function.
			f.out = append(f.out, *i)
			if code = code[3:]; len(code) > 0 && code[0].op == opcode.Return {
				continue
			}
			if !f.entered {
				return false
			}
			f.trapIfMoved()
			continue
		default:
			if setsLocal(i, stackLocal) || i.op == opcode.GlobalSet && i.index == stackGlobal {
				return false
			}
		}
		f.out = append(f.out, *i)
		code = code[1:]
	}
	return true
}

// rewrite writes what begins with the stack pointer and changes it, and returns how many instructions that was: 0 if it is no change, and a
// negative number for one that is not made so by Go.
func (f *framer) rewrite(code []instruction, k, depth int) int {
	if c, ok := findCall(code); ok {
		return f.call(c, k, depth)
	}
	if _, ok := movesStack(code, opcode.I32Sub); ok {
		if f.entered || depth > 0 {
			return -1
		}
		f.entered = true
		f.out = append(f.out, code[:moveSize]...)
		f.setBase()
		return moveSize
	}
	by, ok := movesStack(code, opcode.I32Add)
	if !ok {
		return 0
	}
	n := moveSize
	if more, ok := movesStack(code[n:], opcode.I32Add); ok {
		by += more
		n += moveSize
	}
	if !f.entered || !leavesFunction(code[n:]) {
		return -1
	}
	f.make(opcode.LocalGet, stackLocal)
	f.constant(by)
	f.make(opcode.I32Add, 0)
	f.make(opcode.GlobalSet, stackGlobal)
	return n
}

// call writes a call, and what is done when it returns.
func (f *framer) call(c call, k, depth int) int {
	if f.entered {
		f.make(opcode.LocalGet, f.base)
		f.make(opcode.GlobalSet, stackGlobal)
		f.make(opcode.LocalGet, f.base)
	} else {
		f.make(opcode.GlobalGet, stackGlobal)
		f.constant(wordSize)
		f.make(opcode.I32Sub, 0)
		f.make(opcode.LocalTee, f.scratch)
		f.make(opcode.GlobalSet, stackGlobal)
		f.make(opcode.LocalGet, f.scratch)
	}
	f.out = append(f.out, c.code...)
	number := uint32(c.code[0].constant) & numberMask // to resume at
	switch next := c.rest; {
	case len(next) == 0:
		return -1
	case next[0].op == opcode.BrIf && depth == 0 && len(next) == 1 && k+1 < f.exit && f.entered && f.target(number) == k+1:
		f.resumes[k+1] = true
		f.out = append(f.out, next[0])
		f.ifMoved()
		f.constant(int64(number))
		f.make(opcode.Call, uint32(f.index))
		f.make(opcode.Return, 0)
		f.make(opcode.End, 0)
		return c.size + 1
	case next[0].op == opcode.BrIf && depth == 1 && len(next) > 1 && next[1].op == opcode.End:
		f.out = append(f.out, next[0])
		f.make(opcode.Unreachable, 0)
		return c.size + 1
	case next[0].op == opcode.If && len(next) > 2 && next[1].op == opcode.Unreachable && next[2].op == opcode.End && f.entered:
		f.trapIfMoved() // and then trap if the call unwinds
		return c.size
	}
	return -1
}

func (f *framer) make(op byte, index uint32) {
	f.out = append(f.out, instruction{op: op, index: index, count: opcode.NoType})
}

func (f *framer) constant(v int64) {
	f.out = append(f.out, constant(v))
}

func (f *framer) setBase() {
	f.make(opcode.LocalGet, stackLocal)
	f.constant(wordSize)
	f.make(opcode.I32Sub, 0)
	f.make(opcode.LocalSet, f.base)
}

// ifMoved begins a block for what is done when a call has left the stack pointer elsewhere.
func (f *framer) ifMoved() {
	f.make(opcode.Block, 0)
	f.make(opcode.GlobalGet, stackGlobal)
	f.make(opcode.LocalGet, stackLocal)
	f.make(opcode.I32Eq, 0)
	f.make(opcode.BrIf, 0)
}

func (f *framer) trapIfMoved() {
	f.ifMoved()
	f.make(opcode.Unreachable, 0)
	f.make(opcode.End, 0)
}
