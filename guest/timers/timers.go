// Package timers is Node's setTimeout and setInterval in Go, for handlers. The functions are called by the event loop of package
// http, between its other events. Natively http.Run does not return while one is due.
package timers

import (
	"container/heap"
	"time"

	"github.com/portholehttp/porthole/guest/internal/port"
)

// Timer is a function that will be called, once or again and again.
type Timer struct {
	f        func()
	interval time.Duration // 0: once
	at       time.Duration // on the clock of now
	number   uint64        // of those that are due at the same time the first comes first
	index    int           // in pending, -1 if it is not there
}

// shortest is the least delay, as in Node: so that an interval of 0 leaves time for other events.
const shortest = time.Millisecond

// SetTimeout has f called once, after d or, if that is less than a millisecond, after that.
func SetTimeout(d time.Duration, f func()) *Timer {
	t := &Timer{f: f}
	t.start(d)
	arm()
	return t
}

// SetInterval has f called again and again, each time d after the last call has returned, at least a millisecond.
func SetInterval(d time.Duration, f func()) *Timer {
	t := &Timer{f: f, interval: max(d, shortest)}
	t.start(d)
	arm()
	return t
}

// Clear ends t: its function is not called any more. It does no harm to clear one twice, or one that was called.
func (t *Timer) Clear() {
	t.interval = 0
	if t.index >= 0 {
		heap.Remove(&pending, t.index)
		arm()
	}
}

var (
	pending queue
	started uint64        // counts starts
	armed   time.Duration // what the port's timer is set for; 0: nothing
	firing  bool
)

func init() {
	port.AtEnd(func() {
		for _, t := range pending {
			t.index = -1
		}
		pending, armed, firing = nil, 0, false
	})
}

var begin = time.Now()

// now is a monotonic clock that is never 0. It is a variable for the tests.
var now = func() time.Duration { return time.Since(begin) + 1 }

func (t *Timer) start(d time.Duration) {
	started++
	t.number = started
	t.at = now() + max(d, shortest)
	if t.at < 0 { // later than the clock goes
		t.at = 1<<63 - 1
	}
	heap.Push(&pending, t)
}

// arm sets the port's timer for the first that is due.
func arm() {
	if firing {
		return // it comes at the end
	}
	first := time.Duration(0)
	if len(pending) > 0 {
		first = pending[0].at
	}
	switch {
	case first == armed:
		return
	case first == 0:
		port.SetTimer(-1, nil)
	default:
		port.SetTimer(max(first-now(), 0), fire)
	}
	armed = first
}

// fire calls what is due, with a tick after each.
func fire() {
	armed, firing = 0, true
	for due := now(); len(pending) > 0 && pending[0].at <= due; {
		t := heap.Pop(&pending).(*Timer)
		t.f()
		port.RunTicks()
		if t.interval > 0 && t.index < 0 {
			t.start(t.interval)
		}
	}
	firing = false
	arm()
}

// queue is a heap, the first to be called at its top.
type queue []*Timer

func (q queue) Len() int { return len(q) }

func (q queue) Less(i, j int) bool {
	if q[i].at != q[j].at {
		return q[i].at < q[j].at
	}
	return q[i].number < q[j].number
}

func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

func (q *queue) Push(t any) {
	t.(*Timer).index = len(*q)
	*q = append(*q, t.(*Timer))
}

func (q *queue) Pop() any {
	last := len(*q) - 1
	t := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	t.index = -1
	return t
}
