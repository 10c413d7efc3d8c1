package stack

import (
	"maps"
	"math"
	"slices"

	"github.com/portholehttp/porthole/abi"
)

// All timers of one list have the same duration, so a list in order of arming is a list in order of time: arming and
// disarming are O(1), and the next one due is at the front of one of few lists. There is a list for each class of each
// terms; and one for each duration that handlers have chosen, as timeouts of sockets and of idle connections to servers.
//
// A timer that is armed anew while it runs, or is suspended, as that of a connection is with each request, stays where it is and is only told its new
// time: to move it would touch the connections before and behind it. When its turn comes it goes to where that time is. Those that did are
// not in order of arming any more, but in a heap: lateTimers.

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
	due        int64 // when it runs out; never: it was suspended
	at         int64 // where it is in list: not later than due
	list       *timerList
	prev, next *timer
	late       int32 // its place in list.late, from 1; 0: it is not there
	class      timeClass
}

// timerList holds armed timers.
type timerList struct {
	duration    int64  // nanoseconds; 0: timers of this class are never armed
	first, last *timer // those of the last arming, the earliest first
	late        lateTimers
}

func (l *timerList) empty() bool { return l.first == nil && len(l.late) == 0 }

// earliest returns the timer that is first by its place, nil if there is none.
func (l *timerList) earliest() *timer {
	t := l.first
	if len(l.late) > 0 && (t == nil || l.late[0].at < t.at) {
		return l.late[0]
	}
	return t
}

// postpone puts t where its new time is.
func (l *timerList) postpone(t *timer) {
	l.remove(t)
	t.at, t.list = t.due, l
	l.late.push(t)
}

func (l *timerList) remove(t *timer) {
	if t.late > 0 {
		l.late.remove(t)
		t.list = nil
		return
	}
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
	if l := t.list; l != nil && l.duration == duration && t.class == class {
		t.due = e.now + duration
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
	maps.DeleteFunc(e.durations, func(_ int64, l *timerList) bool { return l.empty() })
	e.lately = [4]*timerList{}
	e.durationsKept = 2*len(e.durations) + 16
}

func (e *Engine) armIn(t *timer, l *timerList, class timeClass) {
	if t.list == l && t.class == class {
		t.due = e.now + l.duration
		return
	}
	t.disarm()
	if l.duration == 0 {
		return
	}
	t.due = e.now + l.duration
	t.at, t.class, t.list, t.prev = t.due, class, l, l.last
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

// never is later than any time.
const never = math.MaxInt64

// running reports whether t is armed as that class.
func (t *timer) running(class timeClass) bool {
	return t.list != nil && t.class == class && t.due != never
}

// suspend is disarm for a timer that is likely to be armed again as the same class, before it would have run out.
func (t *timer) suspend() { t.due = never }

// disarm leaves the host's timer as it is: firing early is cheaper than setting it each time. It goes with the
// last connection.
func (t *timer) disarm() {
	if t.list != nil {
		t.list.remove(t)
	}
}

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
		if t := l.settle(e.now); t != nil && (next == 0 || t.at < next) {
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
	for t := l.settle(e.now); t != nil && t.at <= e.now; t = l.settle(e.now) {
		class := t.class
		t.disarm()
		e.expire(t.conn, class)
	}
}

// settle returns the timer that is due first, nil if there is none. It puts what is before that where it belongs, if it is soon, which is within a
// 64th of the duration: so timers that are armed again and again have the host call no more often than that. What it returns may be one of
// those then.
func (l *timerList) settle(now int64) *timer {
	soon := now + l.duration>>6
	for {
		t := l.earliest()
		switch {
		case t == nil:
			return nil
		case t.due == never:
			t.disarm()
		case t.due > t.at && t.at <= soon:
			l.postpone(t)
		default:
			return t
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
