package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/certtest"
	"github.com/portholehttp/porthole/host/internal/module/moduletest"
)

// dialTLS connects to the i-th address.
func (p *process) dialTLS(i int, c *tls.Config) (*tls.Conn, error) {
	p.t.Helper()
	address, ok := strings.CutPrefix(p.addresses[i], "https://")
	require.True(p.t, ok, p.addresses[i])
	conn, err := tls.Dial("tcp", address, c)
	if err == nil {
		require.NoError(p.t, conn.SetDeadline(time.Now().Add(tooLong)))
		p.t.Cleanup(func() { _ = conn.Close() })
	}
	return conn, err
}

// getTLS makes a request and returns the status and the name in the server's certificate.
func (p *process) getTLS(i int, c *tls.Config) (int, string) {
	p.t.Helper()
	conn, err := p.dialTLS(i, c)
	require.NoError(p.t, err)
	_, err = fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
	require.NoError(p.t, err)
	status, _ := response(p.t, bufio.NewReader(conn))
	return status, conn.ConnectionState().PeerCertificates[0].Subject.CommonName
}

func TestServeTLS(t *testing.T) {
	ca := certtest.NewAuthority(t)
	certA, keyA := certtest.Files(t, ca.Issue(t, "a.test"))
	certB, keyB := certtest.Files(t, ca.Issue(t, "*.b.test"))
	p := serveWith(t, moduletest.Answering(), "--tls-listen", "127.0.0.1:0", "--tls-cert", certA, "--tls-key", keyA, "--tls-cert", certB, "--tls-key", keyB)
	require.Len(t, p.addresses, 1)
	assert.Regexp(t, `\Ahttps://127\.0\.0\.1:[1-9]\d*\z`, p.addresses[0])
	for name, want := range map[string]string{"a.test": "a.test", "x.b.test": "*.b.test"} {
		status, shown := p.getTLS(0, &tls.Config{RootCAs: ca.Pool(), ServerName: name})
		assert.Equal(t, 200, status)
		assert.Equal(t, want, shown)
	}
	p.mu.Lock()
	assert.Empty(t, p.lines, "and it listens on nothing else")
	p.mu.Unlock()

	// A new certificate is shown without a signal or a restart.
	certtest.Write(t, ca.Issue(t, "new.a.test", "a.test"), certA, keyA)
	for begin, shown := time.Now(), ""; shown != "new.a.test"; {
		require.Less(t, time.Since(begin), tooLong)
		_, shown = p.getTLS(0, &tls.Config{RootCAs: ca.Pool(), ServerName: "a.test"})
	}
	assert.Contains(t, p.line("certificate reloaded"), certA)

	// One that is no good is not.
	require.NoError(t, os.WriteFile(keyA, []byte("half a k"), 0o600))
	logged := make(chan struct{})
	go func() { // connections have it looked at
		defer close(logged)
		p.line("changed TLS files are not used")
	}()
	for waiting := true; waiting; {
		_, shown := p.getTLS(0, &tls.Config{RootCAs: ca.Pool(), ServerName: "a.test"})
		assert.Equal(t, "new.a.test", shown)
		select {
		case <-logged:
			waiting = false
		default:
		}
	}
}

func TestServePlainAndTLS(t *testing.T) {
	ca := certtest.NewAuthority(t)
	cert, key := certtest.Files(t, ca.Issue(t, "a.test"))
	socket := filepath.Join(t.TempDir(), "s")
	p := serveWith(t, moduletest.Answering(), "--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0", "--tls-listen", "unix:"+socket,
		"--tls-cert", cert, "--tls-key", key, "--tls-client-ca", ca.File(t), "--tls-client-auth", "optional", "--tls-min-version", "1.3")
	assert.Regexp(t, `\Ahttp://`, p.addresses[0])
	assert.Equal(t, "unix:"+socket+" with TLS", p.addresses[2])
	status, _ := p.get(0)
	assert.Equal(t, 200, status)
	status, _ = p.getTLS(1, &tls.Config{RootCAs: ca.Pool(), ServerName: "a.test"})
	assert.Equal(t, 200, status)
	_, err := p.dialTLS(1, &tls.Config{RootCAs: ca.Pool(), ServerName: "a.test", MaxVersion: tls.VersionTLS12})
	assert.ErrorContains(t, err, "protocol version")
}

