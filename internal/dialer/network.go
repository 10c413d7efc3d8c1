package dialer

import (
	"context"
	"net"
	"net/netip"
)

// Network makes connections in place of the system. address is "host:port", where the host may be a name, or with network
// "unix" a path.
type Network interface {
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// through is connect by d.Network. Where a name leads is for that to judge; an address that the guest gave itself is judged here.
func (d *Dialer) through(ctx context.Context, network, address, local string) (net.Conn, error) {
	if local != "" {
		return nil, &unsupportedError{"a local address"}
	}
	if d.Policy != nil {
		judged := network
		if network == "tcp" {
			at, err := netip.ParseAddrPort(address)
			if err != nil {
				return d.Network.DialContext(ctx, network, address) // a name
			}
			if judged = "tcp6"; at.Addr().Unmap().Is4() {
				judged = "tcp4"
			}
		}
		if err := d.Policy.Address(judged, address); err != nil {
			return nil, denied(err)
		}
	}
	return d.Network.DialContext(ctx, network, address)
}
