package optimize

// structurer writes a dispatch that is entered at number 0 as blocks and loops. After Ramsey, "Beyond Relooper" (2022): each node is followed by
// those that it dominates, in blocks that end where those begin which are reached by a branch.
type structurer struct {
	body     *body
	graph    *graph
	children [][]int // by node: merging nodes that it dominates next, the last one first
	around   []label // that are open, the outermost first
	out      []instruction
}

// label is what a branch can name: the beginning of a loop, or the end of a block, where that node begins.
type label struct {
	node int
	loop bool
}

// structure returns d without the dispatch.
func (b *body) structure(d *dispatch, g *graph) []instruction {
	s := structurer{body: b, graph: g, children: make([][]int, len(g.position)), out: b.scratch[:0]}
	for i := len(g.order) - 1; i > 0; i-- {
		if node := g.order[i]; g.merges[node] && node < len(d.segments) {
			s.children[g.dominator[node]] = append(s.children[g.dominator[node]], node)
		}
	}
	s.out = append(s.out, d.prefix...)
	for range d.outer {
		s.emit(opBlock, 0)
	}
	// What follows the loop is where this block ends: nothing leads to it but the end of the last segment.
	s.begin(opBlock, label{len(d.segments), false})
	s.tree(g.order[0])
	s.end()
	if g.position[len(d.segments)] == none {
		s.emit(opUnreachable, 0)
	}
	s.out = append(s.out, d.suffix...)
	return s.out
}

func (s *structurer) emit(op byte, index uint32) {
	s.out = append(s.out, instruction{op: op, index: index, count: noType})
}

// tree writes a node and all that it dominates.
func (s *structurer) tree(node int) {
	if !s.graph.loops[node] {
		s.within(node, s.children[node])
		return
	}
	s.begin(opLoop, label{node, true})
	s.within(node, s.children[node])
	s.end()
}

// within writes a node in the blocks that end where followers begin, and these.
func (s *structurer) within(node int, followers []int) {
	for _, f := range followers {
		s.begin(opBlock, label{f, false})
	}
	s.segment(node)
	for i := len(followers) - 1; i >= 0; i-- {
		s.end()
		s.tree(followers[i])
	}
}

func (s *structurer) begin(op byte, l label) {
	s.emit(op, 0)
	s.around = append(s.around, l)
}

func (s *structurer) end() {
	s.emit(opEnd, 0)
	s.around = s.around[:len(s.around)-1]
}

// segment writes the code of a node, and where it goes on.
func (s *structurer) segment(node int) {
	seg := &s.graph.d.segments[node]
	depth := 0
	jumps := seg.jumps
	removed := 0 // the innermost blocks of the dispatch that are no more, and the loop
	if s.graph.d.loop {
		removed = len(s.graph.d.segments) - node
	} else {
		removed = len(s.graph.d.segments) - 1 - node
	}
	for at := 0; at < len(seg.code); at++ {
		i := seg.code[at]
		if len(jumps) > 0 && jumps[0].at == at {
			j := jumps[0]
			jumps = jumps[1:]
			at += j.size - 1
			if len(jumps) > 0 || !seg.tail {
				s.branch(j.to, depth)
			}
			continue
		}
		switch i.op {
		case opBlock, opLoop, opIf:
			depth++
		case opEnd:
			depth--
		case opBr, opBrIf:
			if int(i.index) >= depth { // out of all
				i = instruction{op: i.op, index: uint32(int(i.index) - removed + len(s.around))}
			}
		}
		s.out = append(s.out, i)
	}
	if seg.next == none {
		return
	}
	if g := s.graph; g.position[seg.next] > g.position[node] && !g.merges[seg.next] {
		s.tree(seg.next)
		return
	}
	if l := s.around[len(s.around)-1]; l.loop || l.node != seg.next {
		s.branch(seg.next, 0)
	}
}

// branch writes a branch to the node from blocks of a segment.
func (s *structurer) branch(node, depth int) {
	for i := len(s.around) - 1; i >= 0; i-- {
		if s.around[i].node == node {
			s.emit(opBr, uint32(depth+len(s.around)-1-i))
			return
		}
	}
	panic("optimize: no label")
}
