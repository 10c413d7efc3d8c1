// Package authority issues certificates for tests.
package authority

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"
)

// Authority is a certificate authority whose own certificate is self-signed.
type Authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

// Change is a change of a certificate that is to be issued.
type Change func(*x509.Certificate)

// Named gives a certificate a name in the DNS.
func Named(name string) Change {
	return func(c *x509.Certificate) {
		c.Subject.CommonName = name
		c.DNSNames = []string{name}
	}
}

// ForClients makes a certificate one for clients too.
func ForClients(c *x509.Certificate) {
	c.ExtKeyUsage = append(c.ExtKeyUsage, x509.ExtKeyUsageClientAuth)
}

// New makes an authority. Its certificate can also be that of a server: localhost.
func New(t testing.TB) *Authority {
	t.Helper()
	template := blank()
	template.Subject.CommonName = "Authority of a Test"
	template.DNSNames = []string{"localhost"}
	template.IsCA = true
	ForClients(template) // what an authority may not be for, its certificates may not either
	template.KeyUsage |= x509.KeyUsageCertSign
	certificate, key := sign(t, template, template, nil)
	return &Authority{certificate, key}
}

// Issue makes a certificate that is valid now, unless it is changed.
func (a *Authority) Issue(t testing.TB, changes ...Change) tls.Certificate {
	t.Helper()
	template := blank()
	for _, change := range changes {
		change(template)
	}
	certificate, key := sign(t, template, a.certificate, a.key)
	return tls.Certificate{Certificate: [][]byte{certificate.Raw}, PrivateKey: key}
}

// Itself is the authority's own certificate for a server to show.
func (a *Authority) Itself() tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{a.certificate.Raw}, PrivateKey: a.key}
}

// PEM is the certificate to trust.
func (a *Authority) PEM() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw}))
}

func blank() *x509.Certificate {
	return &x509.Certificate{
		SerialNumber:          big.NewInt(time.Now().UnixNano()),
		Subject:               pkix.Name{},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
}

// sign makes a key and its certificate, which is self-signed without a signer.
func sign(t testing.TB, template, parent *x509.Certificate, signer crypto.Signer) (*x509.Certificate, crypto.Signer) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if signer == nil {
		signer = key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate, key
}
