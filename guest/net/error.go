package net

import (
	"strconv"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
)

// Error is a failure that Node gives a code, such as "ECONNREFUSED" or "EPIPE".
type Error = port.Error

func errPort(number int) error {
	return port.NewError("ERR_SOCKET_BAD_PORT", "not a port: "+strconv.Itoa(number))
}

// errEnded is a write after the end: after our own, or one that answered the peer's.
func (s *Socket) errEnded() error {
	if s.in.Ended() && !s.AllowHalfOpen {
		return port.NewError("EPIPE", "This socket has been ended by the other party")
	}
	return port.NewError("ERR_STREAM_WRITE_AFTER_END", "write after end")
}

func errHTTP() error {
	return port.NewError("ERR_INVALID_STATE", "HTTP is spoken on this socket: it cannot be written to")
}

// openError is what a refused socket_open means.
func openError(status abi.Status) error {
	code := "EINVAL"
	switch status {
	case abi.StatusDenied:
		code = "EACCES"
	case abi.StatusLimit:
		code = "EMFILE"
	case abi.StatusUnsupported:
		code = "EAFNOSUPPORT"
	}
	return port.NewError(code, "connect: "+status.String())
}

// sendError is what a refused socket_send means.
func sendError(status abi.Status) error {
	if status == abi.StatusLimit {
		return port.NewError("ENOBUFS", "too many bytes wait for a peer that does not read")
	}
	return port.NewError("EINVAL", "write: "+status.String())
}
