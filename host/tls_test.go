package host_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host"
	"github.com/portholehttp/porthole/host/internal/certtest"
	"github.com/portholehttp/porthole/internal/tlsconn"
)

// pairOf writes a certificate.
func pairOf(t testing.TB, c tls.Certificate) host.CertificateFiles {
	cert, key := certtest.Files(t, c)
	return host.CertificateFiles{Cert: cert, Key: key}
}

// secure starts a server whose handler describes its clients.
func secure(t testing.TB, c host.TLSConfig) (addr string, s *host.Server, log *logbook) {
	t.Helper()
	s, log = newServer(t, peer, host.HandlerConfig{}, host.ServerConfig{})
	bound, err := s.ListenTLS(loopback, c)
	require.NoError(t, err)
	return bound.String(), s, log
}

// dialTLS makes a connection that tells a cut from an end.
func dialTLS(addr string, c *tls.Config) (*tlsconn.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	secure, err := tlsconn.Client(ctx, conn, c)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secure, nil
}

// ask makes a request, the last on its connection, and returns the body. With TLS 1.3 that is where a client learns that it is refused.
func ask(c *tlsconn.Conn) (string, error) {
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, "GET /close HTTP/1.1\r\nHost: test\r\n\r\n"); err != nil {
		return "", err
	}
	r := bufio.NewReader(c)
	res, err := nethttp.ReadResponse(r, nil)
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return "", err
	}
	if _, err := io.ReadAll(r); err != nil { // up to the closure alert
		return "", fmt.Errorf("after the response: %w", err)
	}
	return string(body), nil
}

func askAt(addr string, c *tls.Config) (string, error) {
	conn, err := dialTLS(addr, c)
	if err != nil {
		return "", err
	}
	return ask(conn)
}

func TestTLSDescribesTheConnection(t *testing.T) {
	ca := certtest.NewAuthority(t)
	addr, _, _ := secure(t, host.TLSConfig{Certificates: []host.CertificateFiles{pairOf(t, ca.Issue(t, "a.test"))}})
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		name := strings.ReplaceAll(tls.VersionName(version), "TLS ", "TLSv")
		got, err := askAt(addr, &tls.Config{RootCAs: ca.Pool(), ServerName: "a.test", NextProtos: []string{"h2", "http/1.1"}, MaxVersion: version})
		require.NoError(t, err)
		assert.Equal(t, "early "+name+"\naddress 127.0.0.1\nencrypted true\nprotocol "+name+"\nalpn http/1.1\nname a.test\nverified false\n", got)
		got, err = askAt(addr, &tls.Config{RootCAs: ca.Pool(), ServerName: "127.0.0.1", MaxVersion: version})
		require.NoError(t, err)
		assert.Equal(t, "early "+name+"\naddress 127.0.0.1\nencrypted true\nprotocol "+name+"\nalpn \nname \nverified false\n", got, "neither SNI nor ALPN")
	}
}

func TestTLSChoosesCertificates(t *testing.T) {
	ca := certtest.NewAuthority(t)
	first, exact, wild := ca.Issue(t, "first.test"), ca.Issue(t, "b.test", "c.test"), ca.Issue(t, "*.wild.test")
	hook := ca.Issue(t, "hook.test")
	addr, _, _ := secure(t, host.TLSConfig{
		Certificates: []host.CertificateFiles{pairOf(t, first), pairOf(t, exact), pairOf(t, wild)},
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if hello.ServerName == "hook.test" {
				return &hook, nil
			}
			return nil, nil
		},
	})
	for name, want := range map[string]tls.Certificate{
		"first.test": first, "b.test": exact, "C.test": exact, "x.wild.test": wild, "hook.test": hook,
		"x.y.wild.test": first, "unknown.test": first, "": first,
	} {
		c, err := dialTLS(addr, &tls.Config{InsecureSkipVerify: true, ServerName: name})
		require.NoError(t, err)
		assert.Equal(t, want.Leaf.SerialNumber, c.ConnectionState().PeerCertificates[0].SerialNumber, "%q", name)
		require.NoError(t, c.Close())
	}
}

