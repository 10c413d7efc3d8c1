package net

import (
	"strconv"
	"strings"
	"time"

	"github.com/portholehttp/porthole/guest/internal/text"
)

// Certificate is what a peer has shown to say who it is. Whether that is true VerifyPeer says.
type Certificate struct {
	Subject         string    // a distinguished name (RFC 2253), such as "CN=example.org"
	Issuer          string    // likewise
	SubjectAltNames []string  // such as "DNS:example.org" and "IP Address:127.0.0.1"
	ValidFrom       time.Time // UTC
	ValidTo         time.Time // UTC
	SerialNumber    string    // hexadecimal
	Fingerprint256  string    // SHA-256 of Raw: hexadecimal bytes with colons between them
	Raw             []byte    // DER
}

// VerifyPeer reports whether the connection is TLS and the peer's certificate was verified.
func (s *Socket) VerifyPeer() bool { return s.tls("verified") == "1" }

// GetPeerCertificate returns the peer's certificate, nil if it has shown none or the connection is not TLS.
func (s *Socket) GetPeerCertificate() *Certificate {
	encoded := s.tls("certificate")
	if encoded == "" {
		return nil
	}
	c := &Certificate{
		Subject:         value(s.info, "subject"),
		Issuer:          value(s.info, "issuer"),
		SubjectAltNames: splitNames(value(s.info, "names")),
		SerialNumber:    value(s.info, "serial"),
		Fingerprint256:  value(s.info, "fingerprint"),
	}
	c.ValidFrom, _ = time.Parse(time.RFC3339, value(s.info, "valid-from"))
	c.ValidTo, _ = time.Parse(time.RFC3339, value(s.info, "valid-to"))
	c.Raw, _ = text.Encode(encoded, []string{"base64"})
	return c
}

// tls returns a value that there may be from the end of the handshake on, which is later than that of the addresses.
func (s *Socket) tls(key string) string {
	if value(s.info, "tls") == "" {
		s.ask()
	}
	return value(s.info, key)
}

// splitNames splits names at ", ". One that could be taken for several is quoted behind its kind.
func splitNames(names string) (all []string) {
	for names != "" {
		kind, rest, _ := strings.Cut(names, ":")
		var name string
		if quoted, err := strconv.QuotedPrefix(rest); err == nil && rest[0] == '"' {
			name, _ = strconv.Unquote(quoted)
			names = strings.TrimPrefix(rest[len(quoted):], ", ")
		} else {
			name, names, _ = strings.Cut(rest, ", ")
		}
		all = append(all, kind+":"+name)
	}
	return all
}
