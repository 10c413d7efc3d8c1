package host

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"

	"github.com/portholehttp/porthole/host/internal/acme"
	"github.com/portholehttp/porthole/host/internal/tlsfiles"
	"github.com/portholehttp/porthole/host/internal/tlslisten"
)

// ListenTLS is Listen with TLS. The error joins all that is wrong with c and its files.
func (s *Server) ListenTLS(addr string, c TLSConfig) (net.Addr, error) {
	if s.isClosing() {
		return nil, ErrServerClosed
	}
	secure, err := newTLSLayer(&c, s.log)
	if err != nil {
		return nil, err
	}
	ln, err := listen(addr)
	if err != nil {
		secure.close()
		return nil, err
	}
	return s.serveInBackground(secure.over(ln))
}

// ServeTLS is Serve with TLS. If there is something wrong with c or its files, the error joins all of it.
func (s *Server) ServeTLS(ln net.Listener, c TLSConfig) error {
	secure, err := newTLSLayer(&c, s.log)
	if err != nil {
		_ = ln.Close() // it was not served
		return err
	}
	return s.Serve(secure.over(ln))
}

// tlsLayer is a TLSConfig with its files read.
type tlsLayer struct {
	acme   *acme.Manager // nil: there is none
	close  func()        // lets go of it
	config tlslisten.Config
}

func newTLSLayer(c *TLSConfig, log *slog.Logger) (*tlsLayer, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	authority, err := openACME(c.ACME, log)
	l := &tlsLayer{acme: authority, close: func() {}}
	if authority != nil {
		l.close = sync.OnceFunc(func() { closeACME(c.ACME) })
	}
	files, fileErr := tlsfiles.Open(tlsfiles.Options{Base: l.base(c), Pairs: pairs(c.Certificates), Authorities: c.ClientCAFile, Log: log})
	if err := errors.Join(err, fileErr); err != nil {
		l.close()
		return nil, err
	}
	l.config = tlslisten.Config{
		TLS:     files.Config,
		Timeout: c.HandshakeTimeout,
		Max:     orDefault(c.MaxHandshakes, DefaultMaxHandshakes),
		Keep:    func(s tls.ConnectionState) bool { return s.NegotiatedProtocol != acme.Protocol },
		Log:     log,
	}
	if c.HandshakeTimeout == 0 {
		l.config.Timeout = DefaultHandshakeTimeout
	}
	return l, nil
}

func pairs(files []CertificateFiles) []tlsfiles.Pair {
	var all []tlsfiles.Pair
	for _, f := range files {
		all = append(all, tlsfiles.Pair(f))
	}
	return all
}

// base is the part of the configuration that is not in files.
func (l *tlsLayer) base(c *TLSConfig) *tls.Config {
	base := &tls.Config{
		MinVersion:     max(c.MinVersion, tls.VersionTLS12),
		NextProtos:     c.Protocols,
		GetCertificate: c.GetCertificate,
	}
	if base.NextProtos == nil {
		base.NextProtos = []string{"http/1.1", "http/1.0"} // what the stack speaks; curl --http1.0 offers no other
	}
	switch {
	case c.ClientCAFile == "":
	case c.ClientCertOptional:
		base.ClientAuth = tls.VerifyClientCertIfGiven
	default:
		base.ClientAuth = tls.RequireAndVerifyClientCert
	}
	if l.acme != nil {
		l.serveACME(base, c)
	}
	return base
}

// over returns ln with TLS, which it owns and ends with.
func (l *tlsLayer) over(ln net.Listener) net.Listener {
	secure := &tlsListener{tlslisten.New(ln, l.config), l}
	if l.acme != nil {
		l.acme.Start()
	}
	return secure
}

type tlsListener struct {
	*tlslisten.Listener
	layer *tlsLayer
}

func (l *tlsListener) Close() error {
	l.layer.close()
	return l.Listener.Close()
}
