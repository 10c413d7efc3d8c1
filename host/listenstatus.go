package host

import (
	"errors"
	"net"
	"strings"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/internal/dialer"
)

// listenStatus is the status of a listener that did not open.
func listenStatus(err error) abi.Status {
	if _, ok := errors.AsType[*net.DNSError](err); ok || errors.Is(err, ErrServerClosed) {
		return abi.StatusUnavailable
	}
	if errors.Is(err, errors.ErrUnsupported) {
		return abi.StatusUnsupported
	}
	status, text := dialer.Reason(err)
	switch code, _, _ := strings.Cut(text, " "); {
	case code == "EACCES" || code == "EPERM":
		return abi.StatusDenied
	case status == abi.StatusFailed:
		return abi.StatusInvalid
	}
	return status
}
