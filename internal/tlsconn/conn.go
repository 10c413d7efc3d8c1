package tlsconn

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync/atomic"
)

// Conn is a TLS connection whose handshake is over. Its methods are those of tls.Conn, but for Read and NetConn.
type Conn struct {
	*tls.Conn
	under *transport
}

// Server speaks TLS as a server over c. If the handshake fails, or ctx ends before, it returns why; c is the caller's to close
// then, and may be closed already.
func Server(ctx context.Context, c net.Conn, config *tls.Config) (*Conn, error) {
	return handshake(ctx, c, config, tls.Server)
}

// Client is Server for the other side.
func Client(ctx context.Context, c net.Conn, config *tls.Config) (*Conn, error) {
	return handshake(ctx, c, config, tls.Client)
}

func handshake(ctx context.Context, c net.Conn, config *tls.Config, side func(net.Conn, *tls.Config) *tls.Conn) (*Conn, error) {
	under := &transport{Conn: c}
	t := side(under, config)
	if err := t.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return &Conn{t, under}, nil
}

// Read is tls.Conn.Read, but returns io.ErrUnexpectedEOF for a stream that ended without the peer's closure alert.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if errors.Is(err, io.EOF) && c.under.ended.Load() {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// NetConn returns the connection that TLS is spoken over.
func (c *Conn) NetConn() net.Conn { return c.under.Conn }

// Replace has TLS spoken over another connection, which is to carry on with the same bytes. Nothing else may be going on. Its Read may
// return an error that is temporary, as that of a deadline is: then Read returns it, and goes on the next time where it was.
func (c *Conn) Replace(under net.Conn) { c.under.Conn = under }

// HandshakeOver tells a loop that asking for the state of the connection does not wait.
func (c *Conn) HandshakeOver() {}

// transport notes that its connection has ended. After a closure alert crypto/tls does not read on, so that it cannot come to that.
type transport struct {
	net.Conn
	ended atomic.Bool
}

func (t *transport) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	if n == 0 && errors.Is(err, io.EOF) {
		t.ended.Store(true)
	}
	return n, err
}
