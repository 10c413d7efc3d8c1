package dialer

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"

	"github.com/portholehttp/porthole/abi"
)

// Reason explains an error of Dial, or of a connection, to a guest: a status, and a text "CODE what happened" with the codes
// and as far as they are alike the words of Node.
//
// The status is DENIED for what the Policy said, INVALID for a fault of the Destination, UNSUPPORTED for what this platform
// cannot do, RESET, UNAVAILABLE, IN_USE and LIMIT for the system's errors of that meaning, and otherwise FAILED.
func Reason(err error) (abi.Status, string) {
	if said, ok := errors.AsType[*deniedError](err); ok {
		return abi.StatusDenied, "EACCES " + said.Error()
	}
	if argument, ok := errors.AsType[*argumentError](err); ok {
		return abi.StatusInvalid, argument.code + " " + argument.text
	}
	if unsupported, ok := errors.AsType[*unsupportedError](err); ok {
		return abi.StatusUnsupported, "ERR_FEATURE_UNAVAILABLE_ON_PLATFORM " + unsupported.Error()
	}
	text := reason(err)
	code, _, _ := strings.Cut(text, " ")
	return statusOf(code), text
}

func reason(err error) string {
	if text, ok := tlsReason(err); ok {
		return text
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return call(dnsCode(dns), "getaddrinfo", dns.Name)
	}
	verb, address := where(err)
	code, ok := systemCode(err)
	switch {
	case ok:
	case isTimeout(err):
		code = "ETIMEDOUT"
	case errors.Is(err, context.Canceled):
		code = "ECANCELED"
	default:
		return "UNKNOWN " + err.Error()
	}
	return call(code, verb, address)
}

// call is what Node says of a system call that failed: its name, the code again, and the address.
func call(code, verb, address string) string {
	text := code + " " + verb + " " + code
	if address != "" {
		text += " " + address
	}
	return text
}

func dnsCode(e *net.DNSError) string {
	switch {
	case e.IsNotFound:
		return "ENOTFOUND"
	case e.IsTemporary, e.IsTimeout:
		return "EAI_AGAIN"
	}
	return "EAI_FAIL"
}

// where names the system call that failed, and the address that it was about.
func where(err error) (verb, address string) {
	op, ok := errors.AsType[*net.OpError](err)
	if !ok {
		return "connect", ""
	}
	if sys, ok := errors.AsType[*os.SyscallError](err); ok && sys.Syscall == "bind" && op.Source != nil {
		return "bind", strings.TrimSuffix(op.Source.String(), ":0")
	}
	if op.Op != "dial" {
		return op.Op, ""
	}
	if op.Addr != nil {
		address = op.Addr.String()
	}
	return "connect", address
}

func isTimeout(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}

// systemCode returns the name of the system's error in err.
func systemCode(err error) (code string, ok bool) {
	for _, known := range errnos {
		if errors.Is(err, known.errno) {
			return known.code, true
		}
	}
	return "", false
}

func statusOf(code string) abi.Status {
	switch code {
	case "ECONNRESET":
		return abi.StatusReset
	case "EADDRNOTAVAIL":
		return abi.StatusUnavailable
	case "EADDRINUSE":
		return abi.StatusInUse
	case "EMFILE", "ENFILE":
		return abi.StatusLimit
	}
	return abi.StatusFailed
}
