package grant

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
)

// Destination judges what a handler asks to connect to, before a name is resolved: see dialer.Policy.
func (s *Set) Destination(network, host string, port int) error {
	for i := range s.connect {
		r := &s.connect[i]
		if network == "unix" && r.isAt(host) {
			return nil
		}
		if network == "tcp" && r.form <= formNetwork && r.hosts(host) && r.allows(port) {
			return nil
		}
	}
	target := unixPrefix + host
	if network == "tcp" {
		target = net.JoinHostPort(host, strconv.Itoa(port))
	}
	return &Error{connecting, target, ""}
}

// Address judges what is about to be connected to: see dialer.Policy. Only one that is special to this machine needs a rule of its own.
func (s *Set) Address(network, target string) error {
	if network == "unix" {
		return s.Destination(network, target, 0)
	}
	at, err := netip.ParseAddrPort(target)
	if err != nil {
		return fmt.Errorf("connecting to %q: not an address", target)
	}
	a := at.Addr().Unmap().WithZone("")
	why := special(a)
	if why == "" {
		return nil
	}
	for i := range s.connect {
		r := &s.connect[i]
		granted := r.form == formNetwork && r.network.Contains(a) || r.form == formName && r.name == "localhost" && a.IsLoopback()
		if granted && r.allows(int(at.Port())) {
			return nil
		}
	}
	return &Error{connecting, netip.AddrPortFrom(a, at.Port()).String(), why}
}

// special says why an address is not to be reached by whatever name: "" if it may.
func special(a netip.Addr) string {
	switch {
	case a.IsLoopback():
		return "loopback"
	case a.IsLinkLocalUnicast():
		return "link-local"
	case a.IsUnspecified(), a.Is4() && a.As4()[0] == 0: // RFC 1122 §3.2.1.3: this host
		return "unspecified"
	case a.IsMulticast(), a == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return "multicast"
	}
	return ""
}
