package optimize

import "slices"

// graph is how control flows between the segments of a dispatch: from the root, along the jumps, and to where the function is resumed.
type graph struct {
	d         *dispatch
	order     []int // reachable segments so that each comes before those that it leads to, but for loops; the root is the first
	position  []int // by segment: its index in order; none: not reachable
	dominator []int // by segment: the nearest other one that all ways to it pass; of the root itself
	merges    []bool
	loops     []bool
	around    []int      // by segment: the beginning of the innermost loop around it; none
	resumes   [][]resume // by segment, the root and those that begin loops: where a resumed function goes from there
	steps     int        // that may still be done

	// Kept for the next function only.
	entered      []bool
	leads        [][]int
	outermost    []int
	way, pending []int
	moved        []int
}

// of makes g the graph of d. It reports false if blocks cannot express it, as there is a loop with two entries.
func (g *graph) of(d *dispatch) bool {
	n := len(d.segments)
	g.d, g.order, g.steps = d, g.order[:0], minSteps
	g.position, g.dominator, g.around = zeroed(g.position, n), zeroed(g.dominator, n), zeroed(g.around, n)
	g.merges, g.loops = zeroed(g.merges, n), zeroed(g.loops, n)
	g.resumes = emptied(g.resumes, n)
	for i := range n {
		g.position[i], g.around[i] = none, none
		g.steps += stepsPerJump * (1 + len(d.segments[i].jumps))
	}
	g.sort()
	g.dominate()
	g.classify()
	if g.steps > 0 {
		g.findLoops()
		g.resume()
		g.dominate()
		g.classify()
	}
	// What follows the loop is where a block ends, and reached by a branch if at all. Without a loop it is the end of the function.
	g.merges[d.exit] = true
	return g.steps > 0 && (d.loop || g.position[d.exit] == none)
}

// Hostile code must not make the work quadratic. Real code needs some two steps for each jump.
const (
	minSteps     = 1 << 14
	stepsPerJump = 64
)

// edges calls f with each segment that one leads to. The last is that where the code goes on, if it does.
func (g *graph) edges(of int, f func(to int, jump bool)) {
	for _, r := range g.resumes[of] {
		f(r.to, true)
	}
	s := &g.d.segments[of]
	jumps := s.jumps
	if s.tail {
		jumps = jumps[:len(jumps)-1]
	}
	for _, j := range jumps {
		f(j.to, true)
	}
	if s.next != none {
		f(s.next, false)
	}
}

// sort finds the order, by a depth-first search that keeps its way in slices. What was moved out leads nowhere and comes last. Where the function
// is resumed and nothing else leads to, the root does.
func (g *graph) sort() {
	const visited = 0
	way, pending, moved := g.way[:0], g.pending[:0], g.moved[:0]
	enter := func(segment int) {
		g.position[segment] = visited
		way = append(way, segment, len(pending))
		g.edges(segment, func(to int, _ bool) { pending = append(pending, to) })
		slices.Reverse(pending[way[len(way)-1]:])
	}
	root, resumed := g.d.entry.root, 0
	enter(root)
	for len(way) > 0 {
		segment, bottom := way[len(way)-2], way[len(way)-1]
		if len(pending) == bottom {
			if segment == root {
				for resumed < g.d.exit && (g.position[resumed] != none || g.d.entry.numbers[resumed] == noNumber) {
					resumed++
				}
				if resumed < g.d.exit {
					g.resumes[root] = append(g.resumes[root], resume{to: resumed})
					enter(resumed)
					continue
				}
			}
			g.order = append(g.order, segment)
			way = way[:len(way)-2]
			continue
		}
		next := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		switch {
		case g.position[next] != none:
		case next > g.d.exit:
			g.position[next] = visited
			moved = append(moved, next)
		default:
			enter(next)
		}
	}
	slices.Reverse(g.order)
	g.order = append(g.order, moved...)
	g.way, g.pending, g.moved = way, pending, moved
	for i, segment := range g.order {
		g.position[segment] = i
	}
}

// back reports whether a way leads to the beginning of a loop, or to what can only be one.
func (g *graph) back(from, to int) bool { return g.position[to] <= g.position[from] }

// dominate finds the dominators. One pass is enough as the ways back add none if each loop has one entry.
func (g *graph) dominate() {
	for i := range g.dominator {
		g.dominator[i] = none
	}
	g.dominator[g.order[0]] = g.order[0]
	for _, from := range g.order {
		g.edges(from, func(to int, _ bool) {
			switch {
			case g.back(from, to):
			case g.dominator[to] == none:
				g.dominator[to] = from
			default:
				g.dominator[to] = g.common(g.dominator[to], from)
			}
		})
	}
}

// common returns the nearest segment that dominates both, or is one of them.
func (g *graph) common(a, b int) int {
	for a != b && g.steps > 0 {
		g.steps--
		if g.position[a] > g.position[b] {
			a = g.dominator[a]
		} else {
			b = g.dominator[b]
		}
	}
	return a
}

// classify finds which segments are reached by a branch forward, and which begin loops. There are no more steps if a loop has two entries.
func (g *graph) classify() {
	entered := zeroed(g.entered, len(g.position))
	g.entered = entered
	for _, from := range g.order {
		g.edges(from, func(to int, jump bool) {
			if g.back(from, to) {
				g.loops[to] = true
				if g.common(from, to) != to {
					g.steps = 0
				}
				return
			}
			g.merges[to] = g.merges[to] || jump || entered[to]
			entered[to] = true
		})
	}
}
