package netloop

import (
	"net"
	"sync"
)

// inbox is what other goroutines have for the loop.
type inbox struct {
	mu       sync.Mutex
	batch          // the next one
	stopping bool  // Stop was called
	ended    bool  // no task is taken any more
	asleep   bool  // the loop waits for wake
	armedAt  int64 // when the real timer will nudge, on the loop's clock; 0: not armed

	wake func() // called once each time that asleep goes from true to false; does not block
}

// batch is what the loop deals with in one turn.
type batch struct {
	tasks []task
	ready []*socket // those whose signals are not zero, each once
}

func (b *batch) empty() bool { return len(b.tasks) == 0 && len(b.ready) == 0 }

// task is a posted function or a connection to attach.
type task struct {
	run      func()
	conn     net.Conn
	listener Handle
	acceptor *listener // not nil: it counts conn in its backlog
}

// rouse wakes the loop if it sleeps. mu is held.
func (b *inbox) rouse() {
	if b.asleep {
		b.asleep = false
		b.wake()
	}
}

// signal tells the loop something about s.
func (b *inbox) signal(s *socket, set signals) {
	if s.signals.Or(uint32(set)) != 0 {
		return // queued already
	}
	b.mu.Lock()
	b.ready = append(b.ready, s)
	b.rouse()
	b.mu.Unlock()
}

// post queues t, unless the loop has ended.
func (b *inbox) post(t task) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return false
	}
	b.tasks = append(b.tasks, t)
	b.rouse()
	return true
}

// nudge is the real timer's function.
func (b *inbox) nudge() {
	b.mu.Lock()
	b.armedAt = 0
	b.rouse()
	b.mu.Unlock()
}

func (b *inbox) stop() {
	b.mu.Lock()
	b.stopping = true
	b.rouse()
	b.mu.Unlock()
}
