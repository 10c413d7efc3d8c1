package instrument

import (
	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/opcode"
)

// body rewrites one function after the other. What it has allocated serves the next.
type body struct {
	*rewriter
	s      *module.Scanner // of the body
	out    []byte          // instructions, without the locals and what is done at entry
	head   []byte          // the locals and what is done at entry
	copied int             // up to which byte of the input out has everything
	frames []frame

	index      int              // of the function, imported ones first
	signature  module.Signature // of the function
	locals     uint32           // parameters and locals
	points     uint64           // of the innermost loop, or of the function outside of loops
	straight   bool             // all that begins here gets here
	firstLoop  int              // where the charge of the loop that all that begins gets to is reserved; -1: there is none
	firstCost  uint64           // the points of that loop
	callsGuest bool             // functions that are not imported
	loops      bool
	usesLocal  bool // the scratch local
	bottom     int  // of the stack of the innermost block

	work
}

// start begins with the function of that index, whose body s reads.
func (b *body) start(s *module.Scanner, index int) {
	*b = body{rewriter: b.rewriter, s: s, out: b.out[:0], head: b.head[:0], frames: b.frames[:0], index: index, straight: true, firstLoop: -1}
	b.signature = b.module.Types[b.module.FunctionTypes[index]]
	b.locals = uint32(len(b.signature.Params))
}

// rewrite reads the body and appends its new one, with its size, to out.
func (b *body) rewrite(out []byte) []byte {
	groups := b.s.Count("groups of locals", 2, maxLocals)
	groupsAt := b.s.Pos
	b.readLocals(groups)
	b.copied = b.s.Pos
	instructionsAt := b.copied
	for b.s.Err == nil {
		if b.next() {
			break
		}
	}
	if b.s.Err == nil && b.s.Rest() > 0 {
		b.s.Fail(b.s.Pos, "%d bytes after the end of the function", b.s.Rest())
	}
	if b.s.Err != nil {
		return out
	}
	if b.checkWork(); b.s.Err != nil {
		return out
	}
	b.copyTo(b.s.Pos - 1) // without the final end

	wrapped := b.config.CallDepth > 0 && b.callsGuest
	weight := b.depthWeight()
	head := b.head
	declared := b.input[groupsAt:instructionsAt]
	if b.usesLocal {
		head = append(append(opcode.AppendUint(head, groups+1), declared...), 1, opcode.I32)
	} else {
		head = append(opcode.AppendUint(head, groups), declared...)
	}
	if wrapped {
		head = b.appendEnter(head, weight)
	}
	if b.config.Meter && b.chargeEntry() {
		head = b.appendCharge(head, charge(b.points))
	}
	if wrapped {
		head = b.appendBlockType(append(head, opcode.Block), b.index)
	}
	b.head = head
	if wrapped {
		b.out = append(b.out, opcode.End)
		b.out = b.appendLeave(b.out, weight)
	}
	b.out = append(b.out, opcode.End)
	out = opcode.AppendUint(out, len(head)+len(b.out))
	out = append(out, head...)
	return append(out, b.out...)
}

// chargeEntry reports whether the function needs a check where it begins; if not, a loop's check or that of the caller does.
func (b *body) chargeEntry() bool {
	if b.firstLoop >= 0 {
		setReserved(b.out, b.firstLoop, charge(b.firstCost+b.points))
		return false
	}
	return b.loops || b.calls > 0 || b.points > leafPoints
}

// readLocals reads groups of locals of one type each.
func (b *body) readLocals(groups int) {
	total := uint64(b.locals)
	for range groups {
		total += uint64(b.s.U32())
		module.ReadValue(b.s)
	}
	if b.s.Err == nil && total > maxLocals {
		b.refuse(RuleLocals, total, maxLocals)
		return
	}
	b.locals = uint32(total)
}

func (b *body) refuse(rule Rule, have, limit uint64) {
	b.s.Stop(&Refusal{Rule: rule, Function: b.index, Have: have, Limit: limit})
}

func (r *rewriter) writeBodies(s *module.Scanner, n int) {
	b := body{rewriter: r}
	r.codeSize = uint64(s.Rest())
	for i := range n {
		size := s.U32()
		begin := s.Pos
		s.Bytes(uint64(size))
		if s.Err != nil {
			return
		}
		one := module.Scanner{Data: s.Data[:s.Pos], Pos: begin, Section: s.Section}
		b.start(&one, int(r.imported)+i)
		r.out = b.rewrite(r.out)
		if one.Err != nil {
			s.Stop(one.Err)
			return
		}
	}
}
