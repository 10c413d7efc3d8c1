package dialer

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/internal/tlsconn"
)

// authority signs certificates, and is one.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// issue makes a certificate after template, signed by a, or by itself if a is nil.
func (a *authority) issue(t *testing.T, template x509.Certificate) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	template.BasicConstraintsValid = true
	parent, signer := &template, key
	if a != nil {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, parent, &key.PublicKey, signer)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &authority{cert, key}
}

func (a *authority) certPEM() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw}))
}

func (a *authority) keyPEM(t *testing.T) string {
	der, err := x509.MarshalPKCS8PrivateKey(a.key)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// chain is what a server shows that has a's key: a, then others.
func (a *authority) chain(others ...*authority) tls.Certificate {
	c := tls.Certificate{Certificate: [][]byte{a.cert.Raw}, PrivateKey: a.key}
	for _, o := range others {
		c.Certificate = append(c.Certificate, o.cert.Raw)
	}
	return c
}

func named(name string) x509.Certificate {
	return x509.Certificate{Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
}

func root(t *testing.T, name string) *authority {
	return (*authority)(nil).issue(t, x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, KeyUsage: x509.KeyUsageCertSign})
}

// secure makes d one of TLS, for "name.test".
func secure(d destination) destination {
	d.Flags |= abi.DestinationTLS
	d.serverName = "name.test"
	return d
}

// serveTLS returns a destination with a TLS server that greets.
func serveTLS(t *testing.T, config *tls.Config) destination {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return secure(serveOn(t, tls.NewListener(inner, config)))
}

func serveOn(t *testing.T, ln net.Listener) destination {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, "hello") // the client may have refused
			_ = c.Close()
		}
	}()
	t.Cleanup(func() {
		_ = ln.Close()
		<-done
	})
	if a, ok := ln.Addr().(*net.UnixAddr); ok {
		return destination{Destination: abi.Destination{Kind: abi.ConnectUnix}, host: a.Name}
	}
	return tcp(t, ln.Addr().String())
}

func TestDialTLS(t *testing.T) {
	ca := root(t, "root")
	between := ca.issue(t, x509.Certificate{Subject: pkix.Name{CommonName: "between"}, IsCA: true, KeyUsage: x509.KeyUsageCertSign})
	to := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{between.issue(t, named("name.test")).chain(between)}, NextProtos: []string{"h2", "http/1.1"}})
	to.roots = ca.certPEM()
	for _, name := range []string{"name.test", ""} { // "": the host, an address in the certificate
		to.serverName = name
		c, err := Dial(t.Context(), to.record(), nil)
		require.NoError(t, err)
		state := c.(*tlsconn.Conn).ConnectionState()
		assert.True(t, state.HandshakeComplete)
		assert.Equal(t, "http/1.1", state.NegotiatedProtocol)
		assert.NotEmpty(t, state.VerifiedChains)
		greeted(t, c)
	}
}

func TestDialTLSOverUnix(t *testing.T) {
	ca := root(t, "root")
	inner, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	require.NoError(t, err)
	to := secure(serveOn(t, tls.NewListener(inner, &tls.Config{Certificates: []tls.Certificate{ca.issue(t, named("localhost")).chain()}})))
	to.roots, to.serverName = ca.certPEM(), ""
	c, err := Dial(t.Context(), to.record(), nil)
	require.NoError(t, err)
	greeted(t, c)
}

func TestServersThatAreNotTrusted(t *testing.T) {
	ca, other := root(t, "root"), root(t, "other")
	between := other.issue(t, x509.Certificate{Subject: pkix.Name{CommonName: "between"}, IsCA: true, KeyUsage: x509.KeyUsageCertSign})
	aged := named("name.test")
	aged.NotBefore, aged.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
	young := named("name.test")
	young.NotBefore, young.NotAfter = time.Now().Add(time.Hour), time.Now().Add(2*time.Hour)
	client := named("name.test")
	client.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	var self *authority
	for _, c := range []struct {
		title string
		shown tls.Certificate
		want  string
	}{
		{"expired", ca.issue(t, aged).chain(), "CERT_HAS_EXPIRED certificate has expired"},
		{"not yet valid", ca.issue(t, young).chain(), "CERT_NOT_YET_VALID certificate is not yet valid"},
		{"self-signed", self.issue(t, named("name.test")).chain(), "DEPTH_ZERO_SELF_SIGNED_CERT self-signed certificate"},
		{"self-signed and another's", self.issue(t, named("another.test")).chain(), "DEPTH_ZERO_SELF_SIGNED_CERT self-signed certificate"},
		{"self-signed root", other.issue(t, named("name.test")).chain(other), "SELF_SIGNED_CERT_IN_CHAIN self-signed certificate in certificate chain"},
		{"unknown authority", other.issue(t, named("name.test")).chain(), "UNABLE_TO_VERIFY_LEAF_SIGNATURE unable to verify the first certificate"},
		{"unknown authority behind another", between.issue(t, named("name.test")).chain(between), "UNABLE_TO_GET_ISSUER_CERT_LOCALLY unable to get local issuer certificate"},
		{"wrong name", ca.issue(t, named("another.test")).chain(), "ERR_TLS_CERT_ALTNAME_INVALID Hostname/IP does not match certificate's altnames: x509: certificate is valid for another.test, not name.test"},
		{"wrong purpose", ca.issue(t, client).chain(), "INVALID_PURPOSE unsuitable certificate purpose"},
	} {
		t.Run(c.title, func(t *testing.T) {
			to := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{c.shown}})
			to.roots = ca.certPEM()
			_, err := Dial(t.Context(), to.record(), nil)
			status, text := Reason(err)
			assert.Equal(t, abi.StatusFailed, status)
			assert.Equal(t, c.want, text)

			to.Flags |= abi.DestinationInsecure
			conn, err := Dial(t.Context(), to.record(), nil)
			require.NoError(t, err)
			greeted(t, conn)
		})
	}
}

