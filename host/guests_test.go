package host_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	nethttp "net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/portholehttp/porthole/host"
)

// What all tests share: guests that are built once, and a cache so that each is compiled once.
var (
	cacheDir string
	hello    []byte // examples/hello
	faulty   []byte // testdata/guests/faulty
	outgoing []byte // testdata/guests/outgoing
	observed []byte // testdata/guests/observed
	peer     []byte // testdata/guests/peer
	greeter  []byte // testdata/guests/greeter
)

func TestMain(m *testing.M) {
	code, err := testMain(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func testMain(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "porthole")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	cacheDir = filepath.Join(dir, "cache")
	host.CacheDirOfTests = cacheDir
	if hello, err = build(dir, "../examples/hello"); err != nil {
		return 1, err
	}
	if faulty, err = build(dir, "./testdata/guests/faulty"); err != nil {
		return 1, err
	}
	if outgoing, err = build(dir, "./testdata/guests/outgoing"); err != nil {
		return 1, err
	}
	if peer, err = build(dir, "./testdata/guests/peer"); err != nil {
		return 1, err
	}
	if observed, err = build(dir, "./testdata/guests/observed"); err != nil {
		return 1, err
	}
	if greeter, err = build(dir, "./testdata/guests/greeter"); err != nil {
		return 1, err
	}
	code = m.Run()
	return code, goleak.Find()
}

// build compiles a Go handler.
func build(dir, source string) ([]byte, error) {
	file := filepath.Join(dir, filepath.Base(source)+".wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", file, source)
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build %s: %w\n%s", source, err, out)
	}
	return os.ReadFile(file)
}

// patience is how long a test waits for what must happen. It only matters when a test fails.
const patience = 30 * time.Second

func newRuntime(t testing.TB, c host.Config) (*host.Runtime, *logbook) {
	t.Helper()
	log := newLogbook()
	c.Logger = slog.New(slog.NewTextHandler(log, nil))
	if !c.NoCache && c.CacheDir == "" {
		c.CacheDir = cacheDir
	}
	r, err := host.New(context.Background(), c)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, r.Close(context.Background())) })
	return r, log
}

func load(t testing.TB, r *host.Runtime, name string, wasm []byte) *host.Handler {
	t.Helper()
	return loadWith(t, r, name, wasm, host.HandlerConfig{})
}

func loadWith(t testing.TB, r *host.Runtime, name string, wasm []byte, c host.HandlerConfig) *host.Handler {
	t.Helper()
	if c.Limits.EventTimeout == 0 {
		c.Limits.EventTimeout = patience // a busy machine is no fault of the handler's
	}
	h, err := r.Load(context.Background(), name, wasm, c)
	require.NoError(t, err)
	return h
}

// newServer starts a server with one shard unless c says otherwise.
func newServer(t testing.TB, wasm []byte, hc host.HandlerConfig, c host.ServerConfig) (*host.Server, *logbook) {
	t.Helper()
	r, log := newRuntime(t, host.Config{})
	if c.Shards == 0 {
		c.Shards = 1
	}
	s, err := r.NewServer(loadWith(t, r, "guest", wasm, hc), c)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s, log
}

func listen(t testing.TB, s *host.Server, addr string) string {
	t.Helper()
	bound, err := s.Listen(addr)
	require.NoError(t, err)
	return bound.String()
}

const loopback = "127.0.0.1:0"

// newClient returns a client whose requests all go to addr.
func newClient(t testing.TB, network, addr string) *nethttp.Client {
	t.Helper()
	transport := &nethttp.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, addr)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return &nethttp.Client{Transport: transport, Timeout: patience}
}

// get returns status and body.
func get(t testing.TB, c *nethttp.Client, path string) (int, string) {
	t.Helper()
	res, err := c.Get("http://host" + path)
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode, string(body)
}

// logbook is what was logged.
type logbook struct {
	mu   sync.Mutex
	more sync.Cond
	text bytes.Buffer
}

func newLogbook() *logbook {
	l := &logbook{}
	l.more.L = &l.mu
	return l
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.more.Broadcast()
	return l.text.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// await waits until text has been logged.
func (l *logbook) await(t testing.TB, text string) {
	t.Helper()
	late := time.AfterFunc(patience, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.text.WriteString("\n(it took too long)")
		l.more.Broadcast()
	})
	defer late.Stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	for !strings.Contains(l.text.String(), text) {
		require.NotContains(t, l.text.String(), "(it took too long)", "waiting for %q", text)
		l.more.Wait()
	}
}
