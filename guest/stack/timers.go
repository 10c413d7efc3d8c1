package stack

import (
	"maps"
	"slices"

	"github.com/portholehttp/porthole/abi"
)

// All timers of one list have the same duration, so a list in order of arming is a list in order of time: arming and
// disarming are O(1), and the next one due is at the front of one of few lists. There is a list for each class of each
// terms; and one for each duration that handlers have chosen, as timeouts of sockets and of idle connections to servers.

type timeClass uint8

const (
	timeHeaders   timeClass = iota // Options.HeadersTimeout
	timeRequest                    // Options.RequestTimeout
	timeBodyIdle                   // Options.BodyIdleTimeout
	timeKeepAlive                  // Options.KeepAliveTimeout
	timeWriteIdle                  // Options.WriteIdleTimeout
	timeLinger                     // Options.LingerTimeout
	timeClasses                    // of terms; the others have a duration of their own

	timeSocket = timeClasses     // abi.SocketTimeout
	timePool   = timeClasses + 1 // Destination.PoolTimeout
)

// timer is an element of a timerList, or of none.
type timer struct {
	conn       *conn
	at         int64
	list       *timerList
	prev, next *timer
	class      timeClass
}

// timerList holds armed timers, the earliest first.
type timerList struct {
	duration    int64 // nanoseconds; 0: timers of this class are never armed
	first, last *timer
}

func (l *timerList) remove(t *timer) {
	if t.prev != nil {
		t.prev.next = t.next
	} else {
		l.first = t.next
	}
	if t.next != nil {
		t.next.prev = t.prev
	} else {
		l.last = t.prev
	}
	t.list, t.prev, t.next = nil, nil, nil
}

// arm starts t anew as a timer of that class.
func (e *Engine) arm(t *timer, class timeClass) {
	e.armIn(t, &t.conn.terms.timers[class], class)
}

// armFor starts t anew with a duration of its own; 0 is none.
func (e *Engine) armFor(t *timer, class timeClass, duration int64) {
	if l := t.list; l != nil && l.duration == duration && t.class == class && l.last == t {
		t.at = e.now + duration
		return
	}
	t.disarm()
	if duration == 0 {
		return
	}
	e.armIn(t, e.lasting(duration), class)
}

// lasting returns the list of a duration that handlers have chosen. They choose few.
func (e *Engine) lasting(duration int64) *timerList {
	for _, l := range e.lately {
		if l != nil && l.duration == duration {
			return l
		}
	}
	l := e.durations[duration]
	if l == nil {
		if len(e.durations) >= e.durationsKept {
			e.dropDurations()
		}
		l = &timerList{duration: duration}
		e.durations[duration] = l
	}
	copy(e.lately[1:], e.lately[:])
	e.lately[0] = l
	return l
}

// dropDurations forgets the lists that are empty, and when to do so next: no sooner than as many again have come.
func (e *Engine) dropDurations() {
	maps.DeleteFunc(e.durations, func(_ int64, l *timerList) bool { return l.first == nil })
	e.lately = [4]*timerList{}
	e.durationsKept = 2*len(e.durations) + 16
}

func (e *Engine) armIn(t *timer, l *timerList, class timeClass) {
	t.disarm()
	if l.duration == 0 {
		return
	}
	t.at, t.class, t.list, t.prev = e.now+l.duration, class, l, l.last
	if l.last != nil {
		l.last.next = t
	} else {
		l.first = t
	}
	l.last = t
	if e.armed == 0 || t.at < e.armed {
		e.armed = t.at
		e.sockets.SetTimer(t.at)
	}
}

// running reports whether t is armed as that class.
func (t *timer) running(class timeClass) bool { return t.list != nil && t.class == class }

// disarm leaves the host's timer as it is: firing early is cheaper than setting it each time. It goes with the
// last connection.
func (t *timer) disarm() {
	if t.list != nil {
		t.list.remove(t)
	}
}

// stale reports whether t was to be disarmed when a request came: the express way saves that.
func (t *timer) stale() bool { return t.class == timeKeepAlive && t.conn.ease == easeAsked }

// Timer tells that the time asked for with SetTimer has come.
func (e *Engine) Timer(now int64) {
	e.enter(now)
	e.armed = 0
	// A connection that expires may remove its listener, and with it this element.
	for i := len(e.listeners) - 1; i >= 0; i-- {
		e.expireAll(&e.listeners[i].terms)
	}
	e.expireAll(&e.outbound)
	for _, duration := range slices.Sorted(maps.Keys(e.durations)) {
		e.expireList(e.durations[duration])
	}
	e.servePools()
	next := int64(0)
	earliest := func(l *timerList) {
		for l.first != nil && l.first.stale() {
			l.first.disarm()
		}
		if t := l.first; t != nil && (next == 0 || t.at < next) {
			next = t.at
		}
	}
	for _, l := range e.listeners {
		for class := range l.timers {
			earliest(&l.timers[class])
		}
	}
	for class := range e.outbound.timers {
		earliest(&e.outbound.timers[class])
	}
	for _, l := range e.durations {
		earliest(l)
	}
	if next != 0 && (e.armed == 0 || next < e.armed) {
		e.armed = next
		e.sockets.SetTimer(next)
	}
}

func (e *Engine) expireAll(t *terms) {
	for class := range t.timers {
		e.expireList(&t.timers[class])
	}
}

func (e *Engine) expireList(l *timerList) {
	for t := l.first; t != nil && t.at <= e.now; t = l.first {
		class, stale := t.class, t.stale()
		t.disarm()
		if !stale {
			e.expire(t.conn, class)
		}
	}
}

// expire acts on a timer of c that has run out.
func (e *Engine) expire(c *conn, class timeClass) {
	c.leaveExpress()
	switch class {
	case timeHeaders, timeRequest, timeBodyIdle:
		if c.raw == nil {
			e.reject(c, replyTimeout)
		} else { // a handler that was told of an error has had its time to say goodbye
			e.sever(c)
		}
		e.settle(c)
	case timeKeepAlive, timeLinger:
		e.drop(c)
	case timePool:
		e.dismiss(c)
	case timeSocket:
		e.events = append(e.events, Event{Kind: abi.EventTimeout, Target: c.handle})
	case timeWriteIdle:
		c.failure = writeTimedOut
		e.sever(c)
		e.settle(c)
	}
}