// Without roots of its own a Destination is verified by the system's, which know nobody of this test.
func TestSystemRoots(t *testing.T) {
	to := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{root(t, "root").issue(t, named("name.test")).chain()}})
	_, err := Dial(t.Context(), to.record(), nil)
	require.Error(t, err)
}

func TestClientCertificate(t *testing.T) {
	ca := root(t, "root")
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	me := ca.issue(t, named("me.test"))
	subjects := make(chan string, 1)
	to := serveTLS(t, &tls.Config{
		Certificates: []tls.Certificate{ca.issue(t, named("name.test")).chain()},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: pool,
		MaxVersion: tls.VersionTLS12, // where a refusal is part of the handshake
		VerifyConnection: func(s tls.ConnectionState) error {
			subjects <- s.PeerCertificates[0].Subject.CommonName
			return nil
		},
	})
	to.roots = ca.certPEM()
	_, err := Dial(t.Context(), to.record(), nil)
	status, text := Reason(err)
	assert.Equal(t, abi.StatusFailed, status)
	assert.Equal(t, "EPROTO remote error: tls: handshake failure", text)

	to.cert, to.key = me.certPEM(), me.keyPEM(t)
	c, err := Dial(t.Context(), to.record(), nil)
	require.NoError(t, err)
	assert.Equal(t, "me.test", <-subjects)
	greeted(t, c)
}

func TestOldTLSIsRefused(t *testing.T) {
	ca := root(t, "root")
	to := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{ca.issue(t, named("name.test")).chain()}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	to.roots = ca.certPEM()
	_, err := Dial(t.Context(), to.record(), nil)
	_, text := Reason(err)
	assert.Equal(t, "EPROTO remote error: tls: protocol version not supported", text)
}

func TestServerThatSpeaksNoTLS(t *testing.T) {
	to := secure(tcp(t, listen(t, "tcp", "127.0.0.1:0")))
	_, err := Dial(t.Context(), to.record(), nil)
	_, text := Reason(err)
	assert.Equal(t, "EPROTO tls: first record does not look like a TLS handshake", text)
}

func TestHandshakeThatBreaks(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if c, err := ln.Accept(); err == nil {
			_, _ = c.Read(make([]byte, 1<<16)) // the client's hello, so that no RST follows
			_ = c.Close()
		}
	}()
	_, err = Dial(t.Context(), secure(tcp(t, ln.Addr().String())).record(), nil)
	<-done
	require.NoError(t, ln.Close())
	status, text := Reason(err)
	assert.Equal(t, abi.StatusReset, status)
	assert.Equal(t, "ECONNRESET Client network socket disconnected before secure TLS connection was established", text)
}

// A handshake ends with its context, and the connection with it.
func TestHandshakeIsCanceled(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	ctx, cancel := context.WithCancel(t.Context())
	closed := make(chan error, 1)
	go func() {
		c, err := ln.Accept()
		if err == nil {
			cancel()
			_, err = io.Copy(io.Discard, c)
			_ = c.Close()
		}
		closed <- err
	}()
	_, err = Dial(ctx, secure(tcp(t, ln.Addr().String())).record(), nil)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, <-closed)
}

func TestPEMThatDoesNotParse(t *testing.T) {
	ca := root(t, "root")
	for _, c := range []struct {
		change func(*destination)
		want   string
	}{
		{func(d *destination) { d.roots = "no PEM" }, "ERR_INVALID_ARG_VALUE ca: no certificate in the PEM text"},
		{func(d *destination) { d.cert = ca.certPEM() }, "ERR_INVALID_ARG_VALUE cert and key: tls: failed to find any PEM data in key input"},
		{func(d *destination) { d.key = ca.keyPEM(t) }, "ERR_INVALID_ARG_VALUE cert and key: tls: failed to find any PEM data in certificate input"},
		{func(d *destination) { d.cert, d.key = ca.certPEM(), root(t, "other").keyPEM(t) }, "ERR_INVALID_ARG_VALUE cert and key: tls: private key does not match public key"},
	} {
		to := secure(tcp(t, "127.0.0.1:1"))
		c.change(&to)
		_, err := Dial(t.Context(), to.record(), nil)
		status, text := Reason(err)
		assert.Equal(t, abi.StatusInvalid, status)
		assert.Equal(t, c.want, text)
	}
}
