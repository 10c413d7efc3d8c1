package stack

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/portholehttp/porthole/abi"
	"github.com/stretchr/testify/require"
)

// TestSimulatedPipes has a proxy between clients and a server whose sockets take and give as they please. It moves bodies through
// pipes or copies them, with what its handler does in its midst: nothing, or pausing, taking a pipe back, aborting either side, or dying; and
// connections break. Whatever happens: what a side gets is the beginning of what the other has sent, framed as its
// head says, and all of it if it ends; every handle ends, once; and nothing is left behind. Without faults everything arrives.
//
// PIPE_SEED=n replays one seed and says what happens; PIPE_SEEDS=n tries so many.
func TestSimulatedPipes(t *testing.T) {
	if seed, err := strconv.ParseUint(os.Getenv("PIPE_SEED"), 10, 64); err == nil {
		s := newPipeSimulation(t, seed, map[string]int{})
		s.verbose = true
		s.simulate()
		return
	}
	seeds, err := strconv.ParseUint(os.Getenv("PIPE_SEEDS"), 10, 64)
	if err != nil {
		seeds = 300
	}
	counts := map[string]int{}
	for seed := range seeds {
		newPipeSimulation(t, seed, counts).simulate()
	}
	t.Log(counts)
	for _, what := range []string{"piped", "moved", "held", "complete", "partial", "pause", "unpipe", "abort", "death", "break", "tunnel"} {
		require.NotZero(t, counts[what], "never: %s", what)
	}
}

// pipeSimulation is the proxy and what is around it.
type pipeSimulation struct {
	*world
	seed    uint64
	r       *rand.Rand
	verbose bool
	counts  map[string]int
	calm    bool // nothing fails
	pipes   bool // the handler asks for them
	meddles bool // and does something besides
	steps   int
	servers int // of those that the engine has asked for

	peers    []*pipePeer          // outside of the engine
	sides    map[uint64]*pipeSide // open handles of the handler
	requests map[int]*pipeRequest // by number
}

func newPipeSimulation(t *testing.T, seed uint64, counts map[string]int) *pipeSimulation {
	s := &pipeSimulation{seed: seed, r: rand.New(rand.NewPCG(seed, 3)), counts: counts, sides: map[uint64]*pipeSide{}, requests: map[int]*pipeRequest{}}
	s.calm, s.pipes, s.meddles = seed%3 == 0, seed%5 != 0, seed%2 == 0
	s.world = newWorld(t, func(_ *world, ev Event) { s.event(ev) }, func(o *abi.Options) { o.KeepAliveTimeout = 0 })
	listening(s.world, abi.ListenConnect)
	return s
}

func (s *pipeSimulation) chance(n int) bool { return s.r.IntN(n) == 0 }

func (s *pipeSimulation) logf(format string, a ...any) {
	if s.verbose {
		s.t.Logf(format, a...)
	}
}

func (s *pipeSimulation) failf(format string, a ...any) {
	require.FailNow(s.t, fmt.Sprintf(format, a...), "PIPE_SEED=%d, step %d", s.seed, s.steps)
}

func (s *pipeSimulation) size() int {
	switch n := s.r.IntN(10); {
	case n < 2:
		return 0
	case n < 6:
		return s.r.IntN(300)
	default:
		return s.r.IntN(200_000)
	}
}

// simulate runs it to its end.
func (s *pipeSimulation) simulate() {
	for range 1 + s.r.IntN(3) {
		p := &pipePeer{s: s, socket: s.connect()}
		s.limit(p)
		s.peers = append(s.peers, p)
		if s.chance(4) {
			s.counts["tunnel"]++
			q := s.newRequest()
			p.upcoming = fmt.Appendf(nil, "CONNECT h%d:443 HTTP/1.1\r\nHost: x\r\n\r\n", q.number)
			p.upcoming = append(p.upcoming, simBody(q.number, 0, 0, q.size)...)
			p.ends = true
			continue
		}
		for range 1 + s.r.IntN(3) {
			p.upcoming = append(p.upcoming, s.newRequest().bytes(s.r)...)
		}
	}
	for s.steps = 0; s.steps < manySteps && !s.idle(); s.steps++ {
		s.step()
	}
	s.steps = manySteps
	for _, p := range s.peers { // what is left comes without delay
		s.sockets[p.socket].room = -1
	}
	s.settleDown()
	s.check()
}

// manySteps is when what is left goes on without delay.
const manySteps = 3000

// idle reports whether all has been said.
func (s *pipeSimulation) idle() bool {
	for _, p := range s.peers {
		if len(p.upcoming) > 0 && !s.sockets[p.socket].closed {
			return false
		}
	}
	return len(s.sides) == 0 && s.servers == len(s.outgoing)
}

// limit has the kernel take only so much for a peer.
func (s *pipeSimulation) limit(p *pipePeer) { s.sockets[p.socket].room = s.r.IntN(100_000) }

// step lets one thing happen.
func (s *pipeSimulation) step() {
	s.connectServers()
	p := s.peers[s.r.IntN(len(s.peers))]
	switch {
	case s.sockets[p.socket].closed:
	case s.chance(3):
		s.drain(p.socket, s.r.IntN(60_000))
		p.answer()
	case !s.calm && s.chance(100):
		s.counts["break"]++
		s.logf("break %x", p.socket)
		s.broken(p.socket)
	default:
		p.speak(1 + s.r.IntN(64<<10))
	}
	if s.meddles && s.chance(8) {
		s.interfere()
	}
	if s.pipes && s.engine.queued > 2<<20 {
		s.failf("%d bytes wait", s.engine.queued)
	}
}

// connectServers has servers accept what the engine has asked for.
func (s *pipeSimulation) connectServers() {
	for ; s.servers < len(s.outgoing); s.servers++ {
		p := &pipePeer{s: s, socket: s.outgoing[s.servers], server: true}
		s.peers = append(s.peers, p)
		if !s.sockets[p.socket].closed {
			s.limit(p)
			s.engine.Connect(p.socket, abi.StatusOK, nil, s.now)
			s.deliver()
		}
	}
}

// settleDown has everything go on that can.
func (s *pipeSimulation) settleDown() {
	for quiet := 0; quiet < 3; quiet++ {
		before := s.progress()
		for _, handle := range slices.Sorted(maps.Keys(s.sides)) {
			if x := s.sides[handle]; x != nil && x.paused && !x.other.owed {
				s.engine.enter(s.now)
				x.resume(s)
				s.deliver()
			}
		}
		for range 200 {
			s.calm = true
			s.connectServers()
			for _, p := range s.peers {
				if !s.sockets[p.socket].closed {
					s.drain(p.socket, 1<<30)
					p.answer()
					p.speak(64 << 10)
				}
			}
		}
		if s.progress() != before {
			quiet = -1
		}
	}
	for _, p := range s.peers {
		if !p.ended && !s.sockets[p.socket].closed {
			p.ended = true
			s.end(p.socket)
		}
	}
	s.pass(1000 * sec)
}

func (s *pipeSimulation) progress() (n int) {
	for _, p := range s.peers {
		n += len(s.sockets[p.socket].sent) - len(p.upcoming)
	}
	return n
}
