//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package wasisock

import (
	"syscall"

	"golang.org/x/sys/unix"
)

func systemSocket(domain, typ int) (int, error) {
	return private(func() (int, error) { return unix.Socket(domain, typ, 0) })
}

func systemAccept(fd int) (int, error) {
	return private(func() (int, error) {
		accepted, _, err := unix.Accept(fd)
		return accepted, err
	})
}

// private makes a descriptor that is non-blocking and that no child process gets.
func private(open func() (int, error)) (int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fd, err := open()
	if err != nil {
		return -1, err
	}
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func systemPair() (pair [2]int, err error) {
	pair[0], err = private(func() (fd int, err error) {
		pair, err = unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
		return pair[0], err
	})
	if err == nil {
		unix.CloseOnExec(pair[1])
	}
	return pair, err
}
