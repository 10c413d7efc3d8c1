// Package raw is an HTTP client for tests that knows no more than it must: it sends the bytes it is given, in the
// pieces it is given, and reads what comes back without any leniency. It shares no code with the servers
// under test.
package raw

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// Patience bounds each wait for a server. A test never waits that long unless it fails.
const Patience = 30 * time.Second

// Conn is a connection to a server. Its methods end the test when the server does not behave.
type Conn struct {
	t   testing.TB
	net net.Conn
	in  *bufio.Reader
}

// Dial connects to addr, "host:port" or "unix:/path". The connection is closed with the test.
func Dial(t testing.TB, addr string) *Conn {
	t.Helper()
	network := "tcp"
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		network, addr = "unix", path
	}
	c, err := net.DialTimeout(network, addr, Patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // it may be closed already
	return &Conn{t: t, net: c, in: bufio.NewReader(c)}
}

// Send writes each piece by itself. That the server has closed the connection is no error here: what it sent before
// tells why.
func (c *Conn) Send(pieces ...string) {
	c.t.Helper()
	for _, p := range pieces {
		c.patience()
		if _, err := io.WriteString(c.net, p); err != nil {
			if timeout(err) {
				c.t.Fatalf("the server does not read: %v", err)
			}
			return
		}
	}
}

// SendBytes writes each byte by itself.
func (c *Conn) SendBytes(s string) {
	c.t.Helper()
	for i := range len(s) {
		c.Send(s[i : i+1])
	}
}

// Fill writes s again and again until the peer takes no more for that long, or limit bytes are written. It returns how
// many were. A slow machine may make it stop early, never late.
func (c *Conn) Fill(s string, limit int, pause time.Duration) (written int) {
	c.t.Helper()
	for written < limit {
		c.check(c.net.SetWriteDeadline(time.Now().Add(pause)))
		n, err := io.WriteString(c.net, s[written%len(s):])
		written += n
		switch {
		case timeout(err):
			return written
		case err != nil:
			c.t.Fatal(err)
		}
	}
	return written
}

// CloseWrite ends the sending side.
func (c *Conn) CloseWrite() {
	if half, ok := c.net.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // the server may have been faster
	}
}

// Close closes the connection.
func (c *Conn) Close() { _ = c.net.Close() }

// Reset breaks the connection, so that the server gets a reset instead of an end.
func (c *Conn) Reset() {
	if tcp, ok := c.net.(*net.TCPConn); ok {
		c.check(tcp.SetLinger(0))
	}
	c.Close()
}

// Response reads the next response, which must be there and be complete. method is that of its request.
func (c *Conn) Response(method string) *Response {
	c.t.Helper()
	r, err := c.Next(method)
	if err != nil {
		c.t.Fatalf("no response: %v", err)
	}
	if !r.Complete {
		c.t.Fatalf("the response is cut off: %v", r)
	}
	return r
}

// Next reads the next response. The error is io.EOF if the server has closed the connection in its place.
func (c *Conn) Next(method string) (*Response, error) {
	c.patience()
	return Read(c.in, method)
}

// Byte reads one byte of what the server sends.
func (c *Conn) Byte() {
	c.t.Helper()
	c.patience()
	_, err := c.in.ReadByte()
	c.check(err)
}

// Rest reads until the server closes or breaks the connection.
func (c *Conn) Rest() string {
	c.t.Helper()
	c.patience()
	rest, err := io.ReadAll(c.in)
	if timeout(err) {
		c.t.Fatalf("the server does not close the connection; it sent %q", rest)
	}
	return string(rest)
}

// Closed fails the test unless the server sends nothing more and closes the connection.
func (c *Conn) Closed() {
	c.t.Helper()
	if rest := c.Rest(); rest != "" {
		c.t.Fatalf("%q in place of the connection's end", rest)
	}
}

func (c *Conn) patience() { _ = c.net.SetDeadline(time.Now().Add(Patience)) } // a closed connection says so later

func (c *Conn) check(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func timeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}
