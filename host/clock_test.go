package host_test

import (
	"context"
	nethttp "net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"

	"github.com/portholehttp/porthole/host"
)

// stopped is a clock that stands still.
type stopped struct{ at time.Time }

func (s stopped) Now() time.Time { return s.at }

func TestClock(t *testing.T) {
	at := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	r, _ := newRuntime(t, host.Config{Clock: stopped{at}})
	s, err := r.NewServer(load(t, r, "faulty", faulty), host.ServerConfig{Shards: 1})
	require.NoError(t, err)
	c := newClient(t, "tcp", listen(t, s, loopback))
	res, err := c.Get("http://host/")
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Equal(t, at.Format(nethttp.TimeFormat), res.Header.Get("Date"))
	_, now := get(t, c, "/time")
	assert.Equal(t, at.Format(time.RFC3339), now)
}

// A cache of the embedder's is used, and outlives the Runtime.
func TestSharedCache(t *testing.T) {
	ctx := context.Background()
	cache, err := wazero.NewCompilationCacheWithDir(cacheDir)
	require.NoError(t, err)
	defer func() { require.NoError(t, cache.Close(ctx)) }()
	for range 2 {
		r, err := host.New(ctx, host.Config{Cache: cache})
		require.NoError(t, err)
		_, err = r.Load(ctx, "good", saying("good"), host.HandlerConfig{})
		require.NoError(t, err)
		require.NoError(t, r.Close(ctx))
	}
	c := host.Config{Cache: cache, NoCache: true}
	assert.ErrorContains(t, c.Validate(), "CacheDir or NoCache is set although Cache is")
	c = host.Config{Cache: cache, CacheDir: "dir"}
	assert.ErrorContains(t, c.Validate(), "CacheDir or NoCache is set although Cache is")
}
