//go:build !wasip1

package timers

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.uber.org/goleak"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
	"github.com/portholehttp/porthole/guest/internal/port/porttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const ms = time.Millisecond

// world is a port with a clock.
type world struct {
	*porttest.Port
	clock time.Duration
}

func newWorld(t *testing.T) *world {
	w := &world{Port: porttest.New(t), clock: 1}
	old := now
	now = func() time.Duration { return w.clock }
	t.Cleanup(func() { now = old })
	return w
}

// after moves the clock and has the port's timer go off.
func (w *world) after(d time.Duration) {
	w.clock += d
	porttest.Event(abi.EventTimer, 0, 0, nil, nil)
}

func (w *world) says(s string) func() { return func() { w.Note("%s", s) } }

func TestOrder(t *testing.T) {
	w := newWorld(t)
	SetTimeout(20*ms, w.says("d"))
	SetTimeout(10*ms, w.says("a"))
	SetTimeout(10*ms, w.says("b"))
	SetTimeout(30*ms, w.says("e"))
	SetTimeout(10*ms, w.says("c"))
	assert.Equal(t, []string{"timer 20ms", "timer 10ms"}, w.Take(), "only for the first")
	w.after(10 * ms)
	assert.Equal(t, []string{"a", "b", "c", "timer 10ms"}, w.Take())
	w.after(25 * ms)
	assert.Equal(t, []string{"d", "e"}, w.Take(), "the clock may be late")
	assert.Empty(t, pending)
}

func TestShortDelays(t *testing.T) {
	w := newWorld(t)
	SetTimeout(0, w.says("a"))
	SetTimeout(-time.Hour, w.says("b"))
	SetTimeout(ms, w.says("c"))
	SetTimeout(1<<63-1, w.says("never"))
	assert.Equal(t, []string{"timer 1ms"}, w.Take())
	w.after(ms)
	assert.Equal(t, []string{"a", "b", "c"}, w.Take()[:3])
}

func TestEarlyTimer(t *testing.T) {
	w := newWorld(t)
	SetTimeout(10*ms, w.says("a"))
	w.Take()
	w.after(4 * ms)
	assert.Equal(t, []string{"timer 6ms"}, w.Take())
}

func TestInterval(t *testing.T) {
	w := newWorld(t)
	n := 0
	var interval *Timer
	interval = SetInterval(10*ms, func() {
		n++
		w.Note("%d", n)
		w.clock += 3 * ms // it takes a while
		if n == 3 {
			interval.Clear()
		}
	})
	for range 3 {
		w.after(10 * ms)
	}
	assert.Equal(t, []string{"timer 10ms", "1", "timer 10ms", "2", "timer 10ms", "3"}, w.Take())
	assert.Empty(t, pending)
}

func TestClear(t *testing.T) {
	w := newWorld(t)
	a := SetTimeout(10*ms, w.says("a"))
	b := SetTimeout(20*ms, w.says("b"))
	a.Clear()
	assert.Equal(t, []string{"timer 10ms", "timer 20ms"}, w.Take())
	b.Clear()
	b.Clear()
	assert.Equal(t, []string{"timer -1ns"}, w.Take(), "nothing keeps the loop")
	c := SetTimeout(ms, w.says("c"))
	w.after(ms)
	c.Clear()
	assert.Equal(t, []string{"timer 1ms", "c"}, w.Take())
}

func TestClearInsideOfAnother(t *testing.T) {
	w := newWorld(t)
	var b, c *Timer
	SetTimeout(10*ms, func() {
		w.Note("a")
		b.Clear()
		c.Clear()
		SetTimeout(5*ms, w.says("new"))
	})
	b = SetTimeout(10*ms, w.says("b"))
	c = SetInterval(20*ms, w.says("c"))
	w.Take()
	w.after(10 * ms)
	assert.Equal(t, []string{"a", "timer 5ms"}, w.Take())
}

func TestTicksComeBetween(t *testing.T) {
	w := newWorld(t)
	SetTimeout(ms, func() { w.Note("a"); port.NextTick(port.TaskFunc(w.says("tick"))) })
	SetTimeout(ms, w.says("b"))
	w.Take()
	w.after(ms)
	assert.Equal(t, []string{"a", "tick", "b"}, w.Take())
}

func TestNativeTimersKeepRunAlive(t *testing.T) {
	var order []string
	var interval *Timer
	interval = SetInterval(ms, func() {
		order = append(order, "interval")
		if len(order) == 2 {
			interval.Clear()
			SetTimeout(ms, func() { order = append(order, "timeout") })
		}
	})
	port.Run()
	assert.Equal(t, []string{"interval", "interval", "timeout"}, order)
}

func TestNativePanicForgetsTimers(t *testing.T) {
	SetTimeout(time.Hour, func() {})
	SetTimeout(0, func() { panic("in a timer") })
	assert.PanicsWithValue(t, "in a timer", port.Run)
	port.Run()
	called := false
	SetTimeout(0, func() { called = true })
	port.Run()
	assert.True(t, called)
}
