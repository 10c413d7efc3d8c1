package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/spf13/pflag"

	"github.com/portholehttp/porthole/host"
)

func TestHandlerLimitFlags(t *testing.T) {
	var l host.Limits
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	handlerLimitFlags(flags, &l)
	require.NoError(t, flags.Parse([]string{
		"--event-timeout", "100ms", "--start-timeout", "0", "--max-exchange-fuel", "0", "--max-memory", "64MiB", "--max-instances", "3",
		"--max-queued-requests", "0", "--queue-timeout", "1s", "--max-outbound-sockets", "5", "--max-body-bytes", "1GiB", "--retire-timeout", "1m",
	}))
	assert.Equal(t, host.Limits{
		EventTimeout: 100 * time.Millisecond, StartTimeout: -1, MaxExchangeFuel: -1, MaxMemoryPages: 1024, MaxInstances: 3,
		MaxQueuedRequests: -1, QueueTimeout: time.Second, MaxOutboundSockets: 5, MaxBodyBytes: 1 << 30, RetireTimeout: time.Minute,
	}, l)
	assert.NoError(t, l.Validate())
	for flag, want := range map[string]string{"max-exchange-fuel": "0", "max-memory": "65536KiB", "max-body-bytes": "1073741824", "start-timeout": "0s", "max-queued-requests": "0"} {
		assert.Equal(t, want, flags.Lookup(flag).Value.String(), flag)
	}
	require.NoError(t, flags.Parse([]string{"--max-exchange-fuel", "1000000000000", "--max-body-bytes", "0", "--max-memory", "65536"}))
	assert.EqualValues(t, 1_000_000_000_000, l.MaxExchangeFuel)
	assert.Zero(t, l.MaxBodyBytes)
	assert.Equal(t, 1, l.MaxMemoryPages)
}

func TestCacheLimitFlag(t *testing.T) {
	var bytes int64
	f := &int64Limit{&bytes, "1GiB", true}
	assert.Equal(t, "1GiB", f.String())
	for text, want := range map[string]int64{"0": -1, "1000": 1000, "3MiB": 3 << 20} {
		require.NoError(t, f.Set(text))
		assert.Equal(t, want, bytes, text)
		require.NoError(t, f.Set(f.String()))
		assert.Equal(t, want, bytes, text)
	}
	assert.Error(t, f.Set("-1"))
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "1000": 1000, "2KiB": 2048, "3MiB": 3 << 20, "4GiB": 4 << 30} {
		got, ok := parseSize(text)
		assert.True(t, ok, text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "KiB", "1kib", "-1", "1.5GiB", "1 MiB", "9999999999GiB", "99999999999999999999"} {
		_, ok := parseSize(text)
		assert.False(t, ok, text)
	}
}

// Values of the environment may be secrets: they are in no text.
func TestEnvironmentFlag(t *testing.T) {
	t.Setenv("PORTHOLE_TEST_TAKEN", "from=here")
	var env map[string]string
	f := &environment{&env}
	require.NoError(t, f.Set("GIVEN=a=b"))
	require.NoError(t, f.Set("EMPTY="))
	require.NoError(t, f.Set("PORTHOLE_TEST_TAKEN"))
	assert.Equal(t, map[string]string{"GIVEN": "a=b", "EMPTY": "", "PORTHOLE_TEST_TAKEN": "from=here"}, env)
	assert.Equal(t, "EMPTY GIVEN PORTHOLE_TEST_TAKEN", f.String())
}

func TestRouteFlag(t *testing.T) {
	var r routes
	require.NoError(t, r.Set("/api/=dir/a=b.wasm"))
	require.NoError(t, r.Set("*.example.com/=b.wasm"))
	list, err := r.list("c.wasm")
	require.NoError(t, err)
	assert.Equal(t, []routeFlag{{"/", "c.wasm"}, {"/api/", "dir/a=b.wasm"}, {"*.example.com/", "b.wasm"}}, list)
	assert.Equal(t, "/api/=dir/a=b.wasm *.example.com/=b.wasm", r.String())
	list, err = r.list("")
	require.NoError(t, err)
	assert.Len(t, list, 2)

	sites := newSites([]routeFlag{{"/", "a"}, {"/b/", "b"}, {"/c/", "a"}})
	require.Len(t, sites, 2)
	assert.Equal(t, []string{"/", "/c/"}, sites[0].patterns, "a file with several patterns is loaded once")
}
