package optimize

import "github.com/portholehttp/porthole/host/internal/opcode"

// segment is the code between two labels of a dispatch.
type segment struct {
	code  []instruction
	jumps []jump // in their order
	next  int    // the segment that follows where the code ends; none if it does not get there
	tail  bool   // the last jump ends the code, and leads to next

	// The labels of code count the blocks around this segment, which is another one if the code was moved out of it, and that many more.
	home, depth int
}

// jump is a way to another segment.
type jump struct {
	at, size int // the instructions for it
	to       int
	maybe    bool // it is taken if the operand is not zero
}

// segmenter divides the code behind the table into segments.
type segmenter struct {
	*body
	*dispatch
	code []instruction
	at   int

	// Of the segment that is read:
	begin int
	depth int  // blocks that are open in it
	dead  bool // its end is not reached from here
	known bool // the number has been set on the way here: it may be read, as it serves for other things in between
}

// run reads all segments. It reports false for what Go's compiler does not do.
func (s *segmenter) run() bool {
	s.segments = sized(s.divided, s.exit)
	s.moved = s.moved[:0]
	for k := range s.exit {
		if !s.segment(k) {
			return false
		}
	}
	if s.loop {
		s.at++ // its end
	}
	s.suffix = s.code[s.at:]
	for i := range s.suffix {
		if op := s.suffix[i].op; !isPlain(op) && op != opcode.End && op != opcode.Unreachable && op != opcode.Return {
			return false
		}
	}
	s.segments = append(append(s.segments, segment{next: none}), s.moved...)
	s.divided = s.segments
	return len(s.suffix) > 0 && len(s.segments) <= maxSegments
}

// segment reads segment k, to the end of its block.
func (s *segmenter) segment(k int) bool {
	seg := &s.segments[k]
	*seg = segment{home: k, jumps: seg.jumps[:0]}
	s.begin, s.depth, s.dead, s.known = s.at, 0, false, false
	for ; s.at < len(s.code); s.at++ {
		i := &s.code[s.at]
		switch opcode.Instructions[i.op].Immediate {
		case opcode.ImmediateIf:
			if s.depth == 0 && !s.dead && s.moveOut(seg) {
				break
			}
			s.depth++
		case opcode.ImmediateBlock, opcode.ImmediateLoop:
			s.depth++
		case opcode.ImmediateEnd:
			if s.depth == 0 {
				s.finish(seg)
				return true
			}
			s.depth--
		case opcode.ImmediateElse:
		case opcode.ImmediateLocal:
			if getsLocal(i, numberLocal) && !s.known {
				return false
			}
			s.known = s.known || setsLocal(i, numberLocal)
			continue
		case opcode.ImmediateLabel:
			if !s.branch(seg, i) {
				return false
			}
		case opcode.ImmediateLabels:
			for _, l := range s.labels[i.index:][:i.count] {
				if int(l) >= s.depth {
					return false
				}
			}
			s.dead = s.dead || s.depth == 0
		case opcode.ImmediateLeave:
			s.dead = s.dead || s.depth == 0
		default:
			s.dead = s.dead || s.depth == 0 && i.op == opcode.Unreachable
			continue
		}
		s.known = false
	}
	return false
}

// finish ends a segment.
func (s *segmenter) finish(seg *segment) {
	seg.code = s.code[s.begin:s.at]
	switch {
	case !s.dead:
		seg.next, seg.tail = seg.home+1, false
	case !seg.tail:
		seg.next = none
	}
	if seg.home+1 < s.exit {
		s.at++
	}
}

// outside returns which block around the segments of a dispatch a label is of, from a segment and depth blocks in it: 0 is that of the loop if there
// is one, or the innermost around. It is negative if it is one that is nearer.
func (d *dispatch) outside(label uint32, home, depth int) int {
	return int(label) - depth - (d.exit - 1 - home)
}

// leaves reports whether a branch to that outside block ends the segments. One to the end of the function is for return.
func (d *dispatch) leaves(outside int) bool {
	if d.loop {
		outside--
	}
	return outside >= 0 && outside < d.outer
}

// branch reads a br or br_if.
func (s *segmenter) branch(seg *segment, i *instruction) bool {
	outside := s.outside(i.index, seg.home, s.depth)
	switch {
	case int(i.index) < s.depth:
	case s.leaves(outside):
	case outside == 0 && s.loop && i.op == opcode.Br:
		return s.jump(seg)
	default:
		return false
	}
	if i.op == opcode.Br {
		s.dead = s.dead || s.depth == 0
	}
	return true
}

// jump reads the branch to the loop, which the number precedes. If it is all of an if it becomes a conditional branch.
func (s *segmenter) jump(seg *segment) bool {
	at := s.at - s.begin - 2
	taken := 0 // up to here the code is of other jumps
	if n := len(seg.jumps); n > 0 {
		taken = seg.jumps[n-1].at + seg.jumps[n-1].size
	}
	if at < taken {
		return false
	}
	number, set := &s.code[s.at-2], &s.code[s.at-1]
	if number.op != opcode.I32Const || set.op != opcode.LocalSet || set.index != numberLocal {
		return false
	}
	j := jump{at: at, size: 3, to: s.target(uint32(number.constant))}
	ended := s.at+1 < len(s.code) && s.code[s.at+1].op == opcode.End
	switch {
	case ended && at > taken && s.code[s.at-3].op == opcode.If && s.code[s.at-3].count == opcode.NoType:
		j = jump{at: at - 1, size: 5, to: j.to, maybe: true}
		s.depth--
		s.at++
	case s.depth == 0:
		if ended && !s.dead {
			seg.tail, seg.next = true, j.to
		}
		s.dead = true
	}
	seg.jumps = append(seg.jumps, j)
	return true
}

// moveOut reads an if that leaves the function, without other blocks and jumps: a failed check. It becomes a segment of its own, out of the
// way of the code that is run.
func (s *segmenter) moveOut(seg *segment) bool {
	size := s.leaving(seg.home)
	if size == 0 {
		return false
	}
	seg.jumps = append(seg.jumps, jump{at: s.at - s.begin, size: size, to: s.exit + 1 + len(s.moved), maybe: true})
	s.moved = append(s.moved, segment{code: s.code[s.at+1 : s.at+size-1], next: none, home: seg.home, depth: 1})
	s.at += size - 1
	return true
}

// leaving returns the size of the if that is read, with its end, if it can be moved out; else 0.
func (s *segmenter) leaving(home int) int {
	if s.code[s.at].count != opcode.NoType {
		return 0
	}
	for at := s.at + 1; at+1 < len(s.code); at++ {
		i := &s.code[at]
		switch opcode.Instructions[i.op].Immediate {
		case opcode.ImmediateLabel:
			if !s.leaves(s.outside(i.index, home, 1)) {
				return 0
			}
		case opcode.ImmediateLeave, opcode.ImmediateFunction, opcode.ImmediateIndirect:
		default:
			if !isPlain(i.op) && i.op != opcode.Unreachable || getsLocal(i, numberLocal) {
				return 0
			}
		}
		if i.op == opcode.Br || i.op == opcode.Return || i.op == opcode.Unreachable {
			if s.code[at+1].op != opcode.End {
				return 0
			}
			return at + 2 - s.at
		}
	}
	return 0
}
