//go:build !windows

package dialer

import "syscall"

// errnos are the system's errors that have a name here.
var errnos = []struct {
	errno syscall.Errno
	code  string
}{
	{syscall.ECONNREFUSED, "ECONNREFUSED"},
	{syscall.ETIMEDOUT, "ETIMEDOUT"},
	{syscall.EHOSTUNREACH, "EHOSTUNREACH"},
	{syscall.ENETUNREACH, "ENETUNREACH"},
	{syscall.EADDRNOTAVAIL, "EADDRNOTAVAIL"},
	{syscall.EADDRINUSE, "EADDRINUSE"},
	{syscall.ECONNRESET, "ECONNRESET"},
	{syscall.ECONNABORTED, "ECONNABORTED"},
	{syscall.EPIPE, "EPIPE"},
	{syscall.EACCES, "EACCES"},
	{syscall.EPERM, "EPERM"},
	{syscall.ENOENT, "ENOENT"},
	{syscall.ENOTDIR, "ENOTDIR"},
	{syscall.ENOTSOCK, "ENOTSOCK"},
	{syscall.EPROTOTYPE, "EPROTOTYPE"},
	{syscall.EMFILE, "EMFILE"},
	{syscall.ENFILE, "ENFILE"},
	{syscall.EAFNOSUPPORT, "EAFNOSUPPORT"},
	{syscall.EINVAL, "EINVAL"},
}
