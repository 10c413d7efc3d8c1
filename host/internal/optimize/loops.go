package optimize

// findLoops finds which loop each segment is in, from the innermost loops out: the segments of a loop are those from which there is a way back to its
// beginning that does not pass it.
func (g *graph) findLoops() {
	leads := g.backwards()
	g.outermost = zeroed(g.outermost, len(g.position))
	outermost := g.outermost // by segment: a loop around it that was found, or none
	for i := range outermost {
		outermost[i] = none
	}
	within := func(segment int) int { // the beginning of the outermost loop around it, or itself
		for outermost[segment] != none {
			if next := outermost[outermost[segment]]; next != none {
				outermost[segment] = next // the way is shorter next time
			}
			segment = outermost[segment]
		}
		return segment
	}
	pending := g.pending[:0]
	for i := len(g.order) - 1; i >= 0; i-- {
		loop := g.order[i]
		if !g.loops[loop] {
			continue
		}
		for _, from := range leads[loop] {
			if g.back(from, loop) {
				pending = append(pending, from)
			}
		}
		for len(pending) > 0 {
			segment := within(pending[len(pending)-1])
			pending = pending[:len(pending)-1]
			if segment != loop {
				g.around[segment], outermost[segment] = loop, loop
				pending = append(pending, leads[segment]...)
			}
		}
	}
}

// backwards returns, by segment, those that lead to it.
func (g *graph) backwards() [][]int {
	g.leads = emptied(g.leads, len(g.position))
	for _, from := range g.order {
		g.edges(from, func(to int, _ bool) { g.leads[to] = append(g.leads[to], from) })
	}
	return g.leads
}
