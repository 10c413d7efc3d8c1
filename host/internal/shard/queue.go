package shard

import (
	"bytes"

	"github.com/portholehttp/porthole/abi"
)

// queue is what waits for an instance of a version, first come, first served. Each waits equally long at most, so the first is the
// first whose time is up. It is bounded by Limits.MaxQueuedRequests, and each by its head and two pieces of body: the exchange is paused.
type queue struct {
	waiting []*waiting // from first on; those that have left are nil
	first   int
	length  int // that have not left
}

// waiting is a request, or a connection, that waits for an instance.
type waiting struct {
	version  *version
	place    int     // in queue.waiting
	listener *server // on which it came; nil: one of the host
	begin    copied
	later    []copied
	received int64 // bytes of the body
	paused   bool  // by the host
	until    int64 // on the loop's clock
	observer ExchangeObserver
}

// copied is an event whose head and body are out of the stack's memory.
type copied struct {
	event
	head, body []byte
}

func (s *Shard) copyEvent(e *event) copied {
	return copied{*e, bytes.Clone(s.stack.view(e.Head)), bytes.Clone(s.stack.view(e.Body))}
}

// wait has what an event begins wait for an instance, or refuses it.
func (v *version) wait(e *event, l *server, o ExchangeObserver) {
	s := v.shard
	if v.retired && l == nil || v.down() || v.queue.length >= v.Limits.MaxQueuedRequests {
		observeRefusal(o, 503)
		s.refuse(e.Target, 503)
		return
	}
	w := &waiting{
		version: v, listener: l, begin: s.copyEvent(e), observer: o,
		received: int64(e.Body.Size), until: v.deadline(),
	}
	if e.Flags&abi.EventEnd == 0 && e.Kind != abi.EventConnection {
		s.operate(abi.OpRequestPause, e.Target, 0, nil, nil, 0)
		w.paused = true
	}
	q := &v.queue
	w.place = len(q.waiting)
	q.waiting = append(q.waiting, w)
	q.length++
	s.waiting[e.Target] = w
	if q.length == 1 {
		v.queueTimer.Set(w.until)
	}
	if v.Observer != nil {
		v.Observer.Queued(1)
	}
	v.grow()
}

// deadline returns when what begins to wait now has waited for too long.
func (v *version) deadline() int64 {
	return later(v.shard.loop.Now(), v.Limits.QueueTimeout)
}

// leave takes w out of its queue.
func (s *Shard) leave(w *waiting) {
	v := w.version
	q := &v.queue
	q.waiting[w.place] = nil
	q.length--
	for q.first < len(q.waiting) && q.waiting[q.first] == nil {
		q.first++
	}
	switch {
	case q.length == 0:
		q.waiting, q.first = q.waiting[:0], 0
		v.queueTimer.Set(0)
	case q.first > len(q.waiting)/2: // as many are moved as have left
		n := copy(q.waiting, q.waiting[q.first:])
		clear(q.waiting[n:])
		q.waiting, q.first = q.waiting[:n], 0
		for place, other := range q.waiting {
			if other != nil {
				other.place = place
			}
		}
	}
	delete(s.waiting, w.begin.Target)
	if v.Observer != nil {
		v.Observer.Queued(-1)
	}
	s.stir(v)
}

// dismissWaiting answers what waits with a status, and takes it out of its queue.
func (s *Shard) dismissWaiting(w *waiting, status int) {
	s.leave(w)
	observeRefusal(w.observer, status)
	s.refuse(w.begin.Target, status)
}

// head returns what has waited longest, nil if nothing waits.
func (q *queue) head() *waiting {
	if q.length == 0 {
		return nil
	}
	return q.waiting[q.first]
}

// expire is called when something may have waited for too long.
func (v *version) expire(now int64) {
	s := v.shard
	for w := v.queue.head(); w != nil; w = v.queue.head() {
		if w.until > now {
			v.queueTimer.Set(w.until)
			break
		}
		s.dismissWaiting(w, 503)
	}
	s.settle()
}

// clearQueue answers all that waits.
func (v *version) clearQueue(status int) {
	for w := v.queue.head(); w != nil; w = v.queue.head() {
		v.shard.dismissWaiting(w, status)
	}
}

// serveQueue gives what waits to instances, as far as there are any.
func (v *version) serveQueue() {
	s := v.shard
	for w := v.queue.head(); w != nil && s.fault == nil; w = v.queue.head() {
		if v.down() || w.inVain() {
			s.dismissWaiting(w, 503)
			continue
		}
		i := v.instanceFor(w.listener)
		if i == nil {
			v.grow()
			return
		}
		s.leave(w)
		s.serveWaiting(i, w)
	}
}

// inVain reports whether w came on a listener of an instance that is gone, and no other has taken the listener up.
func (w *waiting) inVain() bool {
	l := w.listener
	return l != nil && l.owner.dead && w.version.shard.servers[l.handle] != l
}

// serveWaiting gives what has waited to i.
func (s *Shard) serveWaiting(i *instance, w *waiting) {
	handle := s.serve(i, &w.begin.event, &w.begin, w.listener, w.observer)
	for n := range w.later {
		x := s.handles.get(handle)
		if x == nil {
			return
		}
		s.deliverTo(&w.later[n].event, x, &w.later[n])
	}
	if x := s.handles.get(handle); x != nil && w.paused && !x.paused {
		s.operate(abi.OpRequestResume, x.stack, 0, nil, nil, 0)
	}
}

// deliverWaiting keeps an event of something that waits.
func (s *Shard) deliverWaiting(w *waiting, e *event) {
	if e.Flags&abi.EventDone != 0 { // nobody needs an answer any more
		s.leave(w)
		if w.observer != nil {
			w.observer.End(false, 0)
		}
		return
	}
	w.received += int64(e.Body.Size)
	if most := w.version.Limits.MaxBodyBytes; most > 0 && w.received > most && w.begin.Kind != abi.EventUpgrade && w.begin.Kind != abi.EventConnect {
		s.dismissWaiting(w, 413)
		return
	}
	w.later = append(w.later, s.copyEvent(e))
}
