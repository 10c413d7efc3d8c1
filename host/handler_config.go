package host

import (
	"context"
	"errors"
	"net"
)

// HandlerConfig says what a handler may do. Its zero value is ready to use: it grants nothing, and has the default limits.
type HandlerConfig struct {
	// Isolation says what of one request the next one can see: Shared by default.
	Isolation Isolation

	// Grants is what the handler may reach: nothing, by default.
	Grants Grants

	// Limits bounds what the handler may use.
	Limits Limits

	// Dialer makes the connections that the handler is granted. nil means the system's network.
	Dialer Dialer
}

// Dialer makes connections for a handler: *net.Dialer is one, and so is a client of a SOCKS proxy or of a service mesh. It is
// called from any goroutine.
type Dialer interface {
	// DialContext connects to address, "host:port" with network "tcp", or a path with "unix". Grants have been judged by what the
	// handler asked for, which is this address; to what it leads, the Dialer has to judge: the rule that a name does not reach
	// loopback and link-local addresses is the system dialer's. TLS is spoken by the host, over the connection that is returned.
	// It belongs to the host from then on. ctx ends when the handler gives up, and after two minutes.
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// Validate reports all faults of c, joined.
func (c *HandlerConfig) Validate() error {
	return errors.Join(c.Isolation.validate(), c.Grants.Validate(), c.Limits.Validate())
}
