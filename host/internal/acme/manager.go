package acme

import (
	"context"
	"crypto/tls"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// Protocol is what the authority asks for in the handshakes that are to go to Challenge.
const Protocol = acme.ALPNProto

// parallel is how many certificates are asked for at a time.
const parallel = 4

// Manager has certificates for domains. It is safe for concurrent use.
type Manager struct {
	domains map[string]*domain
	first   *domain
	auto    *autocert.Manager
	run     sync.Once
	turns   chan struct{} // a token for each that is being asked for
	ctx     context.Context
	cancel  context.CancelFunc
	config  Config
}

// New returns a Manager, which does nothing before Start. The error says what is wrong with the domains or the directory.
func New(c Config) (*Manager, error) {
	names, err := c.domains()
	if err != nil {
		return nil, err
	}
	if err := openCache(c.CacheDir); err != nil {
		return nil, err
	}
	m := &Manager{config: c, domains: make(map[string]*domain), turns: make(chan struct{}, parallel)}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	m.auto = &autocert.Manager{
		Prompt:     autocert.AcceptTOS,
		Cache:      autocert.DirCache(c.CacheDir),
		HostPolicy: autocert.HostWhitelist(names...),
		Email:      c.Email,
		Client:     &acme.Client{DirectoryURL: c.Directory, HTTPClient: newClient(m.ctx, c.Roots), UserAgent: "porthole"},
	}
	for _, name := range names {
		if m.domains[name] != nil {
			continue
		}
		m.domains[name] = newDomain(name, m.obtain)
		if m.first == nil {
			m.first = m.domains[name]
		}
	}
	return m, nil
}

// Start begins to obtain certificates. Challenges have to be answered from then on.
func (m *Manager) Start() {
	m.run.Do(func() {
		for _, d := range m.domains {
			go d.keep(m.ctx, m.config.Log)
		}
	})
}

// Close ends it, without waiting for what is going on.
func (m *Manager) Close() { m.cancel() }

// obtain returns the certificate of a domain from memory, from the directory or from the authority.
func (m *Manager) obtain(name string) (*tls.Certificate, error) {
	m.turns <- struct{}{}
	defer func() { <-m.turns }()
	if err := m.ctx.Err(); err != nil {
		return nil, err
	}
	return m.auto.GetCertificate(plainHello(name))
}

// plainHello is the beginning of a handshake of a client that takes the kind of certificate that all take nowadays: ECDSA with P-256.
func plainHello(name string) *tls.ClientHelloInfo {
	return &tls.ClientHelloInfo{
		ServerName:       name,
		SignatureSchemes: []tls.SignatureScheme{tls.ECDSAWithP256AndSHA256},
		SupportedCurves:  []tls.CurveID{tls.CurveP256},
		CipherSuites:     []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
	}
}

// Certificate returns the certificate for a handshake. nil without an error: the name is none of the domains. While the first one of a
// domain is being obtained, it waits as long as the handshake may.
func (m *Manager) Certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	d := m.domains[nameOf(hello)]
	if d == nil {
		return nil, nil
	}
	return m.certificate(hello.Context(), d)
}

// Default is Certificate for a client that does not say which name it wants: that of the first domain.
func (m *Manager) Default(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	return m.certificate(hello.Context(), m.first)
}

func (m *Manager) certificate(ctx context.Context, d *domain) (*tls.Certificate, error) {
	if err := d.wait(ctx); err != nil {
		return nil, fmt.Errorf("no certificate for %s: %w", d.name, err)
	}
	return m.auto.GetCertificate(plainHello(d.name)) // from memory: it may have been renewed
}

// IsChallenge reports whether a handshake is the authority's.
func IsChallenge(hello *tls.ClientHelloInfo) bool {
	return len(hello.SupportedProtos) == 1 && hello.SupportedProtos[0] == Protocol
}

// Challenge returns the certificate that proves to the authority whose domain it is. Others are told nothing by it.
func (m *Manager) Challenge(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if name := nameOf(hello); m.domains[name] == nil {
		return nil, fmt.Errorf("a challenge for %q, which is none of the domains", name)
	}
	return m.auto.GetCertificate(hello)
}

func nameOf(hello *tls.ClientHelloInfo) string {
	return strings.ToLower(strings.TrimSuffix(hello.ServerName, "."))
}
