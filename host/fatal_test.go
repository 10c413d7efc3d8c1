package host

import (
	"context"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/module/moduletest"
)

// A stack that traps at every connection is replaced each time. One that cannot be replaced ends the server.
func TestServerEndsWhenAFreshStackDoesNotStart(t *testing.T) {
	ctx := context.Background()
	spec, trapping := moduletest.Stack(), moduletest.Trapping()
	spec.Function("on_socket_accept").Body = trapping.Function("on_event").Body
	var log strings.Builder
	r, err := newRuntime(ctx, Config{NoCache: true, Logger: slog.New(slog.NewTextHandler(&locked{w: &log}, nil))}, spec.Encode())
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close(ctx)) }()
	h, err := r.Load(ctx, "handler", moduletest.Answering().Encode(), HandlerConfig{})
	require.NoError(t, err)
	s, err := r.NewServer(h, ServerConfig{Shards: 2})
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "socket") // TCP might be reset before Dial returns
	_, err = s.Listen("unix:" + path)
	require.NoError(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()

	visit := func() {
		conn, err := net.Dial("unix", path)
		require.NoError(t, err)
		_, _ = io.Copy(io.Discard, conn) // until it is cut
		require.NoError(t, conn.Close())
	}
	for range 4 {
		visit()
	}
	_, err = s.Listen("127.0.0.1:0") // which each shard has to take note of
	require.NoError(t, err, "it goes on")
	require.NoError(t, s.Err())

	stack, err := r.stack()
	require.NoError(t, err)
	require.NoError(t, stack.Close(ctx)) // nothing can be instantiated of it any more
	visit()
	<-s.Done()
	var fault *FaultError
	require.ErrorAs(t, s.Err(), &fault)
	assert.Equal(t, "stack", fault.Guest)
	assert.Equal(t, "instantiation", fault.Function)
	assert.ErrorIs(t, <-served, ErrServerClosed)
	assert.Same(t, fault, s.Close())
	assert.Same(t, fault, s.Shutdown(ctx))
	assert.Contains(t, log.String(), `level=ERROR msg="server ended"`)
	assert.Equal(t, 5, strings.Count(log.String(), `msg="stack ended, its connections are cut" guest=stack function=on_socket_accept reason=unreachable`))
}

// locked makes a writer safe for concurrent use.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func TestStackThatDoesNotCompile(t *testing.T) {
	ctx := context.Background()
	spec := moduletest.Stack()
	spec.Function("on_timer").Body = []byte{0x1a, 0x0b} // drop of nothing
	r, err := newRuntime(ctx, Config{NoCache: true}, spec.Encode())
	require.NoError(t, err, "it is compiled while the caller goes on")
	_, err = r.NewServer(nil, ServerConfig{})
	require.ErrorContains(t, err, "compile: ")
	require.NoError(t, r.Close(ctx))
}
