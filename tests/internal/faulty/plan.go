package faulty

import "math/rand/v2"

// plan is what happens to the bytes of one direction.
type plan struct {
	fault fault
	after int // so many bytes
	piece int // the most bytes that pass at a time
	late  int // how many pieces come late, from the first one on
}

type fault uint8

const (
	none  fault = iota
	end         // nothing more comes in this direction
	reset       // both directions break
)

// maxAfter is where faults are at most: further on there are only connections that live long.
const maxAfter = 100_000

func newPlan(r *rand.Rand) plan {
	p := plan{piece: 1 << 16}
	switch r.IntN(6) {
	case 0:
		p.fault = end
	case 1:
		p.fault = reset
	}
	p.after = upTo(r, maxAfter)
	if r.IntN(3) == 0 {
		p.piece = 1 + upTo(r, 5000)
	}
	if r.IntN(3) == 0 {
		p.late = 1 + r.IntN(20)
	}
	return p
}

// upTo is a number below most, of any size with the same likelihood.
func upTo(r *rand.Rand, most int) int {
	for most > 1 && r.IntN(3) > 0 {
		most /= 4
	}
	return r.IntN(max(most, 1))
}