func TestTLSRefusals(t *testing.T) {
	ca := certtest.NewAuthority(t)
	files := []host.CertificateFiles{pairOf(t, ca.Issue(t, "a.test"))}
	plain, _, log := secure(t, host.TLSConfig{Certificates: files})
	strict, _, _ := secure(t, host.TLSConfig{Certificates: files, MinVersion: tls.VersionTLS13, Protocols: []string{"b", "a"}})
	client := func(change func(*tls.Config)) *tls.Config {
		c := &tls.Config{RootCAs: ca.Pool(), ServerName: "a.test"}
		change(c)
		return c
	}
	for _, c := range []struct {
		name, addr string
		config     *tls.Config
		want       string
	}{
		{"another protocol", plain, client(func(c *tls.Config) { c.NextProtos = []string{"h2"} }), "no application protocol"},
		{"TLS 1.1", plain, client(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }), "protocol version not supported"},
		{"TLS 1.2 where 1.3 is wanted", strict, client(func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }), "protocol version not supported"},
		{"another protocol where some are set", strict, client(func(c *tls.Config) { c.NextProtos = []string{"http/1.1"} }), "no application protocol"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := dialTLS(c.addr, c.config)
			assert.ErrorContains(t, err, c.want)
		})
	}
	log.await(t, "TLS handshake failed")
	got, err := askAt(strict, client(func(c *tls.Config) { c.NextProtos = []string{"a", "b"} }))
	require.NoError(t, err)
	assert.Contains(t, got, "\nalpn b\n", "the server's order counts")
}

func TestTLSClientCertificates(t *testing.T) {
	ca, another := certtest.NewAuthority(t), certtest.NewAuthority(t)
	good, stranger := ca.Issue(t, "client.test"), another.Issue(t, "stranger.test")
	expired := ca.IssueUntil(t, time.Now().Add(-time.Hour), "expired.test")
	config := host.TLSConfig{Certificates: []host.CertificateFiles{pairOf(t, ca.Issue(t, "a.test"))}, ClientCAFile: ca.File(t)}
	required, _, _ := secure(t, config)
	config.ClientCertOptional = true
	optional, _, _ := secure(t, config)
	shown := "\nverified true\nsubject CN=client.test\nnames DNS:client.test,IP Address:127.0.0.1\nserial " + fmt.Sprintf("%X", good.Leaf.SerialNumber) + "\n"
	for _, c := range []struct {
		name, addr string
		shows      *tls.Certificate
		want, err  string
	}{
		{"required, good", required, &good, shown, ""},
		{"required, none", required, nil, "", "certificate required"},
		{"required, of another authority", required, &stranger, "", "certificate authority"},
		{"required, expired", required, &expired, "", "expired certificate"},
		{"optional, good", optional, &good, shown, ""},
		{"optional, none", optional, nil, "\nverified false\n", ""},
		{"optional, of another authority", optional, &stranger, "", "certificate authority"},
		{"optional, expired", optional, &expired, "", "expired certificate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := &tls.Config{RootCAs: ca.Pool(), ServerName: "a.test"}
			if c.shows != nil {
				client.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return c.shows, nil }
			}
			got, err := askAt(c.addr, client)
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			assert.True(t, strings.HasSuffix(got, c.want), got)
		})
	}
}

// While certificates are replaced no connection fails, those that are open go on, and in the end the last certificate is shown.
func TestTLSReloadUnderLoad(t *testing.T) {
	ca := certtest.NewAuthority(t)
	files := pairOf(t, ca.Issue(t, "a.test"))
	addr, _, log := secure(t, host.TLSConfig{Certificates: []host.CertificateFiles{files}, ClientCAFile: ca.File(t), ClientCertOptional: true})
	client := &tls.Config{RootCAs: ca.Pool(), ServerName: "a.test", ClientSessionCache: tls.NewLRUClientSessionCache(1)}
	open, err := dialTLS(addr, client)
	require.NoError(t, err)

	var last string // the swapper's, until swapped is closed
	swap, swapped := make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(swapped)
		for range swap {
			c := ca.Issue(t, "a.test")
			certtest.Write(t, c, files.Cert, files.Key)
			last = c.Leaf.SerialNumber.String()
		}
	}()
	connect := func() string {
		c, err := dialTLS(addr, client)
		require.NoError(t, err)
		serial := c.ConnectionState().PeerCertificates[0].SerialNumber.String()
		_, err = ask(c)
		require.NoError(t, err)
		return serial
	}
	seen := map[string]bool{}
	for begin := time.Now(); len(seen) < 3; { // the first, and two that came later: a second each
		require.Less(t, time.Since(begin), patience)
		select {
		case swap <- struct{}{}: // while we connect
		default:
		}
		seen[connect()] = true
	}
	close(swap)
	<-swapped
	for begin := time.Now(); connect() != last; {
		require.Less(t, time.Since(begin), patience)
	}
	assert.Contains(t, log.String(), "certificate reloaded")
	_, err = ask(open)
	assert.NoError(t, err, "a connection from before")
}

