package netloop

import (
	"math"
	"slices"
	"time"
)

// Timer calls a function on the loop's goroutine when a time has come. A loop is expected to have few.
type Timer struct {
	loop *Loop
	f    func(now int64)
	at   int64 // 0: disarmed; else the timer is in loop.armed
}

// NewTimer returns a disarmed timer. f must obey the rules for a Handler. A timer that is disarmed and no longer referred to is
// garbage like anything else.
func (l *Loop) NewTimer(f func(now int64)) *Timer { return &Timer{loop: l, f: f} }

// Set has the timer's function called once when Now has reached at, instead of at the time set before; 0 disarms it. A
// deadline in the past is due in the loop's next turn. The timer is disarmed before the call.
func (t *Timer) Set(at int64) {
	switch {
	case at == 0 && t.at != 0:
		i := slices.Index(t.loop.armed, t)
		t.loop.armed = slices.Delete(t.loop.armed, i, i+1)
	case at != 0 && t.at == 0:
		t.loop.armed = append(t.loop.armed, t)
	}
	t.at = at
}

// SetTimer sets the loop's own timer, whose function is Handler.Timer.
func (l *Loop) SetTimer(at int64) { l.own.Set(at) }

// deadline returns when the first timer is due, 0 if none is armed.
func (l *Loop) deadline() int64 {
	var first int64
	for _, t := range l.armed {
		if first == 0 || t.at < first {
			first = t.at
		}
	}
	return first
}

// fire calls the timers that are due. What one of them sets anew waits for the next turn.
func (l *Loop) fire() {
	for _, t := range l.armed {
		if t.at <= l.now {
			l.due = append(l.due, t)
		}
	}
	for i, t := range l.due {
		l.due[i] = nil
		if t.at != 0 && t.at <= l.now && !l.stopped.Load() { // another may have changed that
			t.Set(0)
			t.f(l.now)
		}
	}
	l.due = l.due[:0]
}

// untilDeadline returns how long it is until the first timer is due: at least 0, or negative if none is armed.
func (l *Loop) untilDeadline() time.Duration {
	deadline := l.deadline()
	if deadline == 0 {
		return -1
	}
	now := l.config.Now()
	switch wait := deadline - now; {
	case now >= deadline:
		return 0
	case wait < 0: // the difference does not fit
		return math.MaxInt64
	default:
		return time.Duration(wait)
	}
}

// nap is how a loop sleeps that has no poller.
type nap struct {
	tokens chan struct{} // one for each wake
	timer  *time.Timer   // wakes the loop
}

// sleep waits for a token; that comes at the latest when wait is over, unless that is negative. A deadline that has moved away keeps the
// earlier nudge: an owner that moves it with every message costs the runtime's timers nothing.
func (n *nap) sleep(l *Loop, wait time.Duration) {
	if wait >= 0 {
		n.arm(&l.inbox, l.deadline(), wait)
	}
	<-n.tokens
}

func (n *nap) arm(b *inbox, deadline int64, wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.armedAt != 0 && b.armedAt <= deadline {
		return
	}
	b.armedAt = deadline
	if n.timer == nil {
		n.timer = time.AfterFunc(wait, b.nudge)
	} else {
		n.timer.Reset(wait)
	}
}

func (n *nap) wake() { n.tokens <- struct{}{} }

// end undoes arm.
func (n *nap) end() {
	if n.timer != nil {
		n.timer.Stop()
	}
}
