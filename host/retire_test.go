package host

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	nethttp "net/http"
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/module/moduletest"
	"github.com/portholehttp/porthole/wasm"
)

// usage is what a process has of what a leak would show in.
type usage struct {
	heap, goroutines, files, modules int
}

func (r *Runtime) usage() (u usage) {
	runtime.GC()
	runtime.GC() // what finalizers have let go
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	u.heap, u.goroutines, u.modules = int(m.HeapAlloc), runtime.NumGoroutine(), r.handlers.Modules()
	if files, err := os.ReadDir("/proc/self/fd"); err == nil {
		u.files = len(files)
	}
	return u
}

// A thousand reloads, with a request to each version, leave nothing behind.
func TestReloadsLeaveNothingBehind(t *testing.T) {
	ctx := context.Background()
	r, err := newRuntime(ctx, Config{CacheDir: CacheDirOfTests, Logger: slog.New(slog.DiscardHandler)}, wasm.Stack)
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close(ctx)) }()
	s, err := r.NewServer(nil, ServerConfig{Shards: 2})
	require.NoError(t, err)
	addr, err := s.Listen("127.0.0.1:0")
	require.NoError(t, err)
	conn, err := net.Dial("tcp", addr.String())
	require.NoError(t, err)
	defer conn.Close()
	reader := bufio.NewReader(conn)

	var current *Handler
	reload := func(i int) {
		text := fmt.Sprintf("%04d", i)
		next, err := r.Load(ctx, "version", moduletest.AnsweringWith(text).Encode(), HandlerConfig{})
		require.NoError(t, err)
		require.NoError(t, s.Handle("/", next))
		if current != nil {
			require.NoError(t, current.Close())
		}
		current = next
		_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		require.NoError(t, err)
		res, err := nethttp.ReadResponse(reader, nil)
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.Equal(t, text, string(body))
	}
	for i := range 100 {
		reload(i)
	}
	s.routing.retiring.Wait()
	before := r.usage()
	for i := range 1000 {
		reload(i + 100)
	}
	s.routing.retiring.Wait()
	after := r.usage()
	t.Logf("before %+v, after %+v", before, after)
	assert.Equal(t, 1, after.modules, "only the last one is there")
	assert.Equal(t, before.goroutines, after.goroutines)
	assert.Equal(t, before.files, after.files)
	assert.Less(t, after.heap, before.heap+2<<20, "a reload leaves less than 2 KiB")
}

// The code of a replaced handler is there until its last request is over.
func TestCodeIsFreedWithTheLastRequest(t *testing.T) {
	ctx := context.Background()
	r, err := newRuntime(ctx, Config{CacheDir: CacheDirOfTests, Logger: slog.New(slog.DiscardHandler)}, wasm.Stack)
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close(ctx)) }()
	old, err := r.Load(ctx, "old", moduletest.Answering().Encode(), HandlerConfig{})
	require.NoError(t, err)
	s, err := r.NewServer(old, ServerConfig{Shards: 1})
	require.NoError(t, err)
	addr, err := s.Listen("127.0.0.1:0")
	require.NoError(t, err)
	conn, err := net.Dial("tcp", addr.String())
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n")
	require.NoError(t, err)
	reader := bufio.NewReader(conn)
	line, err := reader.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 100 Continue\r\n", line)

	next, err := r.Load(ctx, "next", moduletest.AnsweringWith("next").Encode(), HandlerConfig{})
	require.NoError(t, err)
	require.NoError(t, s.Handle("/", next))
	require.NoError(t, old.Close())
	assert.Equal(t, 2, r.handlers.Modules())

	_, err = io.WriteString(conn, "x")
	require.NoError(t, err)
	_, err = reader.ReadString('\n')
	require.NoError(t, err)
	res, err := nethttp.ReadResponse(reader, nil)
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	assert.Equal(t, "hi\r\n", string(body), "by the old one")
	s.routing.retiring.Wait()
	assert.Equal(t, 1, r.handlers.Modules())
}
