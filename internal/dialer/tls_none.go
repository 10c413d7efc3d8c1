//go:build wasip1

package dialer

import (
	"context"
	"net"

	"github.com/portholehttp/porthole/abi"
)

// security does not exist here: crypto/tls would make every standalone program larger by half.
type security struct{}

func newSecurity(to *abi.Destination, _ *abi.DestinationTexts) (*security, error) {
	if to.Flags&abi.DestinationTLS != 0 {
		return nil, &unsupportedError{"TLS"}
	}
	return nil, nil
}

func (*security) handshake(_ context.Context, c net.Conn) (net.Conn, error) { return c, nil }

func tlsReason(error) (text string, ok bool) { return "", false }
