//go:build !wasip1 || standalone

package port

import (
	"errors"
	"net"
	"syscall"

	"github.com/portholehttp/porthole/abi"
)

// listenStatus is the status of a listener that did not open.
func listenStatus(err error) abi.Status {
	for _, known := range []struct {
		errnos []syscall.Errno
		status abi.Status
	}{
		{errnosInUse, abi.StatusInUse},
		{errnosUnavailable, abi.StatusUnavailable},
		{errnosDenied, abi.StatusDenied},
		{errnosLimit, abi.StatusLimit},
	} {
		for _, errno := range known.errnos {
			if errors.Is(err, errno) {
				return known.status
			}
		}
	}
	if errors.Is(err, errors.ErrUnsupported) {
		return abi.StatusUnsupported
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return abi.StatusUnavailable
	}
	return abi.StatusInvalid
}
