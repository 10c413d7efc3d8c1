package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// unreadBytes returns how much is in a pipe.
func unreadBytes(f *os.File) (n int, err error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	control := raw.Control(func(fd uintptr) { n, err = unix.IoctlGetInt(int(fd), unix.TIOCINQ) })
	if control != nil {
		err = control
	}
	return n, err
}
