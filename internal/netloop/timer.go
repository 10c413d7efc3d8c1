package netloop

import (
	"math"
	"time"
)

// SetTimer has Handler.Timer called once when Now has reached at. There is one timer: another call replaces its
// deadline, 0 disarms it. A deadline in the past is due in the loop's next turn.
func (l *Loop) SetTimer(at int64) { l.deadline = at }

// arm makes sure that a nudge comes no later than the deadline; false says that it is there already. A deadline that has
// moved away keeps the earlier nudge: an owner that moves it with every message costs the runtime's timers
// nothing. The inbox is locked.
func (l *Loop) arm() bool {
	b := &l.inbox
	if l.deadline == 0 || (b.armedAt != 0 && b.armedAt <= l.deadline) {
		return true
	}
	now := l.config.Now()
	if now >= l.deadline {
		return false
	}
	wait := time.Duration(l.deadline - now)
	if wait < 0 { // the difference does not fit
		wait = math.MaxInt64
	}
	b.armedAt = l.deadline
	if l.timer == nil {
		l.timer = time.AfterFunc(wait, b.nudge)
	} else {
		l.timer.Reset(wait)
	}
	return true
}
