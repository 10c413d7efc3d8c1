//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netloop

import (
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/portholehttp/porthole/abi"
)

const (
	// recordsPerTurn is how many records of one connection are read before others get their turn.
	recordsPerTurn = 8
	// maxSealedWrite is the largest write, in bytes, that becomes records at once. With them it fits into a buffer for writes.
	maxSealedWrite = 60 << 10
	// maxUnsent is how many bytes of records may wait for room while the peer is still read: reading may make some, for each KeyUpdate
	// (RFC 8446 §4.6.3) that asks for one.
	maxUnsent = 128 << 10
)

// sealed is a TLS connection whose handshake is over, and which can do with another connection under it, such as those of
// internal/tlsconn.
type sealed interface {
	net.Conn
	closeWriter
	handshakeOver
	NetConn() net.Conn
	// Replace puts another connection under it. Nothing else is going on.
	Replace(net.Conn)
}

// tlsSocket is a TLS connection whose socket the loop's poller watches. Nothing under crypto/tls blocks: reading finds what the kernel has
// and no more, and writing makes records that the loop sends as it can. What crypto/tls has of a record when reading fails
// for now, it keeps: that error is temporary, as that of a deadline is.
type tlsSocket struct {
	pollSocket
	over   sealed
	holds  bool   // reading is not known to find nothing: the kernel may have bytes, or crypto/tls whole records
	unsent []byte // records; nil: none
	sent   int    // of unsent
}

// newTLSSocket returns nil if the socket under c is not one to be watched.
func newTLSSocket(l *Loop, c sealed) *socket {
	under := c.NetConn()
	raw := rawConn(under)
	if raw == nil {
		return nil
	}
	b, err := takeBare(under, raw)
	if err != nil {
		return nil
	}
	t := &tlsSocket{pollSocket: pollSocket{bareConn: *b}, over: c}
	t.loop, t.conn, t.transport, t.talked = l, c, t, true
	c.Replace((*sealedUnder)(t))
	return &t.socket
}

// sealedUnder is what crypto/tls reads and writes.
type sealedUnder tlsSocket

// Read returns EAGAIN, which is temporary, when there is nothing now.
func (u *sealedUnder) Read(p []byte) (int, error) {
	if !u.readable {
		return 0, syscall.EAGAIN
	}
	n, err := readFD(u.fd, p)
	switch {
	case n == 0 && err == nil && len(p) > 0:
		return 0, io.EOF
	case err != nil:
		u.readable = !errors.Is(err, syscall.EAGAIN)
	default:
		u.readable = n == len(p) || u.hangup // as in pollSocket.receive
	}
	return n, err
}

// Write takes all.
func (u *sealedUnder) Write(p []byte) (int, error) {
	if u.unsent == nil {
		u.unsent = u.loop.buffers.get()
	}
	u.unsent = append(u.unsent, p...)
	return len(p), nil
}

func (u *sealedUnder) LocalAddr() net.Addr              { return u.bareConn.LocalAddr() }
func (u *sealedUnder) RemoteAddr() net.Addr             { return u.bareConn.RemoteAddr() }
func (u *sealedUnder) Close() error                     { return nil } // it is the loop's
func (u *sealedUnder) SetDeadline(time.Time) error      { return nil } // nothing takes time
func (u *sealedUnder) SetReadDeadline(time.Time) error  { return nil }
func (u *sealedUnder) SetWriteDeadline(time.Time) error { return nil }

// start looks at once for what came with the end of the handshake.
func (t *tlsSocket) start() {
	t.pollSocket.start()
	t.readable, t.holds = true, true
	t.resume()
}

func (t *tlsSocket) ready(set signals) {
	if t.closed {
		return // the descriptor is not ours any more
	}
	if set&writable != 0 {
		if t.loop.cork.pay(&t.pollSocket) {
			t.flush()
		}
		if t.unsent == nil && !t.owes {
			t.room()
		}
	}
	if set&failed != 0 {
		t.fail(t.failure)
	}
	if set&readable != 0 {
		t.readable, t.holds = true, true
	}
	t.receive()
}

// receive reads while there is something, for one turn.
func (t *tlsSocket) receive() {
	for range recordsPerTurn {
		switch {
		case !t.holds || t.silent() || t.choked():
			return
		case t.paused || t.ended: // crypto/tls does not look behind the peer's goodbye
			if t.broken {
				t.fail(abi.StatusReset)
			}
			return
		}
		buffer := t.buffer()
		n, err := t.over.Read(buffer)
		t.flush() // in case crypto/tls had something to answer
		if n > 0 {
			t.loop.handler.Data(t.handle, buffer[:n], t.loop.now)
		}
		switch {
		case err == nil:
		case errors.Is(err, syscall.EAGAIN):
			t.holds = false
		case t.paused: // by what Data brought; the error comes again
		case errors.Is(err, io.EOF):
			t.holds = false
			t.end()
		default:
			t.fail(statusOf(err))
		}
	}
	if !t.silent() {
		t.resume()
	}
}

// choked reports whether so much waits for room that what the peer sends has to wait too.
func (t *tlsSocket) choked() bool { return len(t.unsent)-t.sent > maxUnsent }

func (t *tlsSocket) resume() {
	if t.holds && !t.paused {
		t.loop.inbox.signal(&t.socket, again)
	}
}

// write seals all of p, or so much that some waits for room: only then comes an edge that goes on.
func (t *tlsSocket) write(p []byte) (int, abi.Status) {
	n := 0
	for n < len(p) && t.unsent == nil {
		taken, err := t.over.Write(p[n:min(len(p), n+maxSealedWrite)])
		if err != nil {
			t.failLater(abi.StatusReset)
		} else {
			t.flush()
		}
		if t.failure != abi.StatusOK {
			return 0, t.failure
		}
		n += taken
	}
	return n, abi.StatusOK
}

// flush sends what it can of the records. If that fails, Close follows from the loop.
func (t *tlsSocket) flush() {
	rest := t.unsent[t.sent:]
	if len(rest) == 0 {
		return
	}
	n, _ := t.pollSocket.write(rest)
	t.sent += n
	t.owes = t.sent < len(t.unsent)
	if !t.owes {
		t.loop.buffers.put(t.unsent)
		t.unsent, t.sent = nil, 0
	}
}

// shutdown says goodbye, and no more: TLS has no other end of one side.
func (t *tlsSocket) shutdown() abi.Status {
	_ = t.over.CloseWrite() // it cannot fail but for what reading tells
	t.flush()
	return abi.StatusOK
}

// close says goodbye too. What the kernel has no room for yet is sent from a goroutine.
func (t *tlsSocket) close(reset bool) {
	if !reset {
		_ = t.over.Close()
		t.flush()
	}
	rest := t.unsent[t.sent:]
	if reset || len(rest) == 0 || t.failure != abi.StatusOK {
		t.pollSocket.close(reset)
		return
	}
	t.loop.cork.pull(&t.pollSocket)
	t.drainLater(append(t.loop.cork.forgive(&t.pollSocket), rest...))
}