// Who is not trusted any more is not let in by a session from before either.
func TestTLSAuthorityIsWithdrawn(t *testing.T) {
	ca, old, next := certtest.NewAuthority(t), certtest.NewAuthority(t), certtest.NewAuthority(t)
	trusted := old.File(t)
	addr, _, _ := secure(t, host.TLSConfig{Certificates: []host.CertificateFiles{pairOf(t, ca.Issue(t, "a.test"))}, ClientCAFile: trusted})
	client := func(by *certtest.Authority) *tls.Config {
		return &tls.Config{
			RootCAs: ca.Pool(), ServerName: "a.test", ClientSessionCache: tls.NewLRUClientSessionCache(1),
			Certificates: []tls.Certificate{by.Issue(t, "client.test")},
		}
	}
	leaving, coming := client(old), client(next)
	_, err := askAt(addr, leaving)
	require.NoError(t, err)
	c, err := dialTLS(addr, leaving)
	require.NoError(t, err)
	assert.True(t, c.ConnectionState().DidResume, "or the test would be none")
	_, err = ask(c)
	require.NoError(t, err)

	certtest.Replace(t, trusted, next.PEM())
	for begin := time.Now(); ; {
		if _, err = askAt(addr, coming); err == nil {
			break
		}
		require.Less(t, time.Since(begin), patience)
	}
	_, err = askAt(addr, leaving)
	assert.ErrorContains(t, err, "certificate authority")
}

func TestTLSSilentClient(t *testing.T) {
	ca := certtest.NewAuthority(t)
	addr, _, log := secure(t, host.TLSConfig{
		Certificates: []host.CertificateFiles{pairOf(t, ca.Issue(t, "a.test"))}, HandshakeTimeout: 100 * time.Millisecond, MaxHandshakes: 2,
	})
	silent, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	_, err = askAt(addr, &tls.Config{RootCAs: ca.Pool(), ServerName: "a.test"})
	require.NoError(t, err)
	_, err = silent.Read(make([]byte, 1))
	assert.ErrorIs(t, err, io.EOF)
	log.await(t, "it took too long")
	require.NoError(t, silent.Close())
}

// What was cut is not taken for what has ended.
func TestTLSTruncation(t *testing.T) {
	ca := certtest.NewAuthority(t)
	addr, _, log := secure(t, host.TLSConfig{Certificates: []host.CertificateFiles{pairOf(t, ca.Issue(t, "a.test"))}})
	for _, end := range []struct {
		want string
		how  func(*tlsconn.Conn) error
	}{
		{"upgraded: end", func(c *tlsconn.Conn) error { return c.CloseWrite() }},
		{"ECONNRESET", func(c *tlsconn.Conn) error { return c.NetConn().(*net.TCPConn).CloseWrite() }},
	} {
		c, err := dialTLS(addr, &tls.Config{RootCAs: ca.Pool(), ServerName: "a.test"})
		require.NoError(t, err)
		_, err = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		require.NoError(t, err)
		r := bufio.NewReader(c)
		_, err = nethttp.ReadResponse(r, nil)
		require.NoError(t, err)
		_, err = io.WriteString(c, "part")
		require.NoError(t, err)
		_, err = io.ReadFull(r, make([]byte, 4))
		require.NoError(t, err)
		require.NoError(t, end.how(c))
		log.await(t, end.want)
		require.NoError(t, c.NetConn().Close())
	}
}

func TestPlainHTTPToTLS(t *testing.T) {
	ca := certtest.NewAuthority(t)
	addr, _, _ := secure(t, host.TLSConfig{Certificates: []host.CertificateFiles{pairOf(t, ca.Issue(t, "a.test"))}})
	status, body := get(t, newClient(t, "tcp", addr), "/")
	assert.Equal(t, 400, status)
	assert.Contains(t, body, "HTTPS")
}

func TestTLSShutdown(t *testing.T) {
	ca := certtest.NewAuthority(t)
	addr, s, _ := secure(t, host.TLSConfig{Certificates: []host.CertificateFiles{pairOf(t, ca.Issue(t, "a.test"))}})
	idle, err := dialTLS(addr, &tls.Config{RootCAs: ca.Pool(), ServerName: "a.test"})
	require.NoError(t, err)
	_, err = io.WriteString(idle, "GET / HTTP/1.1\r\nHost: test\r\n\r\n")
	require.NoError(t, err)
	r := bufio.NewReader(idle)
	res, err := nethttp.ReadResponse(r, nil)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, res.Body)
	require.NoError(t, err)
	silent, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	require.NoError(t, s.Shutdown(t.Context()))
	_, err = r.ReadByte()
	assert.Equal(t, io.EOF, err, "with a closure alert")
	_, _ = silent.Read(make([]byte, 1)) // returns
	require.NoError(t, silent.Close())
	require.NoError(t, idle.Close())
	_, err = s.ListenTLS(loopback, host.TLSConfig{})
	assert.ErrorIs(t, err, host.ErrServerClosed)
}

