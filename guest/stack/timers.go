package stack

// Each connection has three timers. All timers of one class and listener have the same duration,
// so a list in order of arming is a list in order of time: arming and disarming are O(1), and the
// next one due is at the front of one of few lists.

type timeClass uint8

const (
	timeHeaders   timeClass = iota // Options.HeadersTimeout
	timeRequest                    // Options.RequestTimeout
	timeBodyIdle                   // Options.BodyIdleTimeout
	timeKeepAlive                  // Options.KeepAliveTimeout
	timeWriteIdle                  // Options.WriteIdleTimeout
	timeLinger                     // Options.LingerTimeout
	timeClasses
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
	t.disarm()
	l := &t.conn.listener.timers[class]
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

// Timer tells that the time asked for with SetTimer has come.
func (e *Engine) Timer(now int64) {
	e.enter(now)
	e.armed = 0
	// A connection that expires may remove its listener, and with it this element.
	for i := len(e.listeners) - 1; i >= 0; i-- {
		timers := &e.listeners[i].timers
		for class := range timers {
			for t := timers[class].first; t != nil && t.at <= now; t = timers[class].first {
				t.disarm()
				e.expire(t.conn, timeClass(class))
			}
		}
	}
	next := int64(0)
	for _, l := range e.listeners {
		for class := range l.timers {
			if t := l.timers[class].first; t != nil && (next == 0 || t.at < next) {
				next = t.at
			}
		}
	}
	if next != 0 && (e.armed == 0 || next < e.armed) {
		e.armed = next
		e.sockets.SetTimer(next)
	}
}

// expire acts on a timer of c that has run out.
func (e *Engine) expire(c *conn, class timeClass) {
	switch class {
	case timeHeaders, timeRequest, timeBodyIdle:
		e.reject(c, replyTimeout)
		e.settle(c)
	case timeKeepAlive, timeLinger:
		e.drop(c)
	case timeWriteIdle:
		e.sever(c)
		e.settle(c)
	}
}