func TestServeClientCertificate(t *testing.T) {
	ca := certtest.NewAuthority(t)
	cert, key := certtest.Files(t, ca.Issue(t, "a.test"))
	p := serveWith(t, moduletest.Answering(), "--tls-listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key, "--tls-client-ca", ca.File(t))
	status, _ := p.getTLS(0, &tls.Config{RootCAs: ca.Pool(), ServerName: "a.test", Certificates: []tls.Certificate{ca.Issue(t, "client.test")}})
	assert.Equal(t, 200, status)
	_, err := p.dialTLS(0, &tls.Config{RootCAs: ca.Pool(), ServerName: "a.test", MaxVersion: tls.VersionTLS12})
	assert.ErrorContains(t, err, "handshake failure", "with TLS 1.3 the client would not know yet")
	assert.Contains(t, p.line("TLS handshake failed"), "client didn't provide a certificate")
}

func TestTLSMisuse(t *testing.T) {
	for _, c := range []struct {
		want string
		args []string
	}{
		{"--tls-cert is given without --tls-listen; --tls-key is given without --tls-listen", []string{"--tls-cert", "c", "--tls-key", "k"}},
		{"--tls-client-ca is given without --tls-listen; --tls-client-auth is given without --tls-listen", []string{"--tls-client-ca", "c", "--tls-client-auth", "require"}},
		{"--acme-domain is given without --tls-listen", []string{"--acme-domain", "a.test"}},
		{"--tls-listen needs --tls-cert and --tls-key, or --acme-domain", []string{"--tls-listen", ":1"}},
		{"--tls-cert is given 2 times and --tls-key 1 times, want one key for each certificate", []string{"--tls-listen", ":1", "--tls-cert", "c", "--tls-cert", "c", "--tls-key", "k"}},
		{"--tls-client-auth is given without --tls-client-ca", []string{"--tls-listen", ":1", "--tls-cert", "c", "--tls-key", "k", "--tls-client-auth", "require"}},
		{`--tls-client-auth is "some", want require or optional`, []string{"--tls-listen", ":1", "--tls-cert", "c", "--tls-key", "k", "--tls-client-ca", "c", "--tls-client-auth", "some"}},
		{`--tls-min-version is "1.1", want 1.2 or 1.3`, []string{"--tls-listen", ":1", "--tls-cert", "c", "--tls-key", "k", "--tls-min-version", "1.1"}},
		{"--tls-handshake-timeout is not positive", []string{"--tls-listen", ":1", "--tls-cert", "c", "--tls-key", "k", "--tls-handshake-timeout", "0s"}},
		{`ACME domain "*.a.test": TLS-ALPN-01 gives no certificates for wildcards`, []string{"--tls-listen", ":1", "--acme-domain", "*.a.test"}},
		{`invalid argument "443" for "--tls-listen" flag: want host:port or unix:/path`, []string{"--tls-listen", "443"}},
	} {
		stdout, stderr, code := porthole(t, append(append([]string{"serve"}, c.args...), "a.wasm")...)
		assert.Equal(t, 2, code, "%q", c.args)
		assert.Empty(t, stdout)
		assert.Equal(t, "porthole: "+c.want+"\nTry 'porthole serve --help'.\n", stderr)
	}
	help, _, _ := porthole(t, "serve", "--help")
	for _, want := range []string{"--tls-listen address ", "--tls-cert file ", "--tls-client-auth require ", "--acme-domain name ", "serve --tls-listen :443 "} {
		assert.Contains(t, help, want)
	}
}

func TestServeRefusesTLSFiles(t *testing.T) {
	ca := certtest.NewAuthority(t)
	cert, key := certtest.Files(t, ca.Issue(t, "a.test"))
	_, other := certtest.Files(t, ca.Issue(t, "a.test"))
	old, oldKey := certtest.Files(t, ca.IssueUntil(t, time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), "a.test"))
	for _, c := range []struct{ title, cert, key, ca, want string }{
		{"expired", old, oldKey, "", `certificate .*: the certificate expired on 2020-01-01 00:00:00`},
		{"key of another", cert, other, "", `certificate .* with key .*: tls: private key does not match public key`},
		{"missing", "nowhere.pem", key, "", `.*nowhere\.pem: .*`},
		{"several", old, oldKey, "nowhere.pem", `certificate .* expired on .*; .*nowhere\.pem: .*`},
	} {
		t.Run(c.title, func(t *testing.T) {
			args := []string{"serve", "--cache-dir", cacheDir, "--shards", "1", "--tls-listen", "127.0.0.1:0", "--tls-cert", c.cert, "--tls-key", c.key}
			if c.ca != "" {
				args = append(args, "--tls-client-ca", c.ca)
			}
			stdout, stderr, code := porthole(t, append(args, handlerFile(t, moduletest.Answering()))...)
			assert.Equal(t, 1, code)
			assert.Empty(t, stdout)
			assert.Regexp(t, `\Aporthole: `+c.want+`\n\z`, stderr)
		})
	}
}
