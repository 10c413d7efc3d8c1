package http

import (
	"strconv"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
)

// Error is a failure that Node gives a code, such as "ERR_HTTP_HEADERS_SENT" or "EADDRINUSE".
type Error = port.Error

// Codes of Error that this package uses, beside those of listenCode and of abi.EventError.
const (
	codeArgument      = "ERR_INVALID_ARG_VALUE"
	codeBodyLength    = "ERR_HTTP_CONTENT_LENGTH_MISMATCH"
	codeChar          = "ERR_INVALID_CHAR"
	codeHeadersSent   = "ERR_HTTP_HEADERS_SENT"
	codeListening     = "ERR_SERVER_ALREADY_LISTEN"
	codeNoBuffers     = "ENOBUFS"
	codeNotRunning    = "ERR_SERVER_NOT_RUNNING"
	codePort          = "ERR_SOCKET_BAD_PORT"
	codeProtocol      = "ERR_INVALID_PROTOCOL"
	codeRange         = "ERR_OUT_OF_RANGE"
	codeReset         = "ECONNRESET"
	codeStatus        = "ERR_HTTP_INVALID_STATUS_CODE"
	codeToken         = "ERR_INVALID_HTTP_TOKEN"
	codeTrailer       = "ERR_HTTP_TRAILER_INVALID"
	codeUnescaped     = "ERR_UNESCAPED_CHARACTERS"
	codeURL           = "ERR_INVALID_URL"
	codeWriteAfterEnd = "ERR_STREAM_WRITE_AFTER_END"
)

func errHeadersSent(what string) error {
	return port.NewError(codeHeadersSent, "cannot "+what+" after the head was written")
}

func errWriteAfterEnd() error {
	return port.NewError(codeWriteAfterEnd, "write after end")
}

func errPort(number int) error {
	return port.NewError(codePort, "not a port: "+strconv.Itoa(number))
}

// sendError is what a refused response_send or request_send means to the caller of Write or End.
func sendError(status abi.Status) error {
	switch status {
	case abi.StatusBodyLength:
		return port.NewError(codeBodyLength, "the body does not have the length that Content-Length declares")
	case abi.StatusState:
		return errHeadersSent("send")
	case abi.StatusLimit:
		return port.NewError(codeNoBuffers, "too many bytes wait for a peer that does not read")
	default:
		return port.NewError(codeArgument, "the message was refused: "+status.String())
	}
}

// openError is what a refused request_open means.
func openError(status abi.Status) error {
	if status == abi.StatusLimit {
		return port.NewError("EMFILE", "too many requests are under way")
	}
	return port.NewError(codeArgument, "the destination was refused: "+status.String())
}

// listenError is what a refused or failed server_listen means; reason may be empty.
func listenError(status abi.Status, reason string) error {
	if reason == "" {
		reason = status.String()
	}
	return port.NewError(listenCode(status), "listen: "+reason)
}

func listenCode(status abi.Status) string {
	switch status {
	case abi.StatusDenied:
		return "EACCES"
	case abi.StatusInUse:
		return "EADDRINUSE"
	case abi.StatusUnavailable:
		return "EADDRNOTAVAIL"
	case abi.StatusUnsupported:
		return "EAFNOSUPPORT"
	case abi.StatusLimit:
		return "EMFILE"
	default:
		return "EINVAL"
	}
}
