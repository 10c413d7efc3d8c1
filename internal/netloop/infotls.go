//go:build !wasip1

package netloop

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// tls adds what TLS says, if c or a layer under it speaks that.
func (b *info) tls(c net.Conn) {
	for {
		if t, ok := c.(interface{ ConnectionState() tls.ConnectionState }); ok {
			b.state(t.ConnectionState())
			return
		}
		layer, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			return
		}
		c = layer.NetConn()
	}
}

func (b *info) state(s tls.ConnectionState) {
	if !s.HandshakeComplete {
		return
	}
	b.line("tls", strings.TrimPrefix(tls.VersionName(s.Version), "TLS "))
	b.line("protocol", s.NegotiatedProtocol)
	b.line("server-name", s.ServerName)
	verified := 0
	if len(s.VerifiedChains) > 0 {
		verified = 1
	}
	b.line("verified", strconv.Itoa(verified))
	if len(s.PeerCertificates) > 0 {
		b.certificate(s.PeerCertificates[0])
	}
}

func (b *info) certificate(c *x509.Certificate) {
	b.line("subject", c.Subject.String())
	b.line("issuer", c.Issuer.String())
	b.line("names", strings.Join(names(c), ", "))
	b.line("valid-from", c.NotBefore.UTC().Format(time.RFC3339))
	b.line("valid-to", c.NotAfter.UTC().Format(time.RFC3339))
	b.line("serial", fmt.Sprintf("%X", c.SerialNumber))
	sum := sha256.Sum256(c.Raw)
	b.line("fingerprint", strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":"))
	b.line("certificate", base64.StdEncoding.EncodeToString(c.Raw))
}

// names lists the alternative names as Node's subjectaltname does. One that could be taken for several is quoted.
func names(c *x509.Certificate) []string {
	var all []string
	add := func(kind, name string) {
		if strings.ContainsAny(name, ",\"\\ ") {
			name = strconv.Quote(name)
		}
		all = append(all, kind+":"+name)
	}
	for _, n := range c.DNSNames {
		add("DNS", n)
	}
	for _, n := range c.IPAddresses {
		add("IP Address", n.String())
	}
	for _, n := range c.EmailAddresses {
		add("email", n)
	}
	for _, n := range c.URIs {
		add("URI", n.String())
	}
	return all
}
