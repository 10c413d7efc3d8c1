package tlslisten

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// slots bound the handshakes in progress.
//
// When all are taken, a handshake that has taken grace or longer gives way to a new connection, the oldest first: else a few
// silent peers could keep everybody out, for the whole of their timeouts. A burst of peers that are quick just waits.
type slots struct {
	max   int
	freed chan struct{} // a token if some were freed since the last look

	mu    sync.Mutex
	taken int
	slow  list.List // of *slot: those in progress, the oldest first
}

// grace is how long a handshake never gives way: a few round trips around the world.
const grace = time.Second

// slot is the place of one connection.
type slot struct {
	all     *slots
	began   time.Time
	cancel  context.CancelFunc
	element *list.Element // nil: its handshake is over, or gave way
	gaveWay bool
}

func newSlots(n int) *slots { return &slots{max: n, freed: make(chan struct{}, 1)} }

// take takes a slot, once there is one, for a handshake that cancel ends. It returns nil if done is closed before. It is called by
// one goroutine only.
func (s *slots) take(done <-chan struct{}, cancel context.CancelFunc) *slot {
	for {
		t, wait := s.try(cancel)
		if t != nil {
			return t
		}
		timer := time.NewTimer(wait)
		select {
		case <-s.freed:
		case <-timer.C:
		case <-done:
			timer.Stop()
			return nil
		}
		timer.Stop()
	}
}

// try takes a slot, or has the oldest give way, or says how long to wait for that.
func (s *slots) try(cancel context.CancelFunc) (*slot, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.taken < s.max {
		s.taken++
		t := &slot{all: s, began: now, cancel: cancel}
		t.element = s.slow.PushBack(t)
		return t, 0
	}
	if front := s.slow.Front(); front != nil {
		oldest := front.Value.(*slot)
		if left := grace - now.Sub(oldest.began); left > 0 {
			return nil, left
		}
		oldest.gaveWay = true
		s.drop(oldest)
		oldest.cancel() // it frees its slot then, at once as a rule
	}
	return nil, grace
}

// drop takes t off the list. s.mu is held.
func (s *slots) drop(t *slot) {
	if t.element != nil {
		s.slow.Remove(t.element)
		t.element = nil
	}
}

// free gives a slot back.
func (s *slots) free(t *slot) {
	s.mu.Lock()
	s.drop(t)
	s.taken--
	s.mu.Unlock()
	select {
	case s.freed <- struct{}{}:
	default:
	}
}

// finish takes note that the handshake is over: t holds its slot until somebody takes the connection, and does not give way.
func (t *slot) finish() {
	t.all.mu.Lock()
	t.all.drop(t)
	t.all.mu.Unlock()
}

// reason returns why a handshake failed that returned err.
func (t *slot) reason(ctx context.Context, err error) error {
	t.all.mu.Lock()
	defer t.all.mu.Unlock()
	switch {
	case t.gaveWay:
		return errGaveWay
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return err
}
