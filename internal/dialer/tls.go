//go:build !wasip1

package dialer

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/internal/tlsconn"
)

// security is what a Destination says of TLS.
type security struct{ config *tls.Config }

// newSecurity returns nil for a Destination without TLS. The error is an *argumentError: a PEM text that does not parse.
func newSecurity(to *abi.Destination, t *abi.DestinationTexts) (*security, error) {
	if to.Flags&abi.DestinationTLS == 0 {
		return nil, nil
	}
	c := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		NextProtos:         []string{"http/1.1"},
		ServerName:         serverName(to, t),
		InsecureSkipVerify: to.Flags&abi.DestinationInsecure != 0,
	}
	if len(t.Roots) > 0 {
		if c.RootCAs = x509.NewCertPool(); !c.RootCAs.AppendCertsFromPEM(t.Roots) {
			return nil, &argumentError{invalidValue, "ca: no certificate in the PEM text"}
		}
	}
	if len(t.Cert)+len(t.Key) > 0 {
		pair, err := tls.X509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, &argumentError{invalidValue, "cert and key: " + err.Error()}
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return &security{c}, nil
}

// serverName returns the name to ask for and to verify.
func serverName(to *abi.Destination, t *abi.DestinationTexts) string {
	switch {
	case len(t.ServerName) > 0:
		return string(t.ServerName)
	case to.Kind == abi.ConnectUnix:
		return "localhost" // a path is no name
	}
	return string(t.Host)
}

// handshake speaks TLS over c, which it owns from then on.
func (s *security) handshake(ctx context.Context, c net.Conn) (net.Conn, error) {
	t, err := tlsconn.Client(ctx, c, s.config)
	if err != nil {
		_ = c.Close() // err says more
		return nil, &handshakeError{s.chainFirst(err)}
	}
	return t, nil
}

// chainFirst returns what is wrong with the chain of certificates, if it is that besides a name that does not match: who
// signed it matters more than what it says. Package x509 looks at the name first.
func (s *security) chainFirst(err error) error {
	var failed *tls.CertificateVerificationError
	var name x509.HostnameError
	if !errors.As(err, &failed) || !errors.As(failed.Err, &name) {
		return err
	}
	between := x509.NewCertPool()
	for _, c := range failed.UnverifiedCertificates[1:] {
		between.AddCert(c)
	}
	leaf := failed.UnverifiedCertificates[0]
	if _, chain := leaf.Verify(x509.VerifyOptions{Roots: s.config.RootCAs, Intermediates: between}); chain != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: failed.UnverifiedCertificates, Err: chain}
	}
	return err
}

// handshakeError is a handshake that failed.
type handshakeError struct{ err error }

func (e *handshakeError) Error() string { return fmt.Sprintf("TLS handshake: %v", e.err) }
func (e *handshakeError) Unwrap() error { return e.err }
