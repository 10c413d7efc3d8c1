package grant

import (
	"net"
	"strconv"
)

// Listen judges what a handler asks to listen on. network is "tcp" with a host, "" for every address, and a port, 0 for any; "unix" with the path
// for host; or "fd" with the descriptor for port.
func (s *Set) Listen(network, host string, port int) error {
	for i := range s.listen {
		r := &s.listen[i]
		switch network {
		case "tcp":
			if r.form <= formNetwork && r.hosts(host) && r.allows(port) {
				return nil
			}
		case "unix":
			if r.isAt(host) {
				return nil
			}
		case "fd":
			if r.form == formFD && r.port == port {
				return nil
			}
		}
	}
	return &Error{listening, ListenAddress(network, host, port), ""}
}

// ListenAddress is how what is listened on is written, in rules too.
func ListenAddress(network, host string, port int) string {
	switch network {
	case "unix":
		return unixPrefix + host
	case "fd":
		return fdPrefix + strconv.Itoa(port)
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}
