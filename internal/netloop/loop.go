package netloop

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// ErrRan is what Run returns when it is called a second time.
var ErrRan = errors.New("netloop: a loop runs only once")

// Loop owns connections and listeners and delivers their events to a Handler.
//
// Post, Attach and Stop may be called from any goroutine; every other method only on the goroutine of Run, from inside
// a Handler or a posted function, or before Run.
type Loop struct {
	config  Config
	inbox   inbox
	ran     atomic.Bool
	stopped atomic.Bool // Stop was called: the rest of a batch is dropped

	// The loop's goroutine only.
	handler Handler
	now     int64  // the batch's reading of the clock
	own     *Timer // of SetTimer
	armed   []*Timer
	due     []*Timer // of this turn
	nap     nap
	poller  *poller   // in place of nap; nil: a goroutine for each socket tells of it
	polled  []*socket // as batch.ready, those that the poller has told of
	cork    cork
	handles table
	batch   batch          // of this turn; empty between turns, and then the inbox's next one
	buffers writeBuffers   // for streams
	closing int            // streams that are closed and still write or close their connection
	running sync.WaitGroup // every goroutine that the loop has started
}

// New returns a Loop that Run will run. Run must be called, or what was given to the loop is never closed.
func New(c Config) *Loop {
	l := &Loop{config: c.withDefaults()}
	l.nap.tokens = make(chan struct{}, 1)
	l.inbox.wake = l.nap.wake
	l.own = l.NewTimer(func(now int64) { l.handler.Timer(now) })
	return l
}

// Run delivers events to h until Stop is called, or with StopWhenIdle until nothing is left to wait for. Then it closes every
// socket and listener as CloseHandle does, without events; and returns when every goroutine of the loop has ended, which
// takes at most Config.WriteFlushTimeout. A panic of h goes through Run as it is. Run returns ErrRan the second time.
func (l *Loop) Run(h Handler) error {
	if !l.ran.CompareAndSwap(false, true) {
		return ErrRan
	}
	l.handler = h
	if !l.config.Portable {
		l.poller = newPoller()
	}
	if l.poller != nil {
		defer l.poller.close()
		if !l.config.NoRing {
			l.cork.start()
		}
		defer l.cork.stop()
		l.inbox.wake = l.poller.wake
	}
	for l.wait() {
		l.turn()
	}
	l.end()
	return nil
}

// wait sleeps until there is a batch, and takes it. It returns false when the loop is to end.
func (l *Loop) wait() bool {
	b := &l.inbox
	b.mu.Lock()
	defer b.mu.Unlock()
	pause := time.Duration(0)
	if b.empty() && (!b.stopping || b.ended) {
		if l.config.StopWhenIdle && l.idle() {
			b.ended = true
			return false
		}
		pause = l.untilDeadline()
	}
	if pause != 0 || l.poller != nil {
		b.asleep = pause != 0
		b.mu.Unlock()
		if l.poller != nil {
			l.poll(pause)
		} else {
			l.nap.sleep(l, pause)
		}
		b.mu.Lock()
		b.asleep = false
	}
	b.ended = b.stopping
	b.batch, l.batch = l.batch, b.batch
	return !b.ended
}

// idle reports whether nothing is left that could cause an event.
func (l *Loop) idle() bool {
	return l.handles.occupied == 0 && l.closing == 0 && len(l.armed) == 0
}

// turn delivers the batch in l.batch.
func (l *Loop) turn() {
	l.now = l.config.Now()
	l.perform()
	l.deliver()
	l.fire()
}

// perform does the batch's tasks.
func (l *Loop) perform() {
	for i := range l.batch.tasks {
		t := l.batch.tasks[i]
		l.batch.tasks[i] = task{}
		if t.run != nil {
			t.run()
		} else {
			l.attach(t)
		}
	}
	l.batch.tasks = l.batch.tasks[:0]
}

// deliver deals with the batch's signals.
func (l *Loop) deliver() {
	l.cork.open = len(l.polled) > 1
	for _, ready := range []*[]*socket{&l.batch.ready, &l.polled} {
		for i, s := range *ready {
			(*ready)[i] = nil
			s.transport.ready(signals(s.signals.Swap(0)))
		}
		*ready = (*ready)[:0]
	}
	l.cork.open = false
	l.cork.flush()
}

// end closes everything and waits for it.
func (l *Loop) end() {
	l.stopped.Store(true)
	l.perform()
	for i := range l.handles.slots {
		switch e := &l.handles.slots[i]; {
		case e.socket != nil:
			l.closeSocket(e.socket, false)
		case e.listener != nil:
			l.closeListener(e.listener)
		}
	}
	for _, t := range l.armed {
		t.at = 0 // its owner may disarm it later
	}
	l.armed = nil
	for l.deliver(); l.closing > 0; l.deliver() {
		l.wait()
	}
	l.nap.end()
	l.running.Wait()
}

// Stop makes Run return. It may be called from any goroutine, also before Run, and more than once. Functions that Post has
// taken still run; no method of the Handler is called after a call of Stop on the loop's goroutine.
func (l *Loop) Stop() {
	l.stopped.Store(true)
	l.inbox.stop()
}

// Post has f called on the loop's goroutine, after the functions that were posted before it. It may be called from
// any goroutine. If it returns true, f is called before Run returns; false says that the loop has ended.
func (l *Loop) Post(f func()) bool {
	return l.inbox.post(task{run: f})
}

// Attach hands over a connection, from any goroutine: Handler.Accept follows. listener is a live handle, or 0 for a connection
// that comes from none. If that listener is closed by then, or the loop has ended, the connection is closed.
// c must have no deadline set, and must be left alone from then on.
func (l *Loop) Attach(c net.Conn, listener Handle) {
	if !l.inbox.post(task{conn: c, listener: listener}) {
		_ = c.Close()
	}
}

// Now reads the loop's clock: monotonic nanoseconds with an arbitrary start, or what Config.Now says.
func (l *Loop) Now() int64 { return l.config.Now() }
