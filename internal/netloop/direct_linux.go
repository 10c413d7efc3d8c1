package netloop

import (
	"errors"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// directListener accepts what is for a loop. To have package net do so takes two more descriptors' worth of system calls
// for each connection: its poller is told of one that the loop then has to take away from it.
type directListener struct {
	net.Listener
	file *os.File // another descriptor: the listener's own cannot be waited for
	raw  syscall.RawConn
	tcp  bool
}

// Direct returns a listener in place of ln, whose connections are for Loop.Attach and nothing else: of them only the addresses can be
// asked for. They are not set to send keep-alive probes. It is ln itself if that is not a plain TCP or Unix listener.
// ln is the new one's, which is to be closed.
func Direct(ln net.Listener) net.Listener {
	plain, ok := ln.(interface {
		net.Listener
		File() (*os.File, error)
	})
	if !ok {
		return ln
	}
	d := &directListener{Listener: ln}
	switch ln.(type) {
	case *net.TCPListener:
		d.tcp = true
	case *net.UnixListener:
	default:
		return ln // something over one of them
	}
	var err error
	if d.file, err = plain.File(); err != nil {
		return ln
	}
	if d.raw, err = d.file.SyscallConn(); err != nil {
		_ = d.file.Close()
		return ln
	}
	if d.tcp {
		// Connections inherit it.
		_ = d.raw.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NODELAY, 1) })
	}
	return d
}

// Accept returns the errors that that of package net does.
func (d *directListener) Accept() (net.Conn, error) {
	b := &bareConn{tcp: d.tcp}
	var from unix.Sockaddr
	var err error
	if waitErr := d.raw.Read(func(fd uintptr) bool {
		b.fd, from, err = accept(int(fd))
		return !errors.Is(err, unix.EAGAIN)
	}); waitErr != nil {
		return nil, d.failure(net.ErrClosed)
	}
	if err != nil {
		return nil, d.failure(os.NewSyscallError("accept4", err))
	}
	b.setRemote(from)
	return b, nil
}

// accept is the system call, repeated when it has failed for a reason that does not concern the next connection.
func accept(ln int) (int, unix.Sockaddr, error) {
	for {
		fd, from, err := unix.Accept4(ln, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if !errors.Is(err, unix.EINTR) && !errors.Is(err, unix.ECONNABORTED) {
			return fd, from, err
		}
	}
}

func (d *directListener) failure(err error) error {
	return &net.OpError{Op: "accept", Net: d.Addr().Network(), Addr: d.Addr(), Err: err}
}

// Close ends an Accept that waits. The second time it returns an error.
func (d *directListener) Close() error {
	return errors.Join(d.file.Close(), d.Listener.Close())
}
