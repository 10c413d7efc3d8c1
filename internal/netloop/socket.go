package netloop

import (
	"errors"
	"net"
	"sync/atomic"

	"github.com/portholehttp/porthole/abi"
)

// signals are what goroutines, or the loop itself for its next turn, tell the loop about a socket.
type signals uint32

const (
	readable signals = 1 << iota // fdSocket: try to read; stream: a chunk or an error is there
	again                        // there is more to read than one turn allowed, or Pause has left some
	writable                     // fdSocket: there is room in the kernel's buffer
	lost                         // fdSocket: the poller gave up, no readable will follow
	failed                       // socket.failure says how
	worked                       // stream: the write or shutdown in flight is done
	expired                      // stream: WriteFlushTimeout is over
	gone                         // stream: the connection is closed
)

// socket is the part of a connection that is the same for every transport. All but signals belong to the loop's goroutine.
type socket struct {
	loop      *Loop
	handle    Handle
	conn      net.Conn
	transport transport
	signals   atomic.Uint32 // what the loop has not seen yet; not zero: in the inbox

	paused  bool
	ended   bool // End was delivered
	shut    bool // Shutdown was called
	hungry  bool // a Write took less than it was offered: Writable is due
	bulk    bool // Data brings as much as the read buffer takes
	talked  bool // a TLS handshake is over, if there is one
	closed  bool // the handle is stale, no event may come
	failure abi.Status
}

// transport moves a socket's bytes. Its methods are called on the loop's goroutine and do not block.
type transport interface {
	// start begins to watch the connection.
	start()
	// ready deals with signals, which may concern what was before a close.
	ready(set signals)
	// write takes some of p. If it is not all, the transport calls socket.room later.
	write(p []byte) (int, abi.Status)
	// shutdown ends the sending side after the bytes written so far. It is called once.
	shutdown() abi.Status
	// setOption sets a valid option.
	setOption(o option) abi.Status
	// resume goes on with what paused held up. It delivers nothing itself.
	resume()
	// close closes the connection; the socket is marked closed already.
	close(reset bool)
}

// attach makes a socket of a connection.
func (l *Loop) attach(t task) {
	if t.acceptor != nil {
		<-t.acceptor.backlog
	}
	if e := l.handles.find(t.listener); l.stopped.Load() || (t.listener != 0 && (e == nil || e.listener == nil)) {
		l.running.Go(func() { _ = t.conn.Close() }) // it may block: TLS says goodbye
		return
	}
	s := newSocket(l, t.conn)
	s.handle = l.handles.add(s, nil)
	s.transport.start()
	l.handler.Accept(s.handle, t.listener, l.now)
}

// closeSocket makes the handle stale and closes the connection.
func (l *Loop) closeSocket(s *socket, reset bool) {
	l.handles.remove(s.handle)
	s.closed = true
	s.transport.close(reset)
}

// buffer returns the memory for what the next Data brings.
func (s *socket) buffer() []byte {
	b := s.loop.config.ReadBuffer()
	if !s.bulk {
		b = b[:min(len(b), DefaultReadBufferSize)]
	}
	return b
}

// silent reports whether no event may be delivered for s now.
func (s *socket) silent() bool { return s.closed || s.loop.stopped.Load() }

// fail ends a socket whose connection is broken.
func (s *socket) fail(status abi.Status) {
	if s.silent() {
		return
	}
	s.loop.closeSocket(s, false)
	s.loop.handler.Close(s.handle, status, s.loop.now)
}

// failLater is fail for a caller that must not deliver events: Close follows from the loop.
func (s *socket) failLater(status abi.Status) {
	s.failure = status
	s.loop.inbox.signal(s, failed)
}

// end delivers End.
func (s *socket) end() {
	if !s.ended {
		s.ended = true
		s.loop.handler.End(s.handle, s.loop.now)
	}
}

// room delivers Writable if it is due.
func (s *socket) room() {
	if s.hungry && !s.shut && !s.silent() {
		s.hungry = false
		s.loop.handler.Writable(s.handle, s.loop.now)
	}
}

// statusOf says how an error of a connection ended it.
func statusOf(err error) abi.Status {
	if errors.Is(err, net.ErrClosed) {
		return abi.StatusClosed // not by the peer, nor by CloseHandle: somebody else had hold of it
	}
	return abi.StatusReset
}
