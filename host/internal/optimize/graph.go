package optimize

import "slices"

// graph is how control flows between the segments of a dispatch, entered at its number 0. Node len(segments) is what follows the loop.
type graph struct {
	d          *dispatch
	order      []int // reachable nodes so that each comes before those that it leads to, but for loops
	position   []int // by node: its index in order; none: not reachable
	dominator  []int // by node: the next node on the way to the entry that all ways to it pass
	merges     []bool
	loops      []bool
	successors []int // of the node that is looked at
}

// newGraph returns the graph of d. It reports false if there is a loop with two entries, which blocks cannot express.
func newGraph(d *dispatch) (g *graph, ok bool) {
	n := len(d.segments) + 1
	g = &graph{d: d, position: make([]int, n), dominator: make([]int, n), merges: make([]bool, n), loops: make([]bool, n)}
	g.sort(int(d.table[0]))
	if !g.dominate() {
		return nil, false
	}
	if !g.classify() || !d.loop && g.position[n-1] != none {
		return nil, false
	}
	g.merges[n-1] = true
	return g, true
}

// edges calls f with each node that node leads to. The last is the one that follows it.
func (g *graph) edges(node int, f func(to int, jump bool)) {
	if node == len(g.d.segments) {
		return
	}
	s := &g.d.segments[node]
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

// sort finds the order, by a depth-first search that keeps its way in a slice.
func (g *graph) sort(entry int) {
	for i := range g.position {
		g.position[i] = none
	}
	type step struct {
		node int
		to   []int
	}
	successors := func(node int) (to []int) {
		g.edges(node, func(t int, _ bool) { to = append(to, t) })
		return to
	}
	const visited = 0
	way := []step{{entry, successors(entry)}}
	g.position[entry] = visited
	for len(way) > 0 {
		s := &way[len(way)-1]
		if len(s.to) == 0 {
			g.order = append(g.order, s.node)
			way = way[:len(way)-1]
			continue
		}
		next := s.to[0]
		s.to = s.to[1:]
		if g.position[next] == none {
			g.position[next] = visited
			way = append(way, step{next, successors(next)})
		}
	}
	slices.Reverse(g.order)
	for i, node := range g.order {
		g.position[node] = i
	}
}

// stepsPerEdge bounds the search for dominators: hostile code must not make it quadratic.
const stepsPerEdge = 64

// dominate finds the dominators. In one pass if each loop has one entry; it reports false if they are not found.
func (g *graph) dominate() bool {
	for i := range g.dominator {
		g.dominator[i] = none
	}
	entry := g.order[0]
	g.dominator[entry] = entry
	steps, edges := 0, 0
	for _, node := range g.order {
		g.edges(node, func(to int, _ bool) {
			edges++
			if g.position[to] <= g.position[node] {
				return // closes a loop: the node dominates this one, or there is no such form
			}
			if g.dominator[to] == none {
				g.dominator[to] = node
				return
			}
			a, c := g.dominator[to], node
			for a != c && steps < stepsPerEdge*(edges+1024) {
				steps++
				if g.position[a] > g.position[c] {
					a = g.dominator[a]
				} else {
					c = g.dominator[c]
				}
			}
			g.dominator[to] = a
		})
	}
	return steps < stepsPerEdge*(edges+1024)
}

// classify finds which nodes are to be reached by a branch forward, and which begin loops.
func (g *graph) classify() bool {
	entered := make([]bool, len(g.position))
	reducible := true
	for _, node := range g.order {
		g.edges(node, func(to int, jump bool) {
			if g.position[to] <= g.position[node] {
				g.loops[to] = true
				reducible = reducible && g.dominates(to, node)
				return
			}
			g.merges[to] = g.merges[to] || jump || entered[to]
			entered[to] = true
		})
	}
	return reducible
}

func (g *graph) dominates(a, node int) bool {
	for g.position[node] > g.position[a] {
		node = g.dominator[node]
	}
	return node == a
}
