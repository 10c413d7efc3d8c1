//go:build !wasip1 || standalone

package http

import (
	"net"
	"net/netip"
	"strings"
)

// Addr is the address of a listener.
type Addr = net.Addr

const unixPrefix = "unix:"

// addressText is how EventListening says where a listener is.
func addressText(a net.Addr) string {
	if a.Network() == "unix" {
		return unixPrefix + a.String()
	}
	return a.String()
}

// parseAddress reads the text of EventListening.
func parseAddress(text string) Addr {
	if path, ok := strings.CutPrefix(text, unixPrefix); ok {
		return &net.UnixAddr{Net: "unix", Name: path}
	}
	a, err := netip.ParseAddrPort(text)
	if err != nil {
		return nil
	}
	return net.TCPAddrFromAddrPort(a)
}
