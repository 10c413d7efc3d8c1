package host_test

import (
	"bufio"
	"context"
	"io"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host"
	"github.com/portholehttp/porthole/host/internal/module/moduletest"
)

// inNetHTTP serves h with net/http.
func inNetHTTP(t *testing.T, h nethttp.Handler) (*httptest.Server, *nethttp.Client) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s, newClient(t, "tcp", s.Listener.Addr().String())
}

func TestHandlerInNetHTTP(t *testing.T) {
	r, _ := newRuntime(t, host.Config{})
	h := load(t, r, "faulty", faulty)
	s, c := inNetHTTP(t, h)
	for range 3 {
		status, body := get(t, c, "/")
		assert.Equal(t, 200, status)
		assert.Equal(t, "hello world\n", body)
	}
	res, err := c.Post("http://host/body", "text/plain", strings.NewReader(strings.Repeat("x", 1<<20)))
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Equal(t, "1048576", string(body))
	status, _ := get(t, c, "/panic")
	assert.Equal(t, 500, status)

	conn, finish := inFlight(t, "tcp", s.Listener.Addr().String()) // with Expect: 100-continue
	finish()
	answer, err := nethttp.ReadResponse(bufio.NewReader(conn), nil)
	if assert.NoError(t, err) {
		assert.Equal(t, 200, answer.StatusCode)
	}
	require.NoError(t, conn.Close())

	require.NoError(t, h.Close())
	status, _ = get(t, c, "/")
	assert.Equal(t, 503, status)
	_, err = r.NewServer(h, host.ServerConfig{})
	assert.ErrorIs(t, err, host.ErrHandlerClosed)
}

// The client's address is what a handler sees, and an upgraded connection is the client's.
func TestConnectionsInNetHTTP(t *testing.T) {
	r, _ := newRuntime(t, host.Config{})
	s, _ := inNetHTTP(t, loadWith(t, r, "outgoing", outgoing, listening("127.0.0.1:0")))
	address := s.Listener.Addr().String()
	c, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer c.Close()
	_, err = io.WriteString(c, "GET /peer HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
	require.NoError(t, err)
	response, err := io.ReadAll(c)
	require.NoError(t, err)
	assert.Contains(t, string(response), c.LocalAddr().String())

	u, reader := upgraded(t, address)
	echoed(t, u, reader, "one")
	echoed(t, u, reader, "two")
	require.NoError(t, u.Close())
}

func TestServerInNetHTTP(t *testing.T) {
	s, _ := newServer(t, faulty, host.HandlerConfig{}, host.ServerConfig{MaxHeaderBytes: 200, KeepAliveTimeout: 1})
	_, c := inNetHTTP(t, s)
	for range 3 {
		status, _ := get(t, c, "/")
		assert.Equal(t, 200, status)
	}
	status, _ := get(t, c, "/"+strings.Repeat("x", 200))
	assert.Equal(t, 414, status, "the server's limits hold")
	require.NoError(t, s.Shutdown(t.Context()))
	status, _ = get(t, c, "/")
	assert.Equal(t, 503, status)
}

func TestHandlerThatDoesNotStartInNetHTTP(t *testing.T) {
	r, log := newRuntime(t, host.Config{})
	spec := moduletest.Trapping()
	spec.Function("on_start").Body = spec.Function("on_event").Body
	_, c := inNetHTTP(t, load(t, r, "broken", spec.Encode()))
	for range 2 {
		status, _ := get(t, c, "/")
		assert.Equal(t, 503, status)
	}
	assert.Equal(t, 1, strings.Count(log.String(), "handler not served"))
}

func TestServeConn(t *testing.T) {
	s, _ := newServer(t, hello, host.HandlerConfig{}, host.ServerConfig{Shards: 2})
	for range 4 {
		here, there := net.Pipe()
		require.NoError(t, s.ServeConn(there))
		c := &nethttp.Client{Transport: &nethttp.Transport{
			DisableKeepAlives: true,
			DialContext:       func(context.Context, string, string) (net.Conn, error) { return here, nil },
		}}
		status, body := get(t, c, "/")
		assert.Equal(t, 200, status)
		assert.Equal(t, "hello world\n", body)
	}
	require.NoError(t, s.Close())
	here, there := net.Pipe()
	require.ErrorIs(t, s.ServeConn(there), host.ErrServerClosed)
	_, err := here.Read(make([]byte, 1))
	assert.ErrorIs(t, err, io.EOF, "it closes what it does not serve")
}

// What a request costs behind net/http, and what net/http costs without.
func BenchmarkServeHTTP(b *testing.B) {
	r, _ := newRuntime(b, host.Config{})
	h := load(b, r, "hello", hello)
	direct, err := r.NewServer(h, host.ServerConfig{})
	require.NoError(b, err)
	address := listen(b, direct, loopback)
	behind := httptest.NewServer(h)
	b.Cleanup(behind.Close)
	native := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, _ *nethttp.Request) { _, _ = io.WriteString(w, "hello world\n") }))
	b.Cleanup(native.Close)
	for _, c := range []struct{ name, address string }{
		{"direct", address}, {"nethttp", behind.Listener.Addr().String()}, {"native", native.Listener.Addr().String()},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				for client := newClient(b, "tcp", c.address); pb.Next(); {
					res, err := client.Get("http://host/")
					if err != nil {
						b.Error(err)
						return
					}
					_, _ = io.Copy(io.Discard, res.Body)
					_ = res.Body.Close()
				}
			})
		})
	}
}
