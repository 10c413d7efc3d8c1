//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package wasisock

import (
	"errors"

	"golang.org/x/sys/unix"
)

// errnoOf translates an error of a system call. One without a number in WASI is an I/O error.
func errnoOf(err error) errno {
	if err == nil {
		return success
	}
	var e unix.Errno
	if errors.As(err, &e) {
		if n, ok := errnos[e]; ok {
			return n
		}
	}
	return errIO
}

var errnos = map[unix.Errno]errno{
	unix.EACCES:          errAcces,
	unix.EADDRINUSE:      errAddrInUse,
	unix.EADDRNOTAVAIL:   errAddrNotAvail,
	unix.EAFNOSUPPORT:    errAFNoSupport,
	unix.EAGAIN:          errAgain,
	unix.EALREADY:        errAlready,
	unix.EBADF:           errBadF,
	unix.ECONNABORTED:    errConnAborted,
	unix.ECONNREFUSED:    errConnRefused,
	unix.ECONNRESET:      errConnReset,
	unix.EDESTADDRREQ:    errDestAddrReq,
	unix.EFAULT:          errFault,
	unix.EHOSTUNREACH:    errHostUnreach,
	unix.EINPROGRESS:     errInProgress,
	unix.EINTR:           errIntr,
	unix.EINVAL:          errInval,
	unix.EISCONN:         errIsConn,
	unix.ELOOP:           errLoop,
	unix.EMFILE:          errMFile,
	unix.EMSGSIZE:        errMsgSize,
	unix.ENAMETOOLONG:    errNameTooLong,
	unix.ENETDOWN:        errNetDown,
	unix.ENETRESET:       errNetReset,
	unix.ENETUNREACH:     errNetUnreach,
	unix.ENFILE:          errNFile,
	unix.ENOBUFS:         errNoBufs,
	unix.ENOENT:          errNoEnt,
	unix.ENOMEM:          errNoMem,
	unix.ENOPROTOOPT:     errNoProtoOpt,
	unix.ENOTCONN:        errNotConn,
	unix.ENOTDIR:         errNotDir,
	unix.ENOTSOCK:        errNotSock,
	unix.EOPNOTSUPP:      errNotSup,
	unix.EPERM:           errPerm,
	unix.EPIPE:           errPipe,
	unix.EPROTO:          errProto,
	unix.EPROTONOSUPPORT: errProtoNoSup,
	unix.EPROTOTYPE:      errProtoType,
	unix.EROFS:           errROFS,
	unix.ETIMEDOUT:       errTimedOut,
}
