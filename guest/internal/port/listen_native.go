//go:build !wasip1

package port

import (
	"net"
	"strconv"

	"github.com/portholehttp/porthole/abi"
)

// defaultBacklog is what a ListenRequest without one means.
const defaultBacklog = 511

// listen opens the listener that a ListenRequest asks for.
func listen(r *abi.ListenRequest, host string) (net.Listener, error) {
	if r.Kind == abi.ListenFD {
		ln, err := listenFD(int(r.Number))
		if err == nil {
			setBacklog(ln, backlog(r))
		}
		return ln, err
	}
	network, address := "tcp", net.JoinHostPort(host, strconv.Itoa(int(r.Port)))
	switch {
	case r.Kind == abi.ListenUnix:
		network, address = "unix", host
	case host == "":
		network = "tcp4" // INADDR_ANY, as the document says
	}
	ln, err := net.Listen(network, address)
	if err != nil {
		return nil, err
	}
	setBacklog(ln, backlog(r))
	return ln, nil
}

func backlog(r *abi.ListenRequest) int {
	if r.Backlog == 0 {
		return defaultBacklog
	}
	return int(r.Backlog)
}
