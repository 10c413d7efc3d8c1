//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netloop

import (
	"errors"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/portholehttp/porthole/abi"
)

// pollSocket is a TCP or Unix socket that the loop's poller watches.
type pollSocket struct {
	socket
	bareConn
	readable bool // not known to be empty
	hangup   bool // the peer has ended its side, or all: a short read does not mean that nothing follows
	broken   bool // the socket has an error, which reading will tell
	corked   bool // the loop's cork has bytes of it
	owes     bool // there are bytes that wait for room, whether Writable is due or not
}

// newSocket chooses the transport. Only the types of package net themselves are read by their descriptor: a type that embeds
// one of them has its methods too, and reading past its Read would lose what that does.
func newSocket(l *Loop, c net.Conn) *socket {
	b, bare := c.(*bareConn)
	switch {
	case bare && l.poller != nil:
		return newPollSocket(l, b)
	case bare:
		c = b.open()
	}
	raw := rawConn(c)
	if raw == nil {
		return newLayered(l, c)
	}
	if l.poller != nil {
		if b, err := takeBare(c, raw); err == nil {
			return newPollSocket(l, b)
		}
	}
	return newFDSocket(l, c, raw)
}

// newLayered is newSocket for what is not a plain socket.
func newLayered(l *Loop, c net.Conn) *socket {
	if t, ok := c.(sealed); ok && l.poller != nil {
		if s := newTLSSocket(l, t); s != nil {
			return s
		}
	}
	return newStream(l, c)
}

// newPollSocket takes the descriptor of b, which counts as closed then.
func newPollSocket(l *Loop, b *bareConn) *socket {
	f := &pollSocket{bareConn: *b}
	b.fd = -1
	f.loop, f.conn, f.transport = l, &f.bareConn, f
	return &f.socket
}

func (f *pollSocket) start() {
	if f.loop.poller.watch(f.fd, f.handle) != nil { // there are too many
		f.failLater(abi.StatusReset)
	}
}

func (f *pollSocket) ready(set signals) {
	if owed := f.owes; set&writable != 0 && f.loop.cork.pay(f) {
		if owed && f.shut && !f.closed {
			f.shutWrite()
		}
		f.room()
	}
	if set&failed != 0 {
		f.fail(f.failure)
	}
	f.readable = f.readable || set&readable != 0
	f.receive()
}

// receive reads while there is something, for one turn.
func (f *pollSocket) receive() {
	for range readsPerTurn {
		switch {
		case !f.readable || f.silent():
			return
		case f.paused:
			if f.broken {
				f.fail(abi.StatusReset)
			}
			return
		}
		buffer := f.buffer()
		n, err := readFD(f.fd, buffer)
		switch {
		case err == nil && n > 0:
			// What comes after this is another edge; what came with a FIN was under one.
			f.readable = n == len(buffer) || f.hangup
			f.loop.handler.Data(f.handle, buffer[:n], f.loop.now)
		case err == nil:
			f.readable = false
			f.end()
		case errors.Is(err, syscall.EAGAIN):
			f.readable = false
		default:
			f.fail(statusOf(err))
		}
	}
	if !f.silent() {
		f.resume()
	}
}

func (f *pollSocket) resume() {
	if f.readable && !f.paused {
		f.loop.inbox.signal(&f.socket, again)
	}
}

func (f *pollSocket) write(p []byte) (int, abi.Status) {
	if f.loop.cork.takes(f, p) {
		return len(p), abi.StatusOK
	}
	f.loop.cork.pull(f)
	if f.loop.cork.owed(f) {
		return 0, abi.StatusOK
	}
	n, err := writeFD(f.fd, p[:min(len(p), maxWrite)])
	if err != nil && !errors.Is(err, syscall.EAGAIN) {
		status := statusOf(err)
		f.failLater(status)
		return 0, status
	}
	return n, abi.StatusOK
}

func (f *pollSocket) shutdown() abi.Status {
	f.loop.cork.pull(f)
	if !f.loop.cork.owed(f) { // else that is written first
		f.shutWrite()
	}
	return abi.StatusOK
}

func (f *pollSocket) shutWrite() {
	_ = unix.Shutdown(f.fd, unix.SHUT_WR) // it fails if the peer has gone entirely; reading what it left tells how
}

func (f *pollSocket) setOption(o option) abi.Status {
	if !f.tcp {
		return abi.StatusUnsupported
	}
	switch o.name {
	case abi.SocketNoDelay:
		_ = unix.SetsockoptInt(f.fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, int(o.value))
	case abi.SocketKeepAlive:
		on := 0
		if o.value >= 0 {
			on = 1
		}
		_ = unix.SetsockoptInt(f.fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, on)
		if o.value > 0 { // 0 is the system's choice
			idle := min(time.Duration(o.value), maxKeepAlive)
			_ = unix.SetsockoptInt(f.fd, unix.IPPROTO_TCP, keepIdle, int((idle+time.Second-1)/time.Second))
		}
	}
	return abi.StatusOK
}

// close sends what the kernel has no room for yet from a goroutine.
func (f *pollSocket) close(reset bool) {
	f.loop.cork.pull(f)
	if rest := f.loop.cork.forgive(f); !reset && len(rest) > 0 && f.failure == abi.StatusOK {
		f.drainLater(rest)
		return
	}
	if f.tcp && reset {
		_ = unix.SetsockoptLinger(f.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	}
	_ = unix.Close(f.fd)
}

// drainLater sends p within WriteFlushTimeout and closes the descriptor; if it cannot, the peer gets RST.
func (f *pollSocket) drainLater(p []byte) {
	fd, limit := f.fd, f.loop.config.WriteFlushTimeout
	f.loop.running.Go(func() {
		file := os.NewFile(uintptr(fd), "")
		_ = file.SetWriteDeadline(time.Now().Add(limit))
		if _, err := file.Write(p); err != nil {
			_ = unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
		}
		_ = file.Close()
	})
}
