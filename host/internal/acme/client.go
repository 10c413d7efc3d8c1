package acme

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	nethttp "net/http"
	"time"
)

// newClient returns what speaks to the authority, until ctx ends.
func newClient(ctx context.Context, roots *x509.CertPool) *nethttp.Client {
	var dialer net.Dialer
	return &nethttp.Client{
		Timeout: time.Minute,
		Transport: &nethttp.Transport{
			Proxy: nethttp.ProxyFromEnvironment,
			DialContext: func(dial context.Context, network, address string) (net.Conn, error) {
				c, err := dialer.DialContext(dial, network, address)
				if err != nil {
					return nil, err
				}
				return &bounded{c, context.AfterFunc(ctx, func() { _ = c.Close() })}, nil
			},
			TLSClientConfig:   &tls.Config{RootCAs: roots},
			DisableKeepAlives: true, // it is a few requests in months
		},
	}
}

// bounded is a connection that is closed when a context ends.
type bounded struct {
	net.Conn
	forget func() bool
}

func (b *bounded) Close() error {
	b.forget()
	return b.Conn.Close()
}
