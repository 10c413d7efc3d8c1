package stack

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// newPlain returns a simulation in which nothing fails and every request is answered in full.
func newPlain(t *testing.T, a *simAgent) *simulation {
	s := newSimulation(t, 0)
	s.plain = true
	s.listen()
	a.port = 1
	s.agents = append(s.agents, a)
	return s
}

// get plans a plain request.
func (s *simulation) get() *simCall {
	c := &simCall{s: s, number: len(s.calls), agent: s.agents[0], method: "GET", whole: true, declared: -1}
	s.calls = append(s.calls, c)
	return c
}

// sequential makes n requests, each when the one before it is over, and returns on how many connections.
func sequential(t *testing.T, a *simAgent, n int) int {
	s := newPlain(t, a)
	for range n {
		c := s.get()
		s.client.later(0, c.open)
		s.run()
		require.True(t, c.done)
	}
	s.finish()
	require.Equal(t, n, s.counts["completed"])
	return len(s.links)
}

func TestSequentialRequests(t *testing.T) {
	require.Equal(t, 1, sequential(t, &simAgent{number: 1, max: 5, free: 5, pool: true}, 10_000))
	require.Equal(t, 1000, sequential(t, &simAgent{number: 1, max: 5, free: 5}, 1000), "nobody keeps them")
	require.Equal(t, 1000, sequential(t, &simAgent{number: 1, max: 5, pool: true}, 1000), "none may be idle")
	require.Equal(t, 1000, sequential(t, &simAgent{}, 1000), "without an agent")
}

// Those that wait are served in the order in which they came, which every call checks, on no more connections than there may be;
// whether the agent keeps connections for later does not matter while others wait.
func TestConcurrentRequests(t *testing.T) {
	for _, a := range []*simAgent{
		{number: 1, max: 5, free: 5, pool: true},
		{number: 1, max: 5, pool: true},
		{number: 1, max: 5},
	} {
		s := newPlain(t, a)
		s.client.later(0, func() {
			for range 1000 {
				s.get().open()
			}
		})
		s.run()
		require.Len(t, s.links, 5)
		for _, l := range s.links {
			require.Equal(t, a.pool && a.free > 0, l.client.socket, "idle, or closed")
		}
		s.finish()
		require.Equal(t, 1000, s.counts["completed"])
		require.Len(t, s.links, 5)
	}
}
