//go:build !wasip1

package dialer

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// connect makes the connection. local is the address to connect from, "": the system's choice.
func (d *Dialer) connect(ctx context.Context, network, address, local string) (net.Conn, error) {
	dialer := net.Dialer{
		Resolver:  d.Resolver,
		KeepAlive: -1, // none unless the guest asks for it
	}
	if d.Policy != nil {
		dialer.ControlContext = func(_ context.Context, network, address string, _ syscall.RawConn) error {
			return denied(d.Policy.Address(network, address))
		}
	}
	if local != "" && network == "tcp" {
		a, err := netip.ParseAddr(local)
		if err != nil {
			return nil, &argumentError{"ERR_INVALID_IP_ADDRESS", fmt.Sprintf("Invalid IP address: %q", local)}
		}
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(a, 0))
	}
	return dialer.DialContext(ctx, network, address)
}
