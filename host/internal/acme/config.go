package acme

import (
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"

	"golang.org/x/net/idna"
)

// Config says which certificates to obtain, and where.
type Config struct {
	Domains   []string
	CacheDir  string
	Email     string         // "" for none
	Directory string         // a URL; "" for Let's Encrypt
	Roots     *x509.CertPool // that the authority's own server is trusted by; nil for those of the system
	Log       *slog.Logger
}

// Domain returns a domain in the form in which it is compared: ASCII, in lower case. An authority gives no certificate by TLS-ALPN-01
// for wildcards, and none for names without a dot; those for addresses need another kind of order.
func Domain(name string) (string, error) {
	if strings.Contains(name, "*") {
		return "", fmt.Errorf("%q: TLS-ALPN-01 gives no certificates for wildcards", name)
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return "", fmt.Errorf("%q is an address, want a domain", name)
	}
	ascii, err := idna.Lookup.ToASCII(strings.TrimSuffix(name, "."))
	if err != nil {
		return "", fmt.Errorf("%q: %w", name, err)
	}
	if !strings.Contains(ascii, ".") {
		return "", fmt.Errorf("%q: want a domain with a dot", name)
	}
	return ascii, nil
}

// domains returns those of c.
func (c *Config) domains() ([]string, error) {
	var all []string
	var errs []error
	for _, name := range c.Domains {
		domain, err := Domain(name)
		if err != nil {
			errs = append(errs, err)
		}
		all = append(all, domain)
	}
	return all, errors.Join(errs...)
}
