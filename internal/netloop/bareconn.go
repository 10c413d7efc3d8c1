//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netloop

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// bareConn is a TCP or Unix socket by its descriptor alone, of which Go's poller does not know. It is a net.Conn on its way to a loop, which
// reads and writes the descriptor itself: others can ask it for addresses, and close it.
type bareConn struct {
	fd     int // -1: closed
	tcp    bool
	remote netip.AddrPort // of TCP
	name   string         // of a Unix socket's other end, as package net has it
}

// takeBare takes the socket of c, whose way to it is raw, out of Go's poller: as another descriptor of it. c is closed.
func takeBare(c net.Conn, raw syscall.RawConn) (*bareConn, error) {
	b := &bareConn{}
	var err error
	if controlErr := raw.Control(func(old uintptr) {
		b.fd, err = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0)
	}); controlErr != nil {
		return nil, controlErr
	}
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	switch a := c.RemoteAddr().(type) {
	case *net.TCPAddr:
		b.remote = netip.AddrPortFrom(a.AddrPort().Addr().Unmap(), uint16(a.Port))
	case *net.UnixAddr:
		b.name = a.Name
	}
	_, b.tcp = c.(*net.TCPConn)
	_ = c.Close() // one of two descriptors: the peer notices nothing
	return b, nil
}

// open makes a connection of package net of b, for a loop without a poller. It returns b if there are too many descriptors.
func (b *bareConn) open() net.Conn {
	f := os.NewFile(uintptr(b.fd), "")
	c, err := net.FileConn(f) // another descriptor
	if err != nil {
		return b
	}
	b.fd = -1
	_ = f.Close()
	return c
}

// RemoteAddr returns nil if it is not known.
func (b *bareConn) RemoteAddr() net.Addr {
	switch {
	case !b.tcp:
		return &net.UnixAddr{Net: "unix", Name: b.name}
	case b.remote.IsValid():
		return net.TCPAddrFromAddrPort(b.remote)
	}
	return nil
}

// LocalAddr asks the system, which knows as long as the socket is open. It is not worth memory that a handler may never look at.
func (b *bareConn) LocalAddr() net.Addr {
	a, err := unix.Getsockname(b.fd)
	if err != nil {
		return nil
	}
	local := bareConn{tcp: b.tcp}
	local.setRemote(a)
	return local.RemoteAddr()
}

// setRemote takes the address that a system call has returned.
func (b *bareConn) setRemote(a unix.Sockaddr) {
	switch a := a.(type) {
	case *unix.SockaddrInet4:
		b.remote = netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))
	case *unix.SockaddrInet6:
		b.remote = netip.AddrPortFrom(netip.AddrFrom16(a.Addr).Unmap().WithZone(zone(a.ZoneId)), uint16(a.Port))
	case *unix.SockaddrUnix:
		b.name = a.Name
	}
}

// zone names the interface that a link-local address is of; "" if it is not one.
func zone(index uint32) string {
	if index == 0 {
		return ""
	}
	if i, err := net.InterfaceByIndex(int(index)); err == nil {
		return i.Name
	}
	return ""
}

// Close closes a connection that no loop has taken.
func (b *bareConn) Close() error {
	if b.fd < 0 {
		return net.ErrClosed
	}
	err := unix.Close(b.fd)
	b.fd = -1
	return os.NewSyscallError("close", err)
}

func (b *bareConn) Read([]byte) (int, error)         { return 0, errors.ErrUnsupported }
func (b *bareConn) Write([]byte) (int, error)        { return 0, errors.ErrUnsupported }
func (b *bareConn) SetDeadline(time.Time) error      { return errors.ErrUnsupported }
func (b *bareConn) SetReadDeadline(time.Time) error  { return errors.ErrUnsupported }
func (b *bareConn) SetWriteDeadline(time.Time) error { return errors.ErrUnsupported }
