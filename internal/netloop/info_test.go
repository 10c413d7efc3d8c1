package netloop

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInfoOfPlainSockets(t *testing.T) {
	ours, theirs := tcpPair(t)
	defer ours.Close()
	require.Equal(t, "remote="+theirs.LocalAddr().String()+"\nlocal="+ours.LocalAddr().String()+"\n", Info(ours))
	require.Equal(t, Info(ours), Info(wrapped{ours}))

	path := filepath.Join(t.TempDir(), "s")
	ours, theirs = socketPair(t, "unix", path)
	defer ours.Close()
	require.Equal(t, "remote=unix:"+path+"\nlocal=unix:\n", Info(theirs))
	require.Equal(t, "remote=unix:\nlocal=unix:"+path+"\n", Info(ours))
}

// named is a connection with addresses of a test's choice.
type named struct {
	net.Conn
	address net.Addr
}

func (n named) LocalAddr() net.Addr  { return n.address }
func (n named) RemoteAddr() net.Addr { return n.address }

func TestInfoOfAddresses(t *testing.T) {
	for _, c := range []struct {
		address net.Addr
		want    string
	}{
		{&net.TCPAddr{IP: net.IPv6loopback, Port: 80}, "remote=[::1]:80\nlocal=[::1]:80\n"},
		{&net.TCPAddr{IP: net.ParseIP("fe80::1"), Zone: "eth0", Port: 80}, "remote=[fe80::1%eth0]:80\nlocal=[fe80::1%eth0]:80\n"},
		{&net.UnixAddr{Net: "unix", Name: "/a\nremote=b\x1b\u2028"}, "remote=unix:/a\ufffdremote=b\ufffd\ufffd\nlocal=unix:/a\ufffdremote=b\ufffd\ufffd\n"},
		{(*net.UnixAddr)(nil), ""},
		{nil, ""},
	} {
		assert.Equal(t, c.want, Info(named{address: c.address}))
	}
}

// identity is a certificate with a name in every form, some of them made to mislead.
func identity(t *testing.T) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(0xabcdef),
		Subject:               pkix.Name{CommonName: "a\nverified=1", Organization: []string{"O, Ltd"}},
		NotBefore:             time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC),
		NotAfter:              time.Date(2120, 1, 2, 3, 4, 5, 0, time.UTC),
		DNSNames:              []string{"example.test", "*.example.test", "x, DNS:victim.test", "x\"\nverified=1"},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		EmailAddresses:        []string{"a@example.test"},
		URIs:                  []*url.URL{{Scheme: "spiffe", Host: "example.test"}},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestInfoOfTLS(t *testing.T) {
	id := identity(t)
	leaf, err := x509.ParseCertificate(id.Certificate[0])
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	for _, verified := range []string{"0", "1"} {
		ours, theirs := tcpPair(t)
		server := tls.Server(theirs, &tls.Config{Certificates: []tls.Certificate{id}, NextProtos: []string{"http/1.1"}})
		client := tls.Client(ours, &tls.Config{
			RootCAs: roots, InsecureSkipVerify: verified == "0", ServerName: "example.test", NextProtos: []string{"http/1.1"},
		})
		served := make(chan error, 1)
		go func() { served <- server.Handshake() }()
		require.NoError(t, client.Handshake())
		require.NoError(t, <-served)

		sum := sha256.Sum256(leaf.Raw)
		var pairs []string
		for i := range sum {
			pairs = append(pairs, strings.ToUpper(hex.EncodeToString(sum[i:i+1])))
		}
		want := []string{
			"remote=" + ours.RemoteAddr().String(),
			"local=" + ours.LocalAddr().String(),
			"tls=1.3",
			"protocol=http/1.1",
			"server-name=example.test",
			"verified=" + verified,
			"subject=CN=a\ufffdverified=1,O=O\\, Ltd",
			"issuer=CN=a\ufffdverified=1,O=O\\, Ltd",
			`names=DNS:example.test, DNS:*.example.test, DNS:"x, DNS:victim.test", DNS:"x\"\nverified=1", ` +
				`IP Address:127.0.0.1, email:a@example.test, URI:spiffe://example.test`,
			"valid-from=2020-01-02T03:04:05Z",
			"valid-to=2120-01-02T03:04:05Z",
			"serial=ABCDEF",
			"fingerprint=" + strings.Join(pairs, ":"),
			"certificate=" + base64.StdEncoding.EncodeToString(leaf.Raw),
			"",
		}
		assert.Equal(t, want, strings.Split(Info(client), "\n"))
		assert.Equal(t, want, strings.Split(Info(wrapped{client}), "\n"), "found under another layer")
		assert.NotContains(t, Info(server), "subject=", "the client has shown no certificate")
		assert.Contains(t, Info(server), "\nserver-name=example.test\nverified=0\n")
		require.NoError(t, client.Close())
		require.NoError(t, server.Close())
	}
}

// TestInfoDoesNotWait asks while the handshake is under way, which waits for a peer that says nothing.
func TestInfoDoesNotWait(t *testing.T) {
	l := New(Config{Portable: portable})
	accepted, talked := make(chan Handle, 1), make(chan struct{})
	run(t, l, &hooks{
		accept: func(s, _ Handle) { accepted <- s },
		data:   func(Handle, []byte) { close(talked) },
	})
	ours, theirs := tlsPair(t)
	l.Attach(ours, 0)
	h := <-accepted
	on(t, l, func() { assert.Equal(t, Info(innermost(ours)), l.Info(h)) })
	_, err := theirs.Write([]byte("x"))
	require.NoError(t, err)
	<-talked
	on(t, l, func() {
		assert.Contains(t, l.Info(h), "\ntls=1.3\n")
		l.CloseHandle(h, true)
		assert.Empty(t, l.Info(h))
	})
}

// TestInfoAfterHandshake asks at once for what TLS says of a connection that comes with its handshake done.
func TestInfoAfterHandshake(t *testing.T) {
	l := New(Config{})
	info := make(chan string, 1)
	run(t, l, &hooks{accept: func(s, _ Handle) { info <- l.Info(s) }})
	ours, _ := establishedPair(t)
	l.Attach(ours, 0)
	require.Contains(t, <-info, "\ntls=1.3\n")
}
