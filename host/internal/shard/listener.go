package shard

import (
	"net"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/internal/netloop"
)

// attachBacklog is how many connections of a listener may wait for the shard to take them up. More wait in the
// kernel, or go to other shards.
const attachBacklog = 64

// Listener is a listener of the host as one shard knows it. Its exported methods are safe for concurrent use.
type Listener struct {
	shard   *Shard
	handle  netloop.Handle
	options abi.Options
	waiting chan struct{} // a token for each connection that was attached and not announced
	closed  chan struct{} // closed when the shard takes no more
}

func (s *Shard) newListener(o abi.Options) *Listener {
	return &Listener{shard: s, options: o, waiting: make(chan struct{}, attachBacklog), closed: make(chan struct{})}
}

// OpenListener makes a listener known to the stack.
func (s *Shard) OpenListener(o abi.Options) (*Listener, error) {
	l := s.newListener(o)
	result := make(chan error, 1)
	if !s.loop.Post(func() { result <- s.openListener(l) }) {
		return nil, ErrClosed
	}
	if err := <-result; err != nil {
		return nil, err
	}
	return l, nil
}

func (s *Shard) openListener(l *Listener) error {
	if s.draining || s.stack == nil {
		return ErrClosed
	}
	l.handle = s.loop.NewListenerHandle()
	err := s.open(l)
	if err == nil {
		s.listeners = append(s.listeners, l)
	} else {
		s.loop.CloseHandle(l.handle, true)
	}
	s.settle()
	return err
}

// Load is how many connections the shard has, with those of the listener that it has not taken up.
func (l *Listener) Load() int { return l.shard.loop.Sockets() + len(l.waiting) }

// TryAttach hands a connection over, unless too many wait already.
func (l *Listener) TryAttach(c net.Conn) bool {
	select {
	case l.waiting <- struct{}{}:
		l.shard.loop.Attach(c, l.handle)
		return true
	default:
		return false
	}
}

// Attach hands a connection over once not too many wait, or closes it if closed is closed first or l is.
func (l *Listener) Attach(c net.Conn, closed <-chan struct{}) {
	select {
	case l.waiting <- struct{}{}:
		l.shard.loop.Attach(c, l.handle)
	case <-closed:
		_ = c.Close() // nothing was sent yet
	case <-l.closed:
		_ = c.Close()
	}
}

// announced takes note that a connection of a listener has been taken up.
func (s *Shard) announced(handle netloop.Handle) {
	if l := s.servers[handle]; l != nil {
		<-l.waiting
		return
	}
	for _, l := range s.listeners {
		if l.handle == handle {
			<-l.waiting
			return
		}
	}
}

// Close has the stack finish what came in. Connections that were not announced yet are closed.
func (l *Listener) Close() {
	s := l.shard
	s.loop.Post(func() {
		s.closeListener(l)
		s.settle()
	})
}

func (s *Shard) closeListener(l *Listener) {
	if own := s.servers[l.handle]; own != nil {
		s.operate(abi.OpListenerClose, uint64(l.handle), 0, nil, nil, 0)
		s.release(own) // in case the stack did not
		return
	}
	for i := range s.listeners {
		if s.listeners[i] == l {
			s.listeners = append(s.listeners[:i], s.listeners[i+1:]...)
			s.operate(abi.OpListenerClose, uint64(l.handle), 0, nil, nil, 0)
			s.loop.CloseHandle(l.handle, false) // in case the stack did not
			close(l.closed)
			return
		}
	}
}
