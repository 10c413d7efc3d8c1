package stack

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// A simulation is a client engine and a server engine with a network between them that delays, splits, stalls and breaks, on a
// clock of its own. Everything that happens in it follows from its seed.
//
//	simCall ─► node, a client ─► simLink ─► node, a server ─► simAnswer
//	       simTunnel ◄─── once a connection is raw ───► simTunnel
type simulation struct {
	t       *testing.T
	seed    uint64
	r       *rand.Rand
	calm    bool // nothing breaks and nobody aborts: so nothing may fail
	uniform bool // most requests are alike and without a body, on few connections
	plain   bool // and every request is answered in full
	verbose bool

	now   int64
	due   simQueue
	seq   uint64
	step  uint64 // counts what has happened
	trace []string

	finishing int // length of trace when only the end was left

	client, server *node
	links          []*simLink
	agents         []*simAgent
	calls          []*simCall   // by number
	answers        []*simAnswer // by serial
	tunnels        []*simTunnel
	listens        uint32 // abi.Listen*, of the server
	drained        bool
	refused        int // Sockets.Connect failed so often, and no request has been told yet
	counts         map[string]int
}

// simDue is what happens at some time.
type simDue struct {
	at  int64
	seq uint64
	do  func()
}

// simQueue is a heap, the earliest first; what is due at the same time happens in the order in which it was asked for.
type simQueue []simDue

func (q simQueue) Len() int { return len(q) }
func (q simQueue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].seq < q[j].seq
}
func (q simQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *simQueue) Push(x any)   { *q = append(*q, x.(simDue)) }
func (q *simQueue) Pop() any {
	last := len(*q) - 1
	x := (*q)[last]
	(*q)[last] = simDue{}
	*q = (*q)[:last]
	return x
}

// after has f happen once d nanoseconds have gone by.
func (s *simulation) after(d int64, f func()) {
	s.seq++
	heap.Push(&s.due, simDue{s.now + d, s.seq, f})
}

// run lets everything happen that is due, and what follows from it.
func (s *simulation) run() {
	for len(s.due) > 0 {
		if s.step++; s.step > 2e6 {
			s.failf("it does not come to an end")
		}
		d := heap.Pop(&s.due).(simDue)
		s.now = d.at
		d.do()
	}
}

// chance is true once in n times.
func (s *simulation) chance(n int) bool { return s.r.IntN(n) == 0 }

// fault is chance where things may fail.
func (s *simulation) fault(n int) bool { return !s.calm && s.chance(n) }

// delay is how long something takes: mostly little, now and then long.
func (s *simulation) delay() int64 {
	switch n := s.r.IntN(40); {
	case n < 16:
		return 0
	case n < 37:
		return s.r.Int64N(2 * ms)
	case n < 39 || s.calm:
		return s.r.Int64N(50 * ms)
	default:
		return s.r.Int64N(2 * sec)
	}
}

// piece is how much of n bytes goes at once: mostly all, at times a few.
func (s *simulation) piece(n int) int {
	if n <= 1 || !s.chance(3) {
		return n
	}
	if s.chance(2) {
		return 1 + s.r.IntN(min(n, 40))
	}
	return 1 + s.r.IntN(n)
}

func (s *simulation) count(what string) { s.counts[what]++ }

// logf notes what happens, for who replays a seed.
func (s *simulation) logf(format string, args ...any) {
	if s.verbose {
		s.trace = append(s.trace, fmt.Sprintf("%12.6f ", float64(s.now)/1e9)+fmt.Sprintf(format, args...))
	}
}

func (s *simulation) failf(format string, args ...any) {
	s.t.Helper()
	s.t.Fatalf("%s\nseed %d, at %d ns; to see all of it: SIMULATION_SEED=%d go test -run TestSimulatedPair ./guest/stack\n%s",
		fmt.Sprintf(format, args...), s.seed, s.now, s.seed, strings.Join(s.trace, "\n"))
}
