//go:build (!windows && !wasip1) || standalone

package port

import "syscall"

// What listening fails with.
var (
	errnosInUse       = []syscall.Errno{syscall.EADDRINUSE}
	errnosUnavailable = []syscall.Errno{syscall.EADDRNOTAVAIL}
	errnosDenied      = []syscall.Errno{syscall.EACCES, syscall.EPERM}
	errnosLimit       = []syscall.Errno{syscall.EMFILE, syscall.ENFILE}
)
