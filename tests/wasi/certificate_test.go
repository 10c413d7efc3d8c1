package wasi

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/tests/internal/authority"
)

// loopbackPair issues a certificate of 127.0.0.1.
func loopbackPair(t *testing.T, a *authority.Authority) tls.Certificate {
	return a.Issue(t, func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)} })
}

// texts are the certificate and the key as PEM.
func texts(t *testing.T, pair tls.Certificate) (cert, key string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// trusting is the configuration of a client.
func trusting(a *authority.Authority) *tls.Config {
	c := &tls.Config{RootCAs: x509.NewCertPool()}
	c.RootCAs.AppendCertsFromPEM([]byte(a.PEM()))
	return c
}
