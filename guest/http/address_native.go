//go:build !wasip1 || standalone

package http

import (
	"net"
	"net/netip"
	"strings"

	"github.com/portholehttp/porthole/guest/internal/port"
)

// Addr is the address of a listener.
type Addr = net.Addr

// parseAddress reads the text of EventListening.
func parseAddress(text string) Addr {
	if path, ok := strings.CutPrefix(text, port.UnixPrefix); ok {
		return &net.UnixAddr{Net: "unix", Name: path}
	}
	a, err := netip.ParseAddrPort(text)
	if err != nil {
		return nil
	}
	return net.TCPAddrFromAddrPort(a)
}
