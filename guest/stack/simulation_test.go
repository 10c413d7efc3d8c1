package stack

import (
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/portholehttp/porthole/abi"
	"github.com/stretchr/testify/require"
)

// TestSimulatedPair has a client and a server talk over a network that fails. Whatever happens: no byte of an exchange
// reaches another; a body that was cut is never taken for whole; the events of every handle come in the order of
// abi/README.md and end; what fails has a reason, and nothing fails without; nothing is left behind.
//
// SIMULATION_SEED=n replays one seed and says what happens; SIMULATION_SEEDS=n tries so many.
func TestSimulatedPair(t *testing.T) {
	number := func(name string) (uint64, bool) {
		n, err := strconv.ParseUint(os.Getenv(name), 10, 64)
		return n, err == nil
	}
	if seed, ok := number("SIMULATION_SEED"); ok {
		s := newSimulation(t, seed)
		s.verbose = true
		s.simulate()
		t.Logf("%s\n%v", strings.Join(s.trace, "\n"), s.counts)
		return
	}
	seeds, ok := number("SIMULATION_SEEDS")
	if !ok {
		seeds = 400
	}
	counts := map[string]int{}
	for seed := range seeds {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			s := newSimulation(t, seed)
			s.counts = counts
			s.simulate()
		})
	}
	t.Log(counts)
	if seeds < 400 {
		return // too few for everything to have happened
	}
	for _, what := range []string{"completed", "failed", "answered", "retried", "reused", "switched", "tunnels", "removed", "timeout", "spoofed"} {
		require.NotZero(t, counts[what], "never: %s", what)
	}
	for stage := stageOpened; stage < stages; stage++ {
		require.NotZero(t, counts["abort"+strconv.Itoa(int(stage))], "no abort at stage %d", stage)
	}
}

func newSimulation(t *testing.T, seed uint64) *simulation {
	s := &simulation{t: t, seed: seed, r: rand.New(rand.NewPCG(seed, 2)), now: sec, calm: seed%4 == 0, counts: map[string]int{}}
	s.client = newNode(s, "client", s.clientEvent)
	s.server = newNode(s, "server", s.serverEvent)
	s.listens = abi.ListenUpgrade | abi.ListenConnect
	if s.fault(6) {
		s.listens = 0
	}
	for _, bit := range []uint32{abi.ListenCheckContinue, abi.ListenClientError, abi.ListenConnection} {
		if s.chance(2) {
			s.listens |= bit
		}
	}
	return s
}

// listen opens the listeners of the server.
func (s *simulation) listen() {
	for port := range simPorts {
		o := abi.DefaultOptions
		switch {
		case s.calm:
			o.HeadersTimeout, o.RequestTimeout, o.BodyIdleTimeout, o.WriteIdleTimeout, o.KeepAliveTimeout = 0, 0, 0, 0, 0
			o.LingerTimeout = 1e6 * sec
		case s.chance(2):
			o.KeepAliveTimeout = 1 + s.r.Int64N(300*ms)
		}
		if !s.plain && s.chance(4) {
			o.MaxRequests = 1 + uint32(s.r.IntN(5))
		}
		require.Equal(s.t, abi.StatusOK, s.server.engine.ListenerOpen(simListener(1+port), &o))
	}
	s.server.op(abi.OpServerListeners, 0, s.listens, nil, nil, 0)
}

const simPorts = uint16(2)

func (s *simulation) clientEvent(ev Event) {
	n := s.client
	if c := n.calls[ev.Target]; c != nil {
		c.event(ev)
	} else if k := n.sockets[ev.Target]; k != nil {
		k.event(ev)
	} else if ev.Kind != abi.EventClose { // of a connection whose request has gone before it was told
		s.failf("the client is told of a handle that it does not know: kind %d", ev.Kind)
	}
}

func (s *simulation) serverEvent(ev Event) {
	n := s.server
	switch ev.Kind {
	case abi.EventRequest, abi.EventCheckContinue:
		if n.answers[ev.Target] != nil {
			s.failf("a handle is used twice")
		}
		s.newAnswer(ev).event(ev)
		return
	case abi.EventConnection, abi.EventUpgrade, abi.EventConnect, abi.EventClientError:
		n.socket(ev.Target).event(ev)
		return
	}
	if a := n.answers[ev.Target]; a != nil {
		a.event(ev)
	} else if k := n.sockets[ev.Target]; k != nil {
		k.event(ev)
	} else {
		s.failf("the server is told of a handle that it does not know: kind %d", ev.Kind)
	}
}

// simulate plans calls, lets them happen, and sees that nothing is left.
func (s *simulation) simulate() {
	s.listen()
	for i := range 1 + s.r.IntN(4) {
		a := &simAgent{number: uint32(i), port: 1 + uint16(s.r.IntN(int(simPorts))), pool: !s.chance(4),
			max: 1 + uint32(s.r.IntN(4)), free: uint32(s.r.IntN(4))}
		if s.chance(2) {
			a.timeout = 1 + s.r.Int64N(100*ms)
		}
		if s.uniform {
			a.number, a.pool, a.max, a.free, a.timeout = uint32(1+i), true, 2, 2, 0
		}
		s.agents = append(s.agents, a)
	}
	span := 1 + s.r.Int64N(2*sec)
	calls := 10 + s.r.IntN(30)
	if s.uniform {
		calls *= 5
	}
	for range calls {
		at := s.r.Int64N(span)
		if s.chance(12) {
			s.client.later(at, s.openSocket)
			continue
		}
		s.client.later(at, s.newCall().open)
	}
	if s.fault(8) && !s.uniform { // in what order connections are closed is not determined
		s.client.later(s.r.Int64N(span), s.drain)
	}
	if s.fault(15) {
		s.server.later(s.r.Int64N(span), s.closeListeners)
	}
	s.finish()
}

// finish lets everything come to its end.
func (s *simulation) finish() {
	s.run()
	s.finishing = len(s.trace)
	for _, c := range s.calls {
		if !c.done {
			s.failf("call %d, %s, does not end", c.number, c.method)
		}
		if s.calm && c.abort == stageNever && !c.tunnel && !c.ended {
			s.failf("call %d has no response", c.number)
		}
	}
	s.client.later(0, s.drain)
	s.server.later(0, s.closeListeners)
	s.run()
	for _, a := range s.answers {
		if !a.done {
			s.failf("answer %d does not end", a.serial)
		}
	}
	for _, n := range []*node{s.client, s.server} {
		for _, k := range n.sockets {
			if !k.closed && k.link.excuse != "over" {
				s.failf("a socket of the %s is not closed, on link %d", n.name, k.link.number)
			}
		}
		n.checkRest()
	}
}

func (s *simulation) closeListeners() {
	for port := range simPorts {
		s.server.op(abi.OpListenerClose, simListener(1+port), 0, nil, nil, 0)
	}
}

func (s *simulation) drain() {
	s.drained = true
	if status := s.client.do(abi.OpDrain, 0); status != abi.StatusOK {
		s.failf("drain: %v", status)
	}
}
