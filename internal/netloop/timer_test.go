package netloop

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTimer re-arms the timer from its own event and from elsewhere, and reads off a fake clock when it fires.
func TestTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		l := New(Config{Portable: true, StopWhenIdle: true})
		var fired []time.Duration
		second := int64(time.Second)
		deadline := l.Now() + 10*second
		l.SetTimer(deadline)
		l.Post(func() { deadline = l.Now() + 3*second; l.SetTimer(deadline) }) // earlier
		next := []func(now int64){
			func(now int64) { deadline = now + 5*second },
			func(now int64) { deadline = now - 1 }, // in the past
			func(now int64) {
				deadline = now + 100*second
				go l.Post(func() { deadline = l.Now() + 7*second; l.SetTimer(deadline) })
			},
			func(now int64) {
				deadline = now + 1*second
				go l.Post(func() { deadline = l.Now() + 9*second; l.SetTimer(deadline) }) // later
			},
			func(int64) { deadline = 0 },
		}
		require.NoError(t, l.Run(&hooks{timer: func(now int64) {
			assert.GreaterOrEqual(t, now, deadline)
			fired = append(fired, time.Since(start)/time.Second)
			next[len(fired)-1](now)
			l.SetTimer(deadline)
		}}))
		require.Equal(t, []time.Duration{3, 8, 8, 15, 24}, fired)
		require.Equal(t, 24*time.Second, time.Since(start))
	})
}

func TestTimerIsDisarmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Config{Portable: true, StopWhenIdle: true})
		l.SetTimer(1)
		l.Post(func() { l.SetTimer(0) })
		require.NoError(t, l.Run(&hooks{timer: func(int64) { assert.Fail(t, "fired") }}))

		l = New(Config{Portable: true})
		l.SetTimer(math.MaxInt64)
		go func() {
			time.Sleep(time.Hour)
			l.Stop()
		}()
		require.NoError(t, l.Run(&hooks{timer: func(int64) { assert.Fail(t, "fired") }}))
	})
}

// TestClock drives the timer by a clock of the test's own.
func TestClock(t *testing.T) {
	hour := int64(time.Hour)
	clock := -5 * hour
	l := New(Config{Portable: portable, Now: func() int64 { return clock }})
	var fired []int64
	run(t, l, &hooks{timer: func(now int64) {
		fired = append(fired, now)
		l.SetTimer(now + 2*hour)
	}})
	on(t, l, func() { l.SetTimer(clock + hour) })
	for range 4 {
		on(t, l, func() { clock += hour })
		on(t, l, func() {}) // the next turn has read the clock
	}
	on(t, l, func() { assert.Equal(t, []int64{-4 * hour, -2 * hour}, fired) })
}

// TestTimers has several timers move, fire and disarm each other.
func TestTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		l := New(Config{Portable: true, StopWhenIdle: true})
		at := func(seconds int64) int64 { return int64(time.Duration(seconds) * time.Second) }
		begin := l.Now()
		var fired []string
		note := func(name string) { fired = append(fired, name+" "+time.Since(start).String()) }
		var a, b, c *Timer
		a = l.NewTimer(func(now int64) {
			note("a")
			b.Set(0)
			c.Set(now - 1) // in the past: in the next turn
		})
		b = l.NewTimer(func(int64) { note("b") })
		c = l.NewTimer(func(int64) { note("c") })
		a.Set(begin + at(2))
		b.Set(begin + at(2)) // disarmed by a, which is due with it
		c.Set(begin + at(1))
		c.Set(begin + at(5))
		l.SetTimer(begin + at(3))
		unused := l.NewTimer(func(int64) { note("unused") })
		unused.Set(begin + at(1))
		unused.Set(0)
		unused.Set(0)
		require.NoError(t, l.Run(&hooks{timer: func(int64) { note("own") }}))
		require.Equal(t, []string{"a 2s", "c 2s", "own 3s"}, fired)
	})
}

func TestNoTimerAfterStop(t *testing.T) {
	l := New(Config{Portable: portable, Now: func() int64 { return 10 }})
	fired := 0
	for range 3 {
		l.NewTimer(func(int64) {
			fired++
			l.Stop()
		}).Set(5)
	}
	require.NoError(t, l.Run(&hooks{}))
	require.Equal(t, 1, fired)
}

// A timer that is armed when the loop ends may be disarmed afterwards.
func TestTimerOutlivesTheLoop(t *testing.T) {
	l := New(Config{Portable: portable})
	timer := l.NewTimer(func(int64) { assert.Fail(t, "fired") })
	timer.Set(math.MaxInt64)
	l.Stop()
	require.NoError(t, l.Run(&hooks{}))
	timer.Set(0)
}
