// Package examples tests the programs below it as a user runs them: as plugins of the host, and as standalone programs.
package examples

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/portholehttp/porthole/host"
)

// patience bounds each wait. A test never waits that long unless it fails.
const patience = time.Minute

// runtime is that of all plugins. What is compiled is kept in cacheDir.
var (
	runtime  *host.Runtime
	cacheDir string
)

func TestMain(m *testing.M) {
	code, err := run(m)
	if err = errors.Join(err, goleak.Find()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// run runs the tests with a cache of their own: several serve the same example.
func run(m *testing.M) (code int, err error) {
	ctx := context.Background()
	cache, err := os.MkdirTemp("", "porthole-examples-")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(cache)) }()
	cacheDir = cache
	if runtime, err = host.New(ctx, host.Config{CacheDir: cache}); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, runtime.Close(ctx)) }()
	return m.Run(), nil
}

// local lets an example connect to the test's servers, and to itself.
var local = host.Grants{Connect: []string{"127.0.0.1:*"}}

// site is an example behind a host.
type site struct {
	addr   string
	client *nethttp.Client
}

// serve builds an example and serves it until the end of the test. Settings, such as "port=80", are of its variables.
type serve func(t *testing.T, name string, grants host.Grants, settings ...string) *site

// eachWay runs a test with an example as a plugin and as a standalone program.
func eachWay(t *testing.T, test func(t *testing.T, serve serve)) {
	for name, way := range map[string]serve{"plugin": servePlugin, "standalone": serveStandalone} {
		t.Run(name, func(t *testing.T) { test(t, way) })
	}
}

// build builds an example; args are for the go command.
func build(t *testing.T, name string, settings []string, args ...string) []byte {
	t.Helper()
	flags := "-s -w"
	for _, setting := range settings {
		flags += " -X main." + setting
	}
	file := filepath.Join(t.TempDir(), name+".wasm")
	args = append([]string{"build", "-trimpath", "-ldflags=" + flags, "-o", file}, args...)
	build := exec.Command("go", append(args, "./"+name)...)
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	wasm, err := os.ReadFile(file)
	require.NoError(t, err)
	return wasm
}

func servePlugin(t *testing.T, name string, grants host.Grants, settings ...string) *site {
	t.Helper()
	handler, err := runtime.Load(t.Context(), name, build(t, name, settings, "-buildmode=c-shared"), host.HandlerConfig{
		Grants: grants,
		Limits: host.Limits{EventTimeout: time.Minute}, // a busy machine is no fault of the example's
	})
	require.NoError(t, err)
	server, err := runtime.NewServer(handler, host.ServerConfig{Shards: 1})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Close()) })
	addr, err := server.Listen("127.0.0.1:0")
	require.NoError(t, err)
	return newSite(t, addr.String())
}

func newSite(t *testing.T, addr string) *site {
	transport := &nethttp.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &site{addr, &nethttp.Client{Transport: transport, Timeout: patience}}
}

// do sends a request and returns the response and its body.
func (s *site) do(t *testing.T, method string, body io.Reader, contentType string) (*nethttp.Response, string) {
	t.Helper()
	request, err := nethttp.NewRequest(method, "http://"+s.addr+"/", body)
	require.NoError(t, err)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	return s.send(t, request)
}

// get gets a target.
func (s *site) get(t *testing.T, target string) (*nethttp.Response, string) {
	t.Helper()
	request, err := nethttp.NewRequest("GET", "http://"+s.addr+target, nil)
	require.NoError(t, err)
	return s.send(t, request)
}

func (s *site) send(t *testing.T, request *nethttp.Request) (*nethttp.Response, string) {
	t.Helper()
	response, err := s.client.Do(request)
	require.NoError(t, err)
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response, string(text)
}

// dial connects to the example.
func (s *site) dial(t *testing.T) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", s.addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() }) // it may be closed already
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	return conn.(*net.TCPConn)
}

// origin is a server for an example to talk to.
type origin struct {
	*httptest.Server
	handler     atomic.Pointer[nethttp.HandlerFunc]
	connections atomic.Int64 // that were made to it
}

func newOrigin(t *testing.T, handler nethttp.HandlerFunc) *origin {
	t.Helper()
	o := &origin{}
	o.handle(handler)
	o.Server = httptest.NewUnstartedServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		(*o.handler.Load())(w, r)
	}))
	o.Config.ConnState = func(_ net.Conn, state nethttp.ConnState) {
		if state == nethttp.StateNew {
			o.connections.Add(1)
		}
	}
	o.Start()
	t.Cleanup(o.Close)
	return o
}

// handle has another handler answer from now on.
func (o *origin) handle(handler nethttp.HandlerFunc) { o.handler.Store(&handler) }

// addr is host:port of the server.
func (o *origin) addr() string { return o.Listener.Addr().String() }

// port is the setting that has an example talk to the server.
func (o *origin) port() string {
	_, port, _ := strings.Cut(o.addr(), ":")
	return "port=" + port
}

// nowhere is an address that nobody listens on.
func nowhere(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

// query is a target with one parameter.
func query(name, value string) string { return "/?" + url.Values{name: {value}}.Encode() }
