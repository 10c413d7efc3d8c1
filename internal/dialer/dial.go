package dialer

import (
	"context"
	"net"
	"strconv"
	"time"

	"github.com/portholehttp/porthole/abi"
)

// Timeout is the longest that Dial takes, from resolving the name to the end of the TLS handshake.
const Timeout = 120 * time.Second

// Dialer makes connections. The zero Dialer allows everything.
type Dialer struct {
	Policy   Policy        // nil: everything is allowed
	Resolver *net.Resolver // nil: net.DefaultResolver
	Network  Network       // nil: the system's
}

// Dial connects as a Dialer does that has p for its Policy.
func Dial(ctx context.Context, record []byte, p Policy) (net.Conn, error) {
	return (&Dialer{Policy: p}).Dial(ctx, record)
}

// Dial connects to an abi.Destination with its texts, and returns when that has succeeded, failed, or taken Timeout, or when
// ctx is done. record must stay as it is meanwhile. Several addresses of a name are tried, IPv6 and IPv4 at the
// same time (RFC 8305). With TLS the handshake is over and the server verified. Reason explains the error.
func (d *Dialer) Dial(ctx context.Context, record []byte) (net.Conn, error) {
	to, texts, ok := abi.ReadDestination(record)
	if !ok {
		return nil, &argumentError{invalidValue, "the destination is not valid"}
	}
	network, host, port := "tcp", string(texts.Host), int(to.Port)
	if to.Kind == abi.ConnectUnix {
		network, port = "unix", 0
	}
	if d.Policy != nil {
		if err := d.Policy.Destination(network, host, port); err != nil {
			return nil, denied(err)
		}
	}
	secure, err := newSecurity(&to, &texts)
	if err != nil {
		return nil, err
	}
	address := host
	if network == "tcp" {
		address = net.JoinHostPort(host, strconv.Itoa(port))
	}
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	connect := d.connect
	if d.Network != nil {
		connect = d.through
	}
	conn, err := connect(ctx, network, address, string(texts.Local))
	if err != nil || secure == nil {
		return conn, err
	}
	return secure.handshake(ctx, conn)
}

// argumentError is a fault of a Destination.
type argumentError struct{ code, text string }

func (e *argumentError) Error() string { return e.text }

const invalidValue = "ERR_INVALID_ARG_VALUE"
