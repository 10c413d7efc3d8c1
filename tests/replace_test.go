package tests

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host"
	"github.com/portholehttp/porthole/tests/internal/subject"
)

// The handler is replaced every 100 ms while wrk runs: not one request fails. PORTHOLE_REPLACE_SECONDS makes it longer than 3 s.
func TestReplaceUnderWrk(t *testing.T) {
	seconds := 3
	if text := os.Getenv("PORTHOLE_REPLACE_SECONDS"); text != "" {
		var err error
		seconds, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	file, err := subject.Module()
	require.NoError(t, err)
	wasm, err := os.ReadFile(file)
	require.NoError(t, err)
	ctx := context.Background()
	runtime, err := host.New(ctx, host.Config{CacheDir: t.TempDir(), Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, runtime.Close(ctx)) })
	var versions [2]*host.Handler // which replace each other: compiling is left out, so that there is time for many replacements
	for i := range versions {
		versions[i], err = runtime.Load(ctx, "handler", wasm, host.HandlerConfig{})
		require.NoError(t, err)
	}
	server, err := runtime.NewServer(versions[0], host.ServerConfig{Shards: 2})
	require.NoError(t, err)
	addr, err := server.Listen("127.0.0.1:0")
	require.NoError(t, err)

	load := wrk(t, "64", fmt.Sprintf("%ds", seconds), addr.String())
	ticks := time.NewTicker(100 * time.Millisecond)
	defer ticks.Stop()
	times := 0
	for until := time.Now().Add(time.Duration(seconds) * time.Second); time.Now().Before(until); times++ {
		<-ticks.C
		require.NoError(t, server.Handle("/", versions[(times+1)%2]))
	}
	noErrors(t, load)
	t.Logf("replaced %d times\n%s", times, load.Stdout)
	assert.Positive(t, times)
}
