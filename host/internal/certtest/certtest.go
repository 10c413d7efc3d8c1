// Package certtest makes certificates for tests, and their files.
package certtest

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
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Authority issues certificates for servers and clients.
type Authority struct {
	Certificate *x509.Certificate
	key         crypto.Signer
}

// NewAuthority makes an authority.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	template := template([]string{"authority.test"})
	template.IsCA = true
	template.KeyUsage |= x509.KeyUsageCertSign
	c := sign(t, template, nil)
	return &Authority{c.Leaf, c.PrivateKey.(crypto.Signer)}
}

// Issue makes a certificate with names, the first of which is also its subject's, that is valid for an hour and to 127.0.0.1.
func (a *Authority) Issue(t testing.TB, names ...string) tls.Certificate {
	t.Helper()
	return a.IssueUntil(t, time.Now().Add(time.Hour), names...)
}

// IssueUntil is Issue with another end.
func (a *Authority) IssueUntil(t testing.TB, end time.Time, names ...string) tls.Certificate {
	t.Helper()
	c := template(names)
	c.NotAfter = end
	return sign(t, c, a)
}

// Pool holds the authority.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.Certificate)
	return pool
}

// PEM is the authority's certificate.
func (a *Authority) PEM() []byte { return certificatePEM(a.Certificate.Raw) }

// File writes the authority's certificate into a file of a directory of its own.
func (a *Authority) File(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(path, a.PEM(), 0o644))
	return path
}

// PEM returns a certificate and its key.
func PEM(t testing.TB, c tls.Certificate) (certificate, key []byte) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	require.NoError(t, err)
	return certificatePEM(c.Certificate[0]), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// Files writes a certificate and its key into a directory of their own.
func Files(t testing.TB, c tls.Certificate) (certificate, key string) {
	t.Helper()
	dir := t.TempDir()
	certificate, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	Write(t, c, certificate, key)
	return certificate, key
}

// Write writes a certificate and its key, and renames one right after the other over what is there.
func Write(t testing.TB, c tls.Certificate, certificate, key string) {
	t.Helper()
	certificatePEM, keyPEM := PEM(t, c)
	require.NoError(t, os.WriteFile(certificate+".new", certificatePEM, 0o600))
	require.NoError(t, os.WriteFile(key+".new", keyPEM, 0o600))
	require.NoError(t, os.Rename(certificate+".new", certificate))
	require.NoError(t, os.Rename(key+".new", key))
}

// Replace renames a new file over the one at path.
func Replace(t testing.TB, path string, data []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(path+".new", data, 0o600))
	require.NoError(t, os.Rename(path+".new", path))
}

func certificatePEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

var serial atomic.Int64

func template(names []string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber:          big.NewInt(serial.Add(1)),
		Subject:               pkix.Name{CommonName: names[0]},
		DNSNames:              names,
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:             time.Now().Add(-2 * time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
	}
}

// sign makes a key and its certificate, which is self-signed without an authority.
func sign(t testing.TB, template *x509.Certificate, by *Authority) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	if by == nil {
		by = &Authority{template, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.Certificate, key.Public(), by.key)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}
