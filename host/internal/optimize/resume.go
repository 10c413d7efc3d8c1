package optimize

import (
	"slices"

	"github.com/portholehttp/porthole/host/internal/opcode"
)

// A function that is resumed goes from the root to the segment of its number. Blocks let it in only at the beginning of a loop, so that it passes that
// of each loop around the segment: its number is in a local meanwhile, which is 0 for all others that come there.

// resume is where a resumed function goes from the root or from the beginning of a loop, for numbers above those of the one before.
type resume struct {
	most uint32
	to   int
	loop bool // to is the beginning of a loop, in which it goes further
}

// resume finds the ways to where the function is resumed.
func (g *graph) resume() {
	root := g.d.entry.root
	g.resumes[root] = g.resumes[root][:0]
	for segment, number := range g.d.entry.numbers {
		if number == noNumber || g.position[segment] == none {
			continue
		}
		r := resume{number, segment, false}
		for {
			g.steps--
			from := g.around[r.to]
			if from == none {
				from = root
			}
			all := g.resumes[from]
			if n := len(all); n > 0 && all[n-1].to == r.to && all[n-1].loop && r.loop {
				all[n-1].most = number
			} else {
				g.resumes[from] = append(all, r)
			}
			if from == root {
				break
			}
			r.to, r.loop = from, true
		}
	}
}

// enter writes the root: the prologue for a function that begins, and where one goes that is resumed.
func (s *structurer) enter() {
	e := &s.entry
	root := &s.segments[e.root]
	if ways := s.graph.resumes[e.root]; len(ways) == 0 {
		s.copy(root)
		s.out = append(s.out, e.setBase...)
		return
	}
	begins := e.begins
	if len(root.code) > 0 {
		s.emit(opcode.LocalGet, numberLocal)
		s.compare(opcode.I32LtU, begins)
		s.begin(opcode.If, label{segment: e.root})
		s.copy(root)
		s.set(numberLocal, 0)
		s.end()
		s.out = append(s.out, e.setBase...)
		begins = 1
	}
	s.out = append(s.out, anchor)
	s.open()
	s.emit(opcode.LocalGet, numberLocal)
	if begins > 1 {
		s.compare(opcode.I32LtU, begins)
	} else {
		s.emit(opcode.I32Eqz, 0)
	}
	s.emit(opcode.BrIf, 0)
	s.resume(e.root)
	s.end()
}

// enterLoop writes where a resumed function goes in a loop.
func (s *structurer) enterLoop(loop int) {
	s.open()
	s.emit(opcode.LocalGet, s.resumed)
	s.emit(opcode.I32Eqz, 0)
	s.emit(opcode.BrIf, 0)
	s.emit(opcode.LocalGet, s.resumed)
	s.emit(opcode.LocalSet, numberLocal)
	s.set(s.resumed, 0)
	s.resume(loop)
	s.end()
}

// resume writes the ways from the root or the beginning of a loop, by the number in its local. None ends here.
func (s *structurer) resume(from int) {
	ways := s.graph.resumes[from]
	var loops []int
	for _, w := range ways {
		if w.loop && s.further[w.to] == none {
			loops = append(loops, w.to)
			s.further[w.to] = len(s.labels)
			s.open()
		}
	}
	s.choose(ways)
	for _, loop := range slices.Backward(loops) {
		s.end()
		s.emit(opcode.LocalGet, numberLocal)
		s.emit(opcode.LocalSet, s.resumed)
		s.branch(loop, 0, false)
	}
}

// choose writes branches to where a number leads. None is conditional, so that where it leads stays in line with what comes there otherwise.
func (s *structurer) choose(ways []resume) {
	if half := len(ways) / 2; half > 0 {
		s.open()
		s.emit(opcode.LocalGet, numberLocal)
		s.compare(opcode.I32GtU, ways[half-1].most)
		s.emit(opcode.BrIf, 0)
		s.choose(ways[:half])
		s.end()
		s.choose(ways[half:])
		return
	}
	label := s.opened[ways[0].to]
	if ways[0].loop {
		label = s.further[ways[0].to]
	}
	s.branchLabel(label, 0, false)
}

// open begins a block that no segment is the end of.
func (s *structurer) open() { s.begin(opcode.Block, label{segment: s.entry.root}) }

func (s *structurer) compare(op byte, with uint32) {
	s.out = append(s.out, constant(int64(int32(with))))
	s.emit(op, 0)
}

func (s *structurer) set(local uint32, to int64) {
	s.out = append(s.out, constant(to))
	s.emit(opcode.LocalSet, local)
}
