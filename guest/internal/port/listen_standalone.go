//go:build wasip1 && standalone

package port

import (
	"errors"
	"net"
	"strconv"

	"github.com/stealthrocket/net/wasip1"

	"github.com/portholehttp/porthole/abi"
)

// listen opens the listener that a ListenRequest asks for, by the WasmEdge socket extension. Its backlog is fixed there.
func listen(r *abi.ListenRequest, host string) (net.Listener, error) {
	switch {
	case r.Kind == abi.ListenUnix:
		return wasip1.Listen("unix", host)
	case r.Kind == abi.ListenFD:
		return nil, errors.ErrUnsupported
	}
	if host == "" {
		host = "0.0.0.0"
	}
	return wasip1.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(int(r.Port))))
}
