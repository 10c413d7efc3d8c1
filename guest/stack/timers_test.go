package stack

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// clocked is an engine with timers of connections that are nothing else, and when each is to run out.
type clocked struct {
	*world
	conns []*conn
	due   []int64 // 0: not armed
	calls int     // of Timer
}

func newClocked(t *testing.T, conns int) *clocked {
	k := &clocked{world: newWorld(t, nil), due: make([]int64, conns)}
	for i := range conns {
		c := &conn{handle: uint64(i + 1)}
		c.idleTimer.conn = c
		k.conns = append(k.conns, c)
	}
	return k
}

func (k *clocked) arm(i int, duration int64) {
	k.engine.enter(k.now)
	k.engine.armFor(&k.conns[i].idleTimer, timeSocket, duration)
	k.due[i] = k.now + duration
}

// until lets time go by, up to a time. Whatever runs out has to do so when it is due, to the nanosecond.
func (k *clocked) until(at int64) {
	for k.timer != 0 && k.timer <= at {
		k.now, k.timer = max(k.now, k.timer), 0
		k.calls++
		k.engine.Timer(k.now)
		for _, ev := range k.engine.Events() {
			require.Equal(k.t, k.now, k.due[ev.Target-1])
			k.due[ev.Target-1] = 0
		}
	}
	k.now = at
	for i, due := range k.due {
		if due != 0 && due <= at {
			require.Fail(k.t, "late", "timer %d", i)
		}
	}
}

func TestTimersRunOutWhenTheyAreDue(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 0))
		k := newClocked(t, 1+r.IntN(40))
		durations := []int64{1 + r.Int64N(100), 1000, 1 + r.Int64N(1e6)}
		for range 2000 {
			k.until(k.now + r.Int64N(durations[r.IntN(3)])/int64(len(k.conns)))
			i := r.IntN(len(k.conns))
			switch timer := &k.conns[i].idleTimer; r.IntN(8) {
			case 0:
				timer.disarm()
				k.due[i] = 0
			case 1, 2:
				timer.suspend()
				k.due[i] = 0
			default:
				k.arm(i, durations[r.IntN(3)])
			}
		}
		k.until(k.now + 1e6)
		require.Equal(t, make([]int64, len(k.due)), k.due, "some are late")
		require.Zero(t, k.timer)
		for _, l := range k.engine.durations {
			require.True(t, l.empty())
		}
	}
}

// However many timers are armed anew all the time, the host is not called for each of them.
func TestTimersThatAreArmedAgainAreLookedAtTogether(t *testing.T) {
	const conns, duration, rounds = 1000, 1 << 20, 10
	k := newClocked(t, conns)
	for step := range int64(rounds * conns * 4) {
		k.until(step * duration / (conns * 4))
		k.arm(int(step*7%conns), duration)
	}
	require.Empty(t, k.engine.events)
	require.LessOrEqual(t, k.calls, rounds*65)
	require.Greater(t, k.calls, rounds)
}

func TestLateTimers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 0))
	var h lateTimers
	in := map[*timer]struct{}{}
	for range 10_000 {
		if r.IntN(2) == 0 || len(in) == 0 {
			x := &timer{at: r.Int64N(100)}
			h.push(x)
			in[x] = struct{}{}
		} else {
			x := h[0]
			if r.IntN(2) == 0 {
				x = h[r.IntN(len(h))]
			}
			h.remove(x)
			require.Zero(t, x.late)
			delete(in, x)
		}
		require.Len(t, h, len(in))
		for i, x := range h {
			require.Contains(t, in, x)
			require.EqualValues(t, i+1, x.late)
			require.LessOrEqual(t, h[max(i-1, 0)/2].at, x.at)
		}
	}
}
