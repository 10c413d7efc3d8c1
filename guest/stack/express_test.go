package stack

import (
	"strings"
	"testing"

	"github.com/portholehttp/porthole/abi"
	"github.com/stretchr/testify/require"
)

// checkEase fails if what is taken for granted of a connection is not so.
func checkEase(t *testing.T, e *Engine) {
	t.Helper()
	for _, s := range e.handles.slots {
		if x := s.exchange; x != nil && x.clean {
			require.Equal(t, exchange{conn: x.conn, clean: true, remaining: -1}, *x)
		}
	}
	for _, c := range e.conns {
		switch {
		case c == nil:
		case c.ease == easeCalm:
			require.True(t, c.calm(), "a connection is taken for calm")
			require.True(t, c.readTimer.list == nil || c.readTimer.class == timeKeepAlive)
		case c.ease == easeAsked:
			x := c.asked
			require.Equal(t, exchange{handle: x.handle, conn: c, received: true, head: x.head, remaining: -1}, *x)
			require.NotZero(t, x.handle)
			d := *c
			d.ease = easeNone
			require.True(t, d.calm(), "a connection is taken for calm but for one request")
		}
	}
}

// The simulation runs the same to the last byte and nanosecond, whether all exchanges go the general way or not.
func TestExpressIsGeneral(t *testing.T) {
	seeds := uint64(60)
	if testing.Short() {
		seeds = 20
	}
	counts := map[string]int{}
	for seed := range seeds {
		run := func(general bool) string {
			s := newSimulation(t, seed)
			s.verbose, s.uniform = true, true
			for _, n := range []*node{s.client, s.server} {
				n.engine.memo.off = general
			}
			s.simulate()
			for what, n := range s.counts {
				counts[what] += n
			}
			return strings.Join(s.trace[:s.finishing], "\n")
		}
		require.Equal(t, run(true), run(false), "seed %d", seed)
	}
	t.Log(counts)
	require.Greater(t, counts["asked"], 100)
	require.Greater(t, counts["recalled"], 200)
}

// countEase counts the entries that went the express way, or part of it.
func (s *simulation) countEase(e *Engine) {
	for _, c := range e.conns {
		if c != nil && c.ease == easeAsked && len(e.events) > 0 && e.handles.exchange(e.events[len(e.events)-1].Target) == c.asked {
			s.count("asked")
		}
	}
	for _, m := range e.memo.slots {
		if m.used == e.entry {
			s.count("recalled")
		}
	}
}

// A handler that takes longer than a connection may be idle finds it open, and the time begins with its answer.
func TestExpressOutlivesKeepAlive(t *testing.T) {
	w := newWorld(t, hello)
	s := w.connect()
	w.data(s, get)
	w.data(s, get)
	var x uint64
	w.handler = func(_ *world, ev Event) { x = ev.Target }
	w.data(s, get)
	require.Equal(t, easeAsked, w.engine.conn(s).ease)
	w.pass(60 * sec)
	require.False(t, w.sockets[s].closed)
	require.Zero(t, w.timer, "the host is not asked to wake for nothing")
	status, done := w.later(abi.OpResponseSend, x, abi.SendHead|abi.SendEnd, responseHead(200), "hello")
	require.True(t, status == abi.StatusOK && done)
	idle := abi.DefaultOptions.KeepAliveTimeout + keepAliveBuffer
	w.pass(idle - 1)
	require.False(t, w.sockets[s].closed)
	w.pass(1)
	require.True(t, w.sockets[s].closed)
}
