package netloop

import (
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/portholehttp/porthole/abi"
)

// stream is a connection of which nothing is known but that it is a net.Conn, whose methods may block.
//
// Its goroutines: one that reads, for all its life; one at a time that writes or shuts down, when there is something to do; and
// at the end one that closes, because even that may block (crypto/tls says goodbye first).
type stream struct {
	socket

	// The reader's until it signals readable, then the loop's until it puts a token into consumed.
	chunk    []byte
	readErr  error
	consumed chan struct{} // closed: the reader is to end

	// The worker's while busy, else the loop's.
	out      []byte
	writeErr error
	work     func()

	// The loop's.
	holds    bool        // chunk and readErr are the loop's
	busy     bool        // a worker is on its way
	finished bool        // the sending side was shut down
	closer   bool        // a goroutine closes the connection
	flush    *time.Timer // from close until the connection is closed
}

func newStream(l *Loop, c net.Conn) *socket {
	s := &stream{socket: socket{loop: l, conn: c}, consumed: make(chan struct{}, 1)}
	_, s.talked = c.(handshakeOver)
	s.transport = s
	s.work = s.worker
	return &s.socket
}

func (s *stream) start() { s.loop.running.Go(s.reader) }

// reader is the goroutine that reads. It has at most one chunk that the loop has not consumed.
func (s *stream) reader() {
	buffer := make([]byte, s.loop.config.StreamBufferSize)
	for {
		n, err := s.conn.Read(buffer)
		if n == 0 && err == nil {
			continue
		}
		s.chunk, s.readErr = buffer[:n], err
		s.loop.inbox.signal(&s.socket, readable)
		if err != nil {
			return
		}
		if _, more := <-s.consumed; !more {
			return
		}
	}
}

func (s *stream) ready(set signals) {
	if set&readable != 0 {
		s.holds = true
		s.talked = s.talked || len(s.chunk) > 0
	}
	if set&worked != 0 {
		s.workDone()
	}
	if set&expired != 0 {
		s.abort()
	}
	if set&gone != 0 && s.flush != nil {
		s.flush.Stop()
		s.flush = nil
		s.loop.closing--
	}
	s.receive()
}

// receive delivers the chunk that the loop holds, and what came after it.
func (s *stream) receive() {
	for s.deliverable() && len(s.chunk) > 0 {
		buffer := s.buffer()
		n := copy(buffer, s.chunk)
		s.chunk = s.chunk[n:]
		s.loop.handler.Data(s.handle, buffer[:n], s.loop.now)
	}
	if !s.deliverable() {
		return
	}
	s.holds = false
	switch {
	case s.readErr == nil:
		s.consumed <- struct{}{}
	case errors.Is(s.readErr, io.EOF):
		s.end()
	default:
		s.fail(statusOf(s.readErr))
	}
}

func (s *stream) deliverable() bool { return s.holds && !s.paused && !s.silent() }

func (s *stream) resume() {
	if s.holds {
		s.loop.inbox.signal(&s.socket, again)
	}
}

func (s *stream) write(p []byte) (int, abi.Status) {
	if s.busy {
		return 0, abi.StatusOK
	}
	s.out = append(s.loop.buffers.get(), p[:min(len(p), writeBufferSize)]...)
	s.dispatch()
	return len(s.out), abi.StatusOK
}

func (s *stream) shutdown() abi.Status {
	if _, ok := s.conn.(closeWriter); !ok {
		return abi.StatusUnsupported
	}
	if !s.busy {
		s.finish()
	}
	return abi.StatusOK
}

type closeWriter interface{ CloseWrite() error }

// finish shuts the sending side down.
func (s *stream) finish() {
	s.finished = true
	s.dispatch()
}

// dispatch starts a worker. There is none.
func (s *stream) dispatch() {
	s.busy = true
	s.loop.running.Add(1)
	go s.work()
}

// worker is a goroutine that writes out, or if that is nil shuts the sending side down.
func (s *stream) worker() {
	defer s.loop.running.Done()
	if s.out != nil {
		_, s.writeErr = s.conn.Write(s.out)
	} else if s.writeErr = s.conn.(closeWriter).CloseWrite(); errors.Is(s.writeErr, syscall.ENOTCONN) {
		s.writeErr = nil // the peer has gone entirely; what it left is still to be read
	}
	s.loop.inbox.signal(&s.socket, worked)
}

// workDone goes on with what has waited for the worker.
func (s *stream) workDone() {
	s.busy = false
	if s.out != nil {
		s.loop.buffers.put(s.out)
		s.out = nil
	}
	switch {
	case s.closed:
		s.closeConn()
	case s.writeErr != nil:
		s.fail(statusOf(s.writeErr))
	case s.shut && !s.finished:
		s.finish()
	default:
		s.room()
	}
}

// close gives a write in flight WriteFlushTimeout to finish, and the closing itself what is left of that.
func (s *stream) close(reset bool) {
	close(s.consumed)
	s.loop.closing++
	s.flush = time.AfterFunc(s.loop.config.WriteFlushTimeout, func() { s.loop.inbox.signal(&s.socket, expired) })
	switch {
	case reset:
		s.abort()
	case !s.busy:
		s.closeConn()
	}
}

// closeConn closes the connection in its own way.
func (s *stream) closeConn() {
	if s.closer {
		return
	}
	s.closer = true
	s.loop.running.Go(func() {
		_ = s.conn.Close()
		s.loop.inbox.signal(&s.socket, gone)
	})
}

// abort cuts the connection under whatever is in flight, with RST if it is TCP or something that has that too.
func (s *stream) abort() {
	if s.flush == nil {
		return // it is closed
	}
	s.closer = true
	s.loop.running.Go(func() {
		inner := innermost(s.conn)
		if t, ok := inner.(interface{ SetLinger(seconds int) error }); ok {
			_ = t.SetLinger(0)
		}
		_ = inner.Close()
		_ = s.conn.Close() // whatever it has to release; there is nobody left to say goodbye to
		s.loop.inbox.signal(&s.socket, gone)
	})
}

// handshakeOver is a connection that has its TLS handshake behind it, such as those of internal/tlsconn.
type handshakeOver interface{ HandshakeOver() }

// innermost finds the connection that c is a layer over, as crypto/tls names it.
func innermost(c net.Conn) net.Conn {
	for {
		layer, ok := c.(interface{ NetConn() net.Conn })
		if !ok || layer.NetConn() == nil {
			return c
		}
		c = layer.NetConn()
	}
}
