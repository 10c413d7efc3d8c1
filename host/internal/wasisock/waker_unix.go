//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package wasisock

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// waker is a pipe that is readable once wake was called, and stays so.
type waker struct{ reader, writer int }

func (w *waker) open() error {
	var pipe [2]int
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := unix.Pipe(pipe[:]); err != nil {
		return err
	}
	for _, fd := range pipe {
		unix.CloseOnExec(fd)
		_ = unix.SetNonblock(fd, true) // wake must not wait for room, and need not
	}
	w.reader, w.writer = pipe[0], pipe[1]
	return nil
}

func (w *waker) wake() { _, _ = unix.Write(w.writer, []byte{0}) }

func (w *waker) close() {
	_ = unix.Close(w.reader)
	_ = unix.Close(w.writer)
}

// await waits for one socket in the host's stead of a program that does not poll, or until wake is called.
func (w *waker) await(fd int, want readiness) {
	fds := []unix.PollFd{{Fd: int32(fd)}, {Fd: int32(w.reader), Events: unix.POLLIN}}
	if want&readable != 0 {
		fds[0].Events |= unix.POLLIN
	}
	if want&writable != 0 {
		fds[0].Events |= unix.POLLOUT
	}
	for {
		if _, err := unix.Poll(fds, -1); !errors.Is(err, unix.EINTR) {
			return
		}
	}
}
