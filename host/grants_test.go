package host_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host"
)

func connecting(rules ...string) host.HandlerConfig {
	return host.HandlerConfig{Grants: host.Grants{Connect: rules}}
}

func listening(rules ...string) host.HandlerConfig {
	return host.HandlerConfig{Grants: host.Grants{Listen: rules}}
}

// backend is a server for handlers to call. It returns its port.
func backend(t *testing.T, s *httptest.Server) (port string) {
	t.Helper()
	t.Cleanup(s.Close)
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	require.NoError(t, err)
	return port
}

var answering = nethttp.HandlerFunc(func(w nethttp.ResponseWriter, _ *nethttp.Request) {
	_, _ = io.WriteString(w, "from the backend") // the handler may have gone
})

func TestHandlerConnects(t *testing.T) {
	port := backend(t, httptest.NewServer(answering))
	for _, c := range []struct{ name, rule, host string }{
		{"address", "127.0.0.1:" + port, "127.0.0.1"},
		{"network", "127.0.0.0/8:*", "127.0.0.1"},
		{"localhost", "localhost:" + port, "localhost"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, log := newServer(t, outgoing, connecting(c.rule), host.ServerConfig{})
			client := newClient(t, "tcp", listen(t, s, loopback))
			for range 3 { // on one connection
				_, body := get(t, client, "/get/"+c.host+":"+port)
				assert.Equal(t, "from the backend", body)
			}
			assert.NotContains(t, log.String(), "connecting is not granted")
		})
	}
}

func TestHandlerConnectsToAUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	ln, err := net.Listen("unix", path)
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(answering)
	require.NoError(t, server.Listener.Close())
	server.Listener = ln
	server.Start()
	t.Cleanup(server.Close)
	s, _ := newServer(t, outgoing, connecting("unix:"+path), host.ServerConfig{})
	client := newClient(t, "tcp", listen(t, s, loopback))
	_, body := get(t, client, "/unix"+path)
	assert.Equal(t, "from the backend", body)
	_, body = get(t, client, "/unix"+path+"2")
	assert.Contains(t, body, `EACCES: connecting to "unix:`+path+`2" needs the grant "connect"`)
}

func TestHandlerSpeaksTLS(t *testing.T) {
	port := backend(t, httptest.NewTLSServer(answering))
	s, _ := newServer(t, outgoing, connecting("127.0.0.1:"+port), host.ServerConfig{})
	client := newClient(t, "tcp", listen(t, s, loopback))
	_, body := get(t, client, "/insecure/127.0.0.1:"+port)
	assert.Equal(t, "from the backend", body)
	_, body = get(t, client, "/https/127.0.0.1:"+port)
	assert.Equal(t, "DEPTH_ZERO_SELF_SIGNED_CERT: self-signed certificate", body)
}

func TestConnectingIsDenied(t *testing.T) {
	port := backend(t, httptest.NewServer(answering))
	for _, c := range []struct{ name, rule, act, host, want string }{
		{"by default", "", "get", "127.0.0.1", `EACCES: connecting to "127.0.0.1:` + port + `" needs the grant "connect": porthole serve --allow-connect 127.0.0.1:` + port + `, or host.Grants.Connect`},
		{"another port", "127.0.0.1:1", "get", "127.0.0.1", `EACCES: connecting to "127.0.0.1:` + port + `" needs the grant`},
		{"all, but not loopback", "*:*", "get", "127.0.0.1", `EACCES: connecting to the loopback address "127.0.0.1:` + port + `" needs the grant`},
		{"all, but not loopback by a name", "*:*", "get", "localhost", `EACCES: connecting to the loopback address `},
		{"raw", "", "raw", "127.0.0.1", `EACCES: connecting to "127.0.0.1:` + port + `" needs the grant`},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := connecting(strings.Fields(c.rule)...)
			s, log := newServer(t, outgoing, config, host.ServerConfig{})
			client := newClient(t, "tcp", listen(t, s, loopback))
			for range 3 {
				_, body := get(t, client, "/"+c.act+"/"+c.host+":"+port)
				assert.Contains(t, body, c.want)
			}
			assert.LessOrEqual(t, strings.Count(log.String(), "connecting is not granted"), 2, "once for an address")
			assert.Contains(t, log.String(), "connecting is not granted")
		})
	}
}

func TestConnectingFails(t *testing.T) {
	s, _ := newServer(t, outgoing, connecting("127.0.0.1:*"), host.ServerConfig{})
	client := newClient(t, "tcp", listen(t, s, loopback))
	ln, err := net.Listen("tcp", loopback)
	require.NoError(t, err)
	address := ln.Addr().String()
	require.NoError(t, ln.Close())
	for _, act := range []string{"get", "raw"} {
		_, body := get(t, client, "/"+act+"/"+address)
		assert.Equal(t, "ECONNREFUSED: connect ECONNREFUSED "+address, body)
	}
}

func TestRawSocket(t *testing.T) {
	ln, err := net.Listen("tcp", loopback)
	require.NoError(t, err)
	defer func() { require.NoError(t, ln.Close()) }()
	go func() {
		if c, err := ln.Accept(); err == nil {
			_, _ = io.WriteString(c, "hello from the other side")
			_ = c.Close()
		}
	}()
	s, _ := newServer(t, outgoing, connecting(ln.Addr().String()), host.ServerConfig{})
	_, body := get(t, newClient(t, "tcp", listen(t, s, loopback)), "/raw/"+ln.Addr().String())
	assert.Equal(t, "hello from the other side", body)
}

