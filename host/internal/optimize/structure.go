package optimize

import "github.com/portholehttp/porthole/host/internal/opcode"

// structurer writes a dispatch as blocks and loops, the way of Ramsey, "Beyond Relooper" (2022): each segment is followed by those that it dominates,
// in blocks that end where those begin which are reached by a branch. The root leads to the beginning and to where the function is resumed.
type structurer struct {
	*dispatch
	graph    *graph
	children [][]int // by segment: those that merge and that it dominates next, the last one first
	opened   []int   // by segment: the label that stands for it, an index of labels; it has one at a time, of the block or of the loop
	further  []int   // by segment: the label of the way to it for what is resumed in the loop that it begins; none
	resumed  uint32  // the local with the number of what is resumed in a loop; noLocal: that is nowhere
	labels   []label // that are open, the outermost first
	out      []instruction
}

// label is what a branch can name: the beginning of a loop, or the end of a block, where that segment begins.
type label struct {
	segment int
	loop    bool
}

// structure returns d as it is without its table.
func (b *body) structure(d *dispatch) []instruction {
	n := len(d.segments)
	s, g := &b.structurer, &b.graph
	s.dispatch, s.graph, s.resumed = d, g, noLocal
	s.children, s.opened, s.further = emptied(s.children, n), zeroed(s.opened, n), zeroed(s.further, n)
	s.labels, s.out = s.labels[:0], s.out[:0]
	for i := len(g.order) - 1; i > 0; i-- {
		segment := g.order[i]
		if g.merges[segment] && segment != d.exit {
			parent := g.dominator[segment]
			s.children[parent] = append(s.children[parent], segment)
		}
		if len(g.resumes[segment]) > 0 && s.resumed == noLocal {
			s.resumed = b.newLocal()
		}
		s.further[segment] = none
	}
	s.out = append(s.out, d.prefix...)
	for range d.outer {
		s.emit(opcode.Block, 0)
	}
	s.begin(opcode.Block, label{segment: d.exit})
	s.tree(g.order[0])
	s.end()
	if g.position[d.exit] == none {
		s.emit(opcode.Unreachable, 0) // for the types of what follows
	}
	s.out = append(s.out, d.suffix...)
	return s.out
}

func (s *structurer) emit(op byte, index uint32) {
	s.out = append(s.out, instruction{op: op, index: index, count: opcode.NoType})
}

func (s *structurer) begin(op byte, l label) {
	s.emit(op, 0)
	s.opened[l.segment] = len(s.labels)
	s.labels = append(s.labels, l)
}

func (s *structurer) end() {
	s.emit(opcode.End, 0)
	s.labels = s.labels[:len(s.labels)-1]
}

// tree writes a segment and all that it dominates.
func (s *structurer) tree(segment int) {
	loop := s.graph.loops[segment]
	if loop {
		s.begin(opcode.Loop, label{segment, true})
	}
	followers := s.children[segment]
	for _, f := range followers {
		s.begin(opcode.Block, label{segment: f})
	}
	s.segment(segment)
	for i := len(followers) - 1; i >= 0; i-- {
		s.end()
		s.tree(followers[i])
	}
	if loop {
		s.end()
	}
}

// segment writes the code of a segment, and where it goes on.
func (s *structurer) segment(of int) {
	seg := &s.segments[of]
	if of == s.entry.root {
		s.enter()
	} else {
		if len(s.graph.resumes[of]) > 0 {
			s.enterLoop(of)
		}
		s.copy(seg)
	}
	switch {
	case seg.next == none:
	case !s.graph.back(of, seg.next) && !s.graph.merges[seg.next]:
		s.tree(seg.next)
	case s.labels[len(s.labels)-1] != label{segment: seg.next}: // else its end is here
		s.branch(seg.next, 0, false)
	}
}

// copy writes the code of a segment with branches for jumps.
func (s *structurer) copy(seg *segment) {
	jumps := seg.jumps
	depth := 0
	for at := 0; at < len(seg.code); at++ {
		i := seg.code[at]
		if len(jumps) > 0 && jumps[0].at == at {
			j := jumps[0]
			jumps = jumps[1:]
			at += j.size - 1
			if len(jumps) > 0 || !seg.tail {
				s.branch(j.to, depth, j.maybe)
			}
			continue
		}
		switch i.op {
		case opcode.Block, opcode.Loop, opcode.If:
			depth++
		case opcode.End:
			depth--
		case opcode.Br, opcode.BrIf:
			if outside := s.outside(i.index, seg.home, depth+seg.depth); s.leaves(outside) {
				if s.loop {
					outside--
				}
				i = instruction{op: i.op, index: uint32(depth + len(s.labels) + outside)}
			}
		}
		s.out = append(s.out, i)
	}
}

// branch writes a branch to a segment from depth blocks in another.
func (s *structurer) branch(to, depth int, maybe bool) { s.branchLabel(s.opened[to], depth, maybe) }

func (s *structurer) branchLabel(label, depth int, maybe bool) {
	op := byte(opcode.Br)
	if maybe {
		op = opcode.BrIf
	}
	s.emit(op, uint32(depth+len(s.labels)-1-label))
}
