//go:build !wasip1 || standalone

package port

import "net"

// addressText is how EventListening says where a listener is.
func addressText(a net.Addr) string {
	if a.Network() == "unix" {
		return UnixPrefix + a.String()
	}
	return a.String()
}