func TestTLSConfigRefused(t *testing.T) {
	ca := certtest.NewAuthority(t)
	files := pairOf(t, ca.Issue(t, "a.test"))
	s, _ := newServer(t, hello, host.HandlerConfig{}, host.ServerConfig{})
	open := t.TempDir()
	require.NoError(t, os.Chmod(open, 0o755))
	for _, bad := range []struct {
		want string
		c    host.TLSConfig
	}{
		{"no source of certificates", host.TLSConfig{}},
		{"Certificates[0] lacks", host.TLSConfig{Certificates: []host.CertificateFiles{{Cert: files.Cert}}}},
		{"not ClientCAFile", host.TLSConfig{Certificates: []host.CertificateFiles{files}, ClientCertOptional: true}},
		{"MinVersion is 0x302", host.TLSConfig{Certificates: []host.CertificateFiles{files}, MinVersion: tls.VersionTLS11}},
		{"MinVersion is 0x305", host.TLSConfig{Certificates: []host.CertificateFiles{files}, MinVersion: tls.VersionTLS13 + 1}},
		{`Protocols holds "h2"`, host.TLSConfig{Certificates: []host.CertificateFiles{files}, Protocols: []string{"h2"}}},
		{`Protocols holds ""`, host.TLSConfig{Certificates: []host.CertificateFiles{files}, Protocols: []string{""}}},
		{"HandshakeTimeout", host.TLSConfig{Certificates: []host.CertificateFiles{files}, HandshakeTimeout: -1}},
		{"MaxHandshakes", host.TLSConfig{Certificates: []host.CertificateFiles{files}, MaxHandshakes: -1}},
		{"missing", host.TLSConfig{Certificates: []host.CertificateFiles{{Cert: files.Cert, Key: "missing"}}}},
		{"with key", host.TLSConfig{Certificates: []host.CertificateFiles{{Cert: files.Cert, Key: files.Cert}}}},
		{"authorities", host.TLSConfig{Certificates: []host.CertificateFiles{files}, ClientCAFile: files.Key}},
		{"ACME has no Domains", host.TLSConfig{ACME: &host.ACMEConfig{CacheDir: open}}},
		{"ACME has no CacheDir", host.TLSConfig{ACME: &host.ACMEConfig{Domains: []string{"a.test"}}}},
		{"wildcards", host.TLSConfig{ACME: &host.ACMEConfig{Domains: []string{"*.a.test"}, CacheDir: open}}},
		{"lets others in", host.TLSConfig{ACME: &host.ACMEConfig{Domains: []string{"a.test"}, CacheDir: open}}},
		{"missing", host.TLSConfig{ACME: &host.ACMEConfig{Domains: []string{"a.test"}, CacheDir: t.TempDir(), CAFile: "missing"}}},
	} {
		_, err := s.ListenTLS(loopback, bad.c)
		assert.ErrorContains(t, err, bad.want)
		ln, err := net.Listen("tcp", loopback)
		require.NoError(t, err)
		assert.ErrorContains(t, s.ServeTLS(ln, bad.c), bad.want)
		_, err = ln.Accept()
		assert.ErrorIs(t, err, net.ErrClosed, "it closes what it does not serve")
	}
	_, err := s.ListenTLS("nowhere", host.TLSConfig{Certificates: []host.CertificateFiles{files}})
	assert.ErrorContains(t, err, "want host:port")
}

func TestServeTLSOverUnix(t *testing.T) {
	ca := certtest.NewAuthority(t)
	s, _ := newServer(t, peer, host.HandlerConfig{}, host.ServerConfig{})
	ln, err := net.Listen("unix", t.TempDir()+"/s")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() {
		served <- s.ServeTLS(ln, host.TLSConfig{Certificates: []host.CertificateFiles{pairOf(t, ca.Issue(t, "a.test"))}})
	}()
	conn, err := net.Dial("unix", ln.Addr().String())
	require.NoError(t, err)
	c, err := tlsconn.Client(t.Context(), conn, &tls.Config{RootCAs: ca.Pool(), ServerName: "a.test"})
	require.NoError(t, err)
	got, err := ask(c)
	require.NoError(t, err)
	assert.Contains(t, got, "protocol TLSv1.3\n")
	require.NoError(t, s.Close())
	assert.ErrorIs(t, <-served, host.ErrServerClosed)
}
