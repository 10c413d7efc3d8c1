package wasi

// Errno is the result of a function. The numbers are those of WASI preview 1.
type Errno uint16

// Of those of WASI, the ones in use.
const (
	ESUCCESS Errno = 0
	EBADF    Errno = 8  // no such descriptor, or not for this
	EFAULT   Errno = 21 // a pointer that leads outside the memory
	EINVAL   Errno = 28
	ENOSYS   Errno = 52
	ENOTDIR  Errno = 54
	ENOTSOCK Errno = 57
	ENOTSUP  Errno = 58
	ESPIPE   Errno = 70 // what an output of text has no position for
)
