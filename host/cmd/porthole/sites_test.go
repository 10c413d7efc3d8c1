package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host"
	"github.com/portholehttp/porthole/host/internal/module/moduletest"
)

// A file that was only touched is not loaded again, unless that is asked for; one that is asked for alone is loaded alone.
func TestReloadOnlyWhatHasChanged(t *testing.T) {
	ctx := context.Background()
	var text bytes.Buffer
	log := slog.New(slog.NewTextHandler(&text, nil))
	runtime, err := host.New(ctx, host.Config{CacheDir: cacheDir, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer func() { assert.NoError(t, runtime.Close(ctx)) }()
	server, err := runtime.NewServer(nil, host.ServerConfig{Shards: 1})
	require.NoError(t, err)
	one, two := file(t, "one.wasm", moduletest.AnsweringWith("one.").Encode()), file(t, "two.wasm", moduletest.AnsweringWith("two.").Encode())
	s := &sites{runtime: runtime, server: server, log: log, all: newSites([]routeFlag{{"/", one}, {"/two/", two}, {"/2/", two}})}
	for _, of := range s.all {
		wasm, err := readModule(of.path)
		require.NoError(t, err)
		require.NoError(t, s.load(ctx, of, wasm))
	}
	first, second := s.all[0].handler, s.all[1].handler
	reloaded := func() int { return strings.Count(text.String(), "msg=reloaded") }

	s.reload(ctx, []string{one, two}, false)
	assert.Zero(t, reloaded(), "nothing has changed")
	require.NoError(t, os.WriteFile(two, moduletest.AnsweringWith("2...").Encode(), 0o600))
	s.reload(ctx, []string{one}, false)
	assert.Zero(t, reloaded(), "it was not named")
	s.reload(ctx, []string{one, two}, false)
	assert.Equal(t, 1, reloaded())
	assert.Same(t, first, s.all[0].handler)
	assert.NotSame(t, second, s.all[1].handler)
	for _, r := range server.Routes() {
		assert.NotSame(t, second, r.Handler, "both of its patterns have the new one")
	}
	s.reload(ctx, nil, true)
	assert.Equal(t, 3, reloaded(), "all")
}
