package host_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	nethttp "net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host"
)

func TestUnixSocketFiles(t *testing.T) {
	s, _ := newServer(t, hello, host.HandlerConfig{}, host.ServerConfig{})
	dir := t.TempDir()

	stale := filepath.Join(dir, "stale")
	ln, err := net.Listen("unix", stale)
	require.NoError(t, err)
	ln.(*net.UnixListener).SetUnlinkOnClose(false)
	require.NoError(t, ln.Close())
	listen(t, s, "unix:"+stale)
	status, _ := get(t, newClient(t, "unix", stale), "/")
	assert.Equal(t, 200, status, "a file that nobody listened on was replaced")

	_, err = s.Listen("unix:" + stale)
	require.ErrorIs(t, err, syscall.EADDRINUSE, "somebody does now")
	status, _ = get(t, newClient(t, "unix", stale), "/")
	assert.Equal(t, 200, status, "and was not harmed")

	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, []byte("precious"), 0o600))
	_, err = s.Listen("unix:" + file)
	assert.ErrorContains(t, err, "not a socket")
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "precious", string(content))

	link := filepath.Join(dir, "link")
	require.NoError(t, os.Symlink(file, link))
	_, err = s.Listen("unix:" + link)
	assert.ErrorContains(t, err, "not a socket")

	_, err = s.Listen("unix:")
	assert.ErrorContains(t, err, "the path is empty")
	_, err = s.Listen("unix:" + filepath.Join(dir, "missing", "socket"))
	assert.ErrorIs(t, err, os.ErrNotExist)

	require.NoError(t, s.Close())
	_, err = os.Lstat(stale)
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestListenErrors(t *testing.T) {
	s, _ := newServer(t, hello, host.HandlerConfig{}, host.ServerConfig{})
	addr := listen(t, s, loopback)
	_, err := s.Listen(addr)
	assert.ErrorIs(t, err, syscall.EADDRINUSE)
	for _, wrong := range []string{"", ":", "localhost:", "localhost", "127.0.0.1:port", "127.0.0.1:99999"} {
		_, err := s.Listen(wrong)
		assert.Error(t, err, "%q", wrong)
	}
}

func TestServeReturnsWhenClosed(t *testing.T) {
	s, _ := newServer(t, hello, host.HandlerConfig{}, host.ServerConfig{})
	ln, err := net.Listen("tcp", loopback)
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	status, _ := get(t, newClient(t, "tcp", ln.Addr().String()), "/")
	assert.Equal(t, 200, status)
	require.NoError(t, s.Shutdown(t.Context()))
	assert.ErrorIs(t, <-served, host.ErrServerClosed)

	ln, err = net.Listen("tcp", loopback)
	require.NoError(t, err)
	require.ErrorIs(t, s.Serve(ln), host.ErrServerClosed)
	_, err = ln.Accept()
	assert.ErrorIs(t, err, net.ErrClosed, "it closes what it does not serve")
}

// scripted is a listener whose Accept returns what the test sends.
type scripted struct {
	net.Listener
	next   chan any // a net.Conn or an error
	closed chan struct{}
}

func newScripted() *scripted {
	return &scripted{next: make(chan any), closed: make(chan struct{})}
}

func (l *scripted) Accept() (net.Conn, error) {
	select {
	case v := <-l.next:
		if err, ok := v.(error); ok {
			return nil, err
		}
		return v.(net.Conn), nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *scripted) Close() error {
	select {
	case <-l.closed:
		return net.ErrClosed
	default:
		close(l.closed)
		return nil
	}
}

func (l *scripted) Addr() net.Addr { return &net.UnixAddr{Name: "scripted", Net: "unix"} }

type temporary struct{ error }

func (temporary) Temporary() bool { return true }

func TestServeOutlastsTemporaryErrors(t *testing.T) {
	s, log := newServer(t, hello, host.HandlerConfig{}, host.ServerConfig{LingerTimeout: -1})
	ln := newScripted()
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	for _, err := range []error{syscall.EMFILE, syscall.ECONNABORTED, temporary{errors.New("not now")}} {
		ln.next <- err
	}
	here, there := net.Pipe()
	defer func() { require.NoError(t, there.Close()) }()
	ln.next <- here
	require.NoError(t, there.SetDeadline(time.Now().Add(patience)))
	_, err := io.WriteString(there, "GET / HTTP/1.0\r\n\r\n")
	require.NoError(t, err)
	answer, err := io.ReadAll(there)
	require.NoError(t, err)
	assert.Contains(t, string(answer), "hello world")
	assert.Contains(t, log.String(), `msg="accept failed" address=scripted reason="not now" retry=20ms`)

	broken := errors.New("broken for good")
	ln.next <- broken
	assert.ErrorIs(t, <-served, broken)
	<-ln.closed
	assert.NoError(t, s.Err(), "the server has others")
}

func TestServeThatWaitsIsClosed(t *testing.T) {
	s, _ := newServer(t, hello, host.HandlerConfig{}, host.ServerConfig{})
	ln := newScripted()
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	for range 6 { // the sixth time it waits for 160 ms
		ln.next <- syscall.EMFILE
	}
	require.NoError(t, s.Close())
	assert.ErrorIs(t, <-served, host.ErrServerClosed)
}

// Anything that gives connections can be served, such as TLS.
func TestServeTLS(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"host"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	ln, err := tls.Listen("tcp", loopback, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
	require.NoError(t, err)

	s, _ := newServer(t, faulty, host.HandlerConfig{}, host.ServerConfig{})
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	c := newClient(t, "tcp", ln.Addr().String())
	c.Transport.(*nethttp.Transport).TLSClientConfig = &tls.Config{RootCAs: roots}
	res, err := c.Get("https://host/")
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Equal(t, "hello world\n", string(body))
	require.NoError(t, s.Close())
	assert.ErrorIs(t, <-served, host.ErrServerClosed)
}
