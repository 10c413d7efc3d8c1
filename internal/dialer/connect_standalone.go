//go:build wasip1

package dialer

import (
	"context"
	"errors"
	"net"

	"github.com/stealthrocket/net/wasip1"
)

// connect makes the connection by the WasmEdge socket extension, which has no way to judge an address or to choose the
// local one. What the program may reach is the host's to say.
func (d *Dialer) connect(ctx context.Context, network, address, local string) (net.Conn, error) {
	switch {
	case d.Policy != nil:
		return nil, &deniedError{errors.New("addresses cannot be judged on this platform")}
	case local != "":
		return nil, &unsupportedError{"a local address"}
	}
	return wasip1.DialContext(ctx, network, address)
}
