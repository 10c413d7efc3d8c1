package port

import "syscall"

// What listening fails with: Winsock's own numbers, which are not those of package syscall's names.
var (
	errnosInUse       = []syscall.Errno{10048} // WSAEADDRINUSE
	errnosUnavailable = []syscall.Errno{10049} // WSAEADDRNOTAVAIL
	errnosDenied      = []syscall.Errno{10013} // WSAEACCES
	errnosLimit       = []syscall.Errno{10024} // WSAEMFILE
)
