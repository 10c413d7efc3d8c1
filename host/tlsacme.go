package host

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"sync"

	"github.com/portholehttp/porthole/host/internal/acme"
	"github.com/portholehttp/porthole/host/internal/tlsfiles"
)

// managers are in use by listeners. Those with the same ACMEConfig have one together: two would ask for everything twice.
var managers = struct {
	sync.Mutex
	of map[*ACMEConfig]*sharedManager
}{of: make(map[*ACMEConfig]*sharedManager)}

type sharedManager struct {
	*acme.Manager
	users int
}

// openACME returns what obtains certificates, until closeACME. nil for nil.
func openACME(c *ACMEConfig, log *slog.Logger) (*acme.Manager, error) {
	if c == nil {
		return nil, nil
	}
	managers.Lock()
	defer managers.Unlock()
	shared := managers.of[c]
	if shared == nil {
		m, err := newACME(c, log)
		if err != nil {
			return nil, err
		}
		shared = &sharedManager{Manager: m}
		managers.of[c] = shared
	}
	shared.users++
	return shared.Manager, nil
}

func closeACME(c *ACMEConfig) {
	managers.Lock()
	defer managers.Unlock()
	shared := managers.of[c]
	if shared.users--; shared.users == 0 {
		shared.Close()
		delete(managers.of, c)
	}
}

func newACME(c *ACMEConfig, log *slog.Logger) (*acme.Manager, error) {
	var roots *x509.CertPool
	if c.CAFile != "" {
		var err error
		if roots, err = tlsfiles.ReadAuthorities(c.CAFile); err != nil {
			return nil, err
		}
	}
	return acme.New(acme.Config{Domains: c.Domains, CacheDir: c.CacheDir, Email: c.Email, Directory: c.Directory, Roots: roots, Log: log})
}

// serveACME has base show the certificates that were obtained, and answer the authority's challenges. Those are handshakes of their own kind: no
// certificate of a client is asked for, whatever others have to show, and no other protocol is spoken.
func (l *tlsLayer) serveACME(base *tls.Config, c *TLSConfig) {
	manager, alone := l.acme, len(c.Certificates) == 0 && c.GetCertificate == nil
	base.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		found, err := manager.Certificate(hello)
		switch {
		case found != nil || err != nil:
			return found, err
		case c.GetCertificate != nil:
			return c.GetCertificate(hello)
		case alone && hello.ServerName == "":
			return manager.Default(hello)
		}
		return nil, nil
	}
	challenge := &tls.Config{
		MinVersion:             tls.VersionTLS12,
		NextProtos:             []string{acme.Protocol},
		GetCertificate:         manager.Challenge,
		SessionTicketsDisabled: true,
	}
	base.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if acme.IsChallenge(hello) {
			return challenge, nil
		}
		return nil, nil
	}
}
