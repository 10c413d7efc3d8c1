package dialer

import "syscall"

// errnos are Winsock's own numbers, which are not those of package syscall's names.
var errnos = []struct {
	errno syscall.Errno
	code  string
}{
	{10061, "ECONNREFUSED"},
	{10060, "ETIMEDOUT"},
	{10065, "EHOSTUNREACH"},
	{10051, "ENETUNREACH"},
	{10049, "EADDRNOTAVAIL"},
	{10048, "EADDRINUSE"},
	{10054, "ECONNRESET"},
	{10053, "ECONNABORTED"},
	{10013, "EACCES"},
	{10024, "EMFILE"},
	{10047, "EAFNOSUPPORT"},
	{10022, "EINVAL"},
	{syscall.ERROR_FILE_NOT_FOUND, "ENOENT"},
	{syscall.ERROR_PATH_NOT_FOUND, "ENOENT"},
	{syscall.ERROR_ACCESS_DENIED, "EACCES"},
}
