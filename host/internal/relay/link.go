package relay

import (
	"bufio"
	"crypto/tls"
	"net"
	nethttp "net/http"
	"net/netip"
	"time"

	"github.com/portholehttp/porthole/host/internal/pipe"
)

// link is a connection to the other server that stands for one of a client.
type link struct {
	client client
	conn   *pipe.Conn
	reader *bufio.Reader
	writer *bufio.Writer
	expiry *time.Timer // while it is idle
}

// client tells the clients of a net/http server apart. Its connections have no identity of their own; each with TLS has a state of its own.
type client struct {
	address string
	tls     *tls.ConnectionState
}

func clientOf(r *nethttp.Request) client { return client{r.RemoteAddr, r.TLS} }

// known reports whether another client would have another address. Those of Unix sockets have none.
func (c client) known() bool {
	_, err := netip.ParseAddrPort(c.address)
	return err == nil
}

// connect makes a link.
func (r *Relay) connect(request *nethttp.Request, c client) (*link, error) {
	near, far := addresses(request)
	conn, theirs := pipe.New(near, far)
	var attached net.Conn = theirs
	if c.tls != nil {
		attached = pipe.Secure{Conn: theirs, State: c.tls}
	}
	if err := r.Attach(attached); err != nil {
		return nil, err
	}
	return &link{client: c, conn: conn, reader: bufio.NewReader(conn), writer: bufio.NewWriter(conn)}, nil
}

// addresses returns where a request comes from, and where it was accepted.
func addresses(r *nethttp.Request) (remote, local net.Addr) {
	unnamed := &net.UnixAddr{Net: "unix", Name: "@"}
	remote, local = unnamed, unnamed
	if at, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		remote = net.TCPAddrFromAddrPort(at)
	} else if r.RemoteAddr != "" {
		remote = &net.UnixAddr{Net: "unix", Name: r.RemoteAddr}
	}
	if at, ok := r.Context().Value(nethttp.LocalAddrContextKey).(net.Addr); ok {
		local = at
	}
	return remote, local
}

// cut ends a link so that the other server sees it break.
func (l *link) cut() {
	_ = l.conn.SetLinger(0)
	_ = l.conn.Close()
}
