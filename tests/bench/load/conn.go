//go:build linux

package load

import (
	"errors"
	"fmt"
	"io"
	"net/netip"

	"golang.org/x/sys/unix"
)

// conn is a connection with at most one of the Requests outstanding.
type conn struct {
	fd          int
	since       int64 // when what is outstanding was intended, in nanoseconds since the window's base
	outstanding int   // responses that are still to come
	unsent      []byte
	blocked     bool // it is watched for room to write
	responses   responses
	counted     counted // in place of responses
}

// connect returns a socket that does not block.
func connect(address netip.AddrPort) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("socket: %w", err)
	}
	to := &unix.SockaddrInet4{Port: int(address.Port()), Addr: address.Addr().As4()}
	err = errors.Join(
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1),
		// A reset at the end, so that thousands of connections leave no TIME_WAIT to the next measurement.
		unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}),
		unix.Connect(fd, to),
		unix.SetNonblock(fd, true),
	)
	if err != nil {
		return -1, errors.Join(fmt.Errorf("connect to %s: %w", address, err), unix.Close(fd))
	}
	return fd, nil
}

// flush writes what it can, and sees to it that the rest follows.
func (l *loop) flush(c *conn) error {
	for len(c.unsent) > 0 {
		n, err := unix.Write(c.fd, c.unsent)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if errors.Is(err, unix.EAGAIN) {
			return l.watch(c, true)
		}
		if err != nil {
			return fmt.Errorf("write: %w", err)
		}
		c.unsent = c.unsent[n:]
	}
	return l.watch(c, false)
}

// watch says whether room to write is waited for. What comes in always is.
func (l *loop) watch(c *conn, blocked bool) error {
	if blocked == c.blocked {
		return nil
	}
	c.blocked = blocked
	events := uint32(unix.EPOLLIN)
	if blocked {
		events |= unix.EPOLLOUT
	}
	return unix.EpollCtl(l.epoll, unix.EPOLL_CTL_MOD, c.fd, &unix.EpollEvent{Events: events, Fd: int32(c.fd)})
}

// receive reads once; if all responses are there, the connection is free again.
func (l *loop) receive(c *conn) error {
	n, err := unix.Read(c.fd, l.buf)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	if n == 0 {
		return fmt.Errorf("the server closed a connection: %w", io.ErrUnexpectedEOF)
	}
	switch whole, err := l.parse(c, l.buf[:n]); {
	case err != nil:
		return err
	case !whole:
		return nil
	case len(c.unsent) > 0:
		return errors.New("load: an answer before the request was there")
	}
	now := l.window.now()
	at := now
	if l.schedule.open() {
		at = c.since
	}
	if l.window.has(at) {
		l.record(now - c.since)
		l.answered++
	}
	l.free = append(l.free, c)
	return nil
}

func (l *loop) record(nanos int64) {
	// Longer than a histogram goes is as long as it goes.
	_ = l.latency.RecordValue(min(nanos, l.latency.HighestTrackableValue()))
}

// parse takes what c has received, and says whether it is the last of what was outstanding.
func (l *loop) parse(c *conn, data []byte) (whole bool, err error) {
	if l.counted {
		if c.outstanding == 0 {
			return false, fmt.Errorf("%w: more responses than requests", errFraming)
		}
		if whole, err = c.counted.feed(data, l.depth, l.body/int64(l.depth)); whole {
			c.outstanding = 0
		}
		return whole, err
	}
	ended, err := c.responses.feed(data)
	if err != nil {
		return false, err
	}
	if ended > c.outstanding {
		return false, fmt.Errorf("%w: more responses than requests", errFraming)
	}
	if c.outstanding -= ended; c.outstanding > 0 || ended == 0 {
		return false, nil
	}
	if c.responses.bodyBytes != l.body {
		return false, fmt.Errorf("%w: %d bytes instead of %d", ErrBody, c.responses.bodyBytes, l.body)
	}
	c.responses.bodyBytes = 0
	return true, nil
}