func TestTimerOfAHandler(t *testing.T) {
	s, _ := newServer(t, outgoing, host.HandlerConfig{}, host.ServerConfig{})
	_, body := get(t, newClient(t, "tcp", listen(t, s, loopback)), "/timer")
	assert.Equal(t, "later", body)
}

func TestSocketOfARequest(t *testing.T) {
	s, _ := newServer(t, outgoing, host.HandlerConfig{}, host.ServerConfig{})
	c, err := net.Dial("tcp", listen(t, s, loopback))
	require.NoError(t, err)
	defer c.Close()
	_, err = io.WriteString(c, "GET /peer HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
	require.NoError(t, err)
	response, err := io.ReadAll(c)
	require.NoError(t, err)
	assert.True(t, strings.HasSuffix(string(response), "\r\n\r\n"+c.LocalAddr().String()), "%s", response)
}

// upgraded makes a connection that speaks the handler's own protocol.
func upgraded(t *testing.T, address string) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	_, err = io.WriteString(c, "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	require.NoError(t, err)
	r := bufio.NewReader(c)
	res, err := nethttp.ReadResponse(r, nil)
	require.NoError(t, err)
	require.Equal(t, 101, res.StatusCode)
	return c, r
}

func echoed(t *testing.T, c net.Conn, r io.Reader, text string) {
	t.Helper()
	_, err := io.WriteString(c, text)
	require.NoError(t, err)
	got := make([]byte, len(text))
	_, err = io.ReadFull(r, got)
	require.NoError(t, err)
	assert.Equal(t, text, string(got))
}

// Shutdown waits for a connection that was upgraded, as for a request; idle ones to other servers are closed.
func TestShutdownWaitsForUpgraded(t *testing.T) {
	port := backend(t, httptest.NewServer(answering))
	config := connecting("127.0.0.1:" + port)
	config.Grants.Listen = []string{"127.0.0.1:0"}
	s, _ := newServer(t, outgoing, config, host.ServerConfig{})
	address := listen(t, s, loopback)
	get(t, newClient(t, "tcp", address), "/get/127.0.0.1:"+port)
	c, r := upgraded(t, address)
	echoed(t, c, r, "before")
	over := make(chan error, 1)
	go func() { over <- s.Shutdown(context.Background()) }()
	for { // until it is under way
		d, err := net.Dial("tcp", address)
		if err != nil {
			break
		}
		_ = d.Close()
	}
	echoed(t, c, r, "after")
	select {
	case err := <-over:
		t.Fatal("it did not wait", err)
	default:
	}
	require.NoError(t, c.Close())
	require.NoError(t, <-over)
}

func TestHandlerListens(t *testing.T) {
	const shards = 3
	s, log := newServer(t, outgoing, listening("127.0.0.1:0"), host.ServerConfig{Shards: shards})
	at := where(t, s)
	assert.Regexp(t, `\A127\.0\.0\.1:[1-9]\d*\z`, at)
	for range 4 * shards {
		status, body := get(t, newClient(t, "tcp", at), "/where")
		assert.Equal(t, 200, status)
		assert.Equal(t, at, body, "all shards share it")
	}

	// Whichever shard's handler dies, the port stays open and is served.
	for range shards {
		status, _ := get(t, newClient(t, "tcp", at), "/panic")
		assert.Equal(t, 500, status)
		_, body := get(t, newClient(t, "tcp", at), "/where")
		assert.Equal(t, at, body)
	}
	assert.Equal(t, shards, strings.Count(log.String(), "handler ended"))

	require.NoError(t, s.Close())
	_, err := net.Dial("tcp", at)
	assert.Error(t, err, "closed with the server")
}

// where returns where the handler of a server listens itself, which it may not have heard yet.
func where(t *testing.T, s *host.Server) string {
	t.Helper()
	client := newClient(t, "tcp", listen(t, s, loopback))
	for {
		if _, at := get(t, client, "/where"); at != "" {
			return at
		}
	}
}

func TestListeningIsDeniedByDefault(t *testing.T) {
	s, log := newServer(t, outgoing, host.HandlerConfig{}, host.ServerConfig{Shards: 2})
	assert.Contains(t, where(t, s), `listening on "127.0.0.1:0" needs the grant "listen": porthole serve --allow-listen 127.0.0.1:0, or host.Grants.Listen`)
	assert.Equal(t, 1, strings.Count(log.String(), `listening is not granted`))
}

func TestGrantsAreValidated(t *testing.T) {
	c := host.HandlerConfig{Grants: host.Grants{
		Connect: []string{"a", "b:1"}, Listen: []string{"c"},
		Env: map[string]string{"": "1", "A=B": "2", "C": "\x00", "D": "= is fine"}, Args: []string{"fine", "\x00"},
	}}
	err := c.Validate()
	for _, want := range []string{`host: the grant "a" to connect: want HOST:PORT`, `host: the grant "c" to listen: want HOST:PORT`,
		`variable "":`, `variable "A=B"`, `variable "C"`, "argument 2"} {
		assert.ErrorContains(t, err, want)
	}
	assert.NotContains(t, err.Error(), `"b:1"`)
	assert.NotContains(t, err.Error(), `"D"`)
}

// What a handler is denied is logged, but not for ever.
func TestRefusalsInTheLogAreBounded(t *testing.T) {
	s, log := newServer(t, outgoing, host.HandlerConfig{}, host.ServerConfig{})
	client := newClient(t, "tcp", listen(t, s, loopback))
	for i := range 150 {
		get(t, client, fmt.Sprintf("/get/127.0.0.1:%d", i+1))
	}
	assert.Equal(t, 100, strings.Count(log.String(), " is not granted"))
	assert.Equal(t, 1, strings.Count(log.String(), "further refusals are not logged"))
}
