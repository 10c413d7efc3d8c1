// Package pipe makes connections within the process. Unlike those of net.Pipe they have buffers, each side can end its sending
// by itself, and one that is cut can be told from one that has ended, as with TCP.
package pipe

import (
	"crypto/tls"
	"errors"
	"net"
	"sync/atomic"
	"time"
)

// Conn is one end of a connection.
type Conn struct {
	in, out       *half
	local, remote net.Addr
	reset, closed atomic.Bool // reset: Close is to cut
}

// New returns both ends of a connection, for the one that connects and the one that accepts. near is the address of the first,
// far of the second.
func New(near, far net.Addr) (connector, acceptor *Conn) {
	a, b := newHalf(), newHalf()
	return &Conn{in: a, out: b, local: near, remote: far}, &Conn{in: b, out: a, local: far, remote: near}
}

// Read returns io.EOF when the other side has ended its sending and all was read, ECONNRESET when it has cut the connection, and
// net.ErrClosed after Close.
func (c *Conn) Read(p []byte) (int, error) { return c.in.read(p) }

// Write waits while the buffer is full. It returns EPIPE when the other side is closed.
func (c *Conn) Write(p []byte) (int, error) { return c.out.write(p) }

// CloseWrite ends the sending. The other side reads what was sent, and then io.EOF.
func (c *Conn) CloseWrite() error {
	c.out.end(errEnded)
	return nil
}

// Close ends both directions, the first time. What was sent can still be read by the other side, unless SetLinger(0) was called before.
func (c *Conn) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	if c.reset.Load() {
		c.out.end(errReset)
	} else {
		c.out.end(errEnded)
	}
	c.in.abandon()
	return nil
}

// SetLinger makes Close cut the connection if seconds is 0, as with TCP.
func (c *Conn) SetLinger(seconds int) error {
	c.reset.Store(seconds == 0)
	return nil
}

// Alive reports whether the other side can send still, and nothing that it has sent is unread.
func (c *Conn) Alive() bool { return c.in.silent() }

func (c *Conn) LocalAddr() net.Addr  { return c.local }
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

func (c *Conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

func (c *Conn) SetReadDeadline(t time.Time) error  { return c.in.setDeadline(&c.in.readBy, t) }
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.out.setDeadline(&c.out.writeBy, t) }

// Secure is a Conn of which is known what TLS has said on the connection that it stands for.
type Secure struct {
	*Conn
	State *tls.ConnectionState
}

// ConnectionState returns State, as a *tls.Conn would.
func (s Secure) ConnectionState() tls.ConnectionState { return *s.State }
