package dialog

import (
	"errors"
	"io"
	"net"
	"time"
)

// conn is a connection of the peer. It is read all the time, unless it is held.
type conn struct {
	stage *Stage
	net   stream
	name  string

	// Under the stage's lock.
	received []byte
	searched int    // how much of it awaitBytes has done with
	ended    string // "end" or "reset" when the program has closed it
	half     bool   // the end that comes is not answered with the other
	held     bool
}

// stream is a connection of TCP or of a Unix socket.
type stream interface {
	net.Conn
	CloseWrite() error
	SetReadBuffer(bytes int) error
}

// open begins to read.
func (s *Stage) open(c net.Conn, half, held bool) *conn {
	x := &conn{stage: s, net: c.(stream), half: half, held: held}
	if held {
		_ = x.net.SetReadBuffer(64 << 10) // so that the kernel takes little in its place
	}
	go x.read()
	return x
}

func (c *conn) read() {
	buffer := make([]byte, 64<<10)
	for {
		c.stage.await(patience, func() bool { return !c.held })
		n, err := c.net.Read(buffer)
		c.stage.change(func() {
			c.received = append(c.received, buffer[:n]...)
			switch {
			case errors.Is(err, io.EOF):
				c.ended = "end"
			case err != nil && !errors.Is(err, net.ErrClosed):
				c.ended = "reset"
			}
		})
		if err != nil {
			if c.ended == "reset" || c.ended == "end" && !c.half {
				c.close()
			}
			return
		}
	}
}

// send writes. That the program does not read any more is no error: the log tells why.
func (c *conn) send(text string) {
	_ = c.net.SetWriteDeadline(time.Now().Add(patience))
	_, _ = io.WriteString(c.net, text)
}

func (c *conn) close() { _ = c.net.Close() }

// reset breaks the connection, as far as its kind can be broken.
func (c *conn) reset() {
	if tcp, ok := c.net.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	c.close()
}
