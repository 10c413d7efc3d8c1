//go:build darwin || dragonfly || freebsd || netbsd || openbsd || (linux && (race || 386 || s390x))

package netloop

import (
	"errors"
	"syscall"
)

// readFD reads a socket that does not block.
func readFD(fd int, p []byte) (int, error) {
	for {
		if n, err := syscall.Read(fd, p); !errors.Is(err, syscall.EINTR) {
			return max(n, 0), err
		}
	}
}

// writeFD writes to a socket that does not block.
func writeFD(fd int, p []byte) (int, error) {
	for {
		if n, err := syscall.Write(fd, p); !errors.Is(err, syscall.EINTR) {
			return max(n, 0), err
		}
	}
}
