package host

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/portholehttp/porthole/host/internal/acme"
)

// TLSConfig says how a listener speaks TLS. There has to be a source of certificates: Certificates, GetCertificate or ACME.
//
// Handshakes are made by the host. Private keys stay in its memory: no guest sees them. What a guest may see is what its client
// has shown: http.ServerRequest.Connection. Cipher suites, curves and session tickets are those of crypto/tls.
type TLSConfig struct {
	// Certificates are files. A client gets the first one that is for the name it asks for and of a kind it understands, or else
	// the first of all. Files are read again when they have changed, at a handshake and once a second at most; open connections go on. A
	// certificate and its key are replaced together: until both match and are valid, those from before are used, and
	// an error is logged.
	Certificates []CertificateFiles

	// GetCertificate, if not nil, is asked for the certificate of each handshake that is not ACME's; but if there are Certificates, a client
	// that asks for no name gets the first of those. nil without an error means Certificates. It should return when hello.Context() is
	// done: until then it counts for MaxHandshakes.
	GetCertificate func(hello *tls.ClientHelloInfo) (*tls.Certificate, error)

	// ACME, if not nil, obtains certificates for some names from an authority.
	ACME *ACMEConfig

	// ClientCAFile is a file with the certificates, in PEM, of the authorities that clients' certificates are verified with. It is read
	// again when it has changed. "" means that no client is asked for one. Otherwise one is demanded: see ClientCertOptional.
	ClientCAFile string

	// ClientCertOptional lets clients in that show no certificate. One that is shown is verified all the same.
	ClientCertOptional bool

	// MinVersion is tls.VersionTLS12 or tls.VersionTLS13. 0 means the former.
	MinVersion uint16

	// Protocols are what a client may choose from by ALPN, in order of preference. nil means "http/1.1" and "http/1.0". A client that offers
	// protocols, and none of these, is refused with the alert no_application_protocol (RFC 7301 §3.2); one that offers none is served.
	Protocols []string

	// HandshakeTimeout is the longest a handshake may take, from the acceptance of the connection: 10 s.
	HandshakeTimeout time.Duration

	// MaxHandshakes is how many handshakes may be in progress on the listener: 4096. Beyond it connections wait to be
	// accepted, and handshakes that have taken a second are given up, the oldest first.
	MaxHandshakes int
}

// CertificateFiles are two files in PEM: a certificate, followed by those between it and an authority, and its private key.
type CertificateFiles struct{ Cert, Key string }

// ACMEConfig obtains certificates from an authority that speaks ACME (RFC 8555). To use it is to agree to the authority's terms of service.
//
// Names are verified by TLS-ALPN-01 (RFC 8737), on the listener itself: the authority connects to port 443 of each domain,
// which has to lead there. HTTP-01 and DNS-01 are not supported, and so no wildcards. Certificates are asked for as soon as the listener
// is open, and renewed when a third of their life is left; handshakes that come before the first one is there wait for it.
// Failures are logged, and tried again after 2 minutes, then twice that, up to 2 hours. Listeners that are given the same ACMEConfig
// share what is obtained.
type ACMEConfig struct {
	// Domains are the names to obtain certificates for, one each. The first is shown to clients that ask for none, if there are
	// no Certificates.
	Domains []string

	// CacheDir is a directory for certificates and private keys. It is created with mode 0700; one that others can look
	// into is an error. Without it every start would ask for new certificates, and authorities limit those.
	CacheDir string

	// Email is where the authority may write to about problems. "" for none.
	Email string

	// Directory is the URL of the authority. "" means Let's Encrypt.
	Directory string

	// CAFile is a file with the certificates, in PEM, of the authorities that Directory's own server is verified with. "" means
	// those of the system.
	CAFile string
}

// Defaults of TLSConfig.
const (
	DefaultHandshakeTimeout = 10 * time.Second
	DefaultMaxHandshakes    = 4096
)

const maxMaxHandshakes = 1 << 20

// Validate reports all faults of c, joined. Files are not looked at.
func (c *TLSConfig) Validate() error {
	var errs []error
	fault := func(is bool, format string, args ...any) {
		if is {
			errs = append(errs, fmt.Errorf("host: "+format, args...))
		}
	}
	fault(len(c.Certificates) == 0 && c.GetCertificate == nil && c.ACME == nil, "there is no source of certificates: Certificates, GetCertificate or ACME")
	for i, files := range c.Certificates {
		fault(files.Cert == "" || files.Key == "", "Certificates[%d] lacks a file", i)
	}
	fault(c.ClientCertOptional && c.ClientCAFile == "", "ClientCertOptional is set, but not ClientCAFile")
	fault(!slices.Contains([]uint16{0, tls.VersionTLS12, tls.VersionTLS13}, c.MinVersion), "MinVersion is %#x, want TLS 1.2 (%#x) or 1.3 (%#x)",
		c.MinVersion, tls.VersionTLS12, tls.VersionTLS13)
	for _, p := range c.Protocols {
		fault(p == "" || len(p) > 255, "Protocols holds %q, want 1 to 255 bytes", p)
		fault(p == "h2" || p == acme.Protocol, "Protocols holds %q, which is not spoken", p)
	}
	fault(c.HandshakeTimeout < 0, "HandshakeTimeout is negative")
	fault(c.MaxHandshakes < 0 || c.MaxHandshakes > maxMaxHandshakes, "MaxHandshakes is %d, want 0 to %d", c.MaxHandshakes, maxMaxHandshakes)
	if c.ACME != nil {
		errs = append(errs, c.ACME.validate())
	}
	return errors.Join(errs...)
}

func (c *ACMEConfig) validate() error {
	var errs []error
	if len(c.Domains) == 0 {
		errs = append(errs, errors.New("host: ACME has no Domains"))
	}
	for _, name := range c.Domains {
		if _, err := acme.Domain(name); err != nil {
			errs = append(errs, fmt.Errorf("host: ACME domain %w", err))
		}
	}
	if c.CacheDir == "" {
		errs = append(errs, errors.New("host: ACME has no CacheDir"))
	}
	return errors.Join(errs...)
}
