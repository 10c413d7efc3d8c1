package host_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host"
)

// A hundred thousand requests leave globals, goroutines, timers, connections and grown memory behind, and none finds any of it.
func TestFreshFindsNoDirt(t *testing.T) {
	total := 100_000
	if testing.Short() {
		total = 2_000
	}
	dirty, err := build(filepath.Dir(cacheDir), "./testdata/guests/dirty")
	require.NoError(t, err)
	s, _ := newServer(t, dirty, host.HandlerConfig{Isolation: host.Fresh, Limits: host.Limits{MaxInstances: 4}}, host.ServerConfig{Shards: 2})
	address := listen(t, s, loopback)
	const clients = 8
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			conn, err := net.Dial("tcp", address)
			if !assert.NoError(t, err) {
				return
			}
			defer conn.Close()
			assert.NoError(t, conn.SetDeadline(time.Now().Add(10*patience)))
			r := bufio.NewReader(conn)
			for n := range total / clients {
				what := "leave"
				switch {
				case n%1000 == client:
					what = "grow"
				case n%10 == 0:
					what = "call"
				}
				_, err := fmt.Fprintf(conn, "GET /%d/%s HTTP/1.1\r\nHost: x\r\n\r\n", n, what)
				if !assert.NoError(t, err) {
					return
				}
				res, err := nethttp.ReadResponse(r, nil)
				if !assert.NoError(t, err, "request %d", n) {
					return
				}
				body, err := io.ReadAll(res.Body)
				if !assert.NoError(t, err) || !assert.Equal(t, "200 OK clean", res.Status+" "+string(body), "request %d", n) {
					return
				}
			}
		})
	}
	all.Wait()
}

// The same handler, shared, finds what it has left: the test above sees what it looks for.
func TestSharedFindsDirt(t *testing.T) {
	dirty, err := build(filepath.Dir(cacheDir), "./testdata/guests/dirty")
	require.NoError(t, err)
	s, _ := newServer(t, dirty, host.HandlerConfig{}, host.ServerConfig{})
	c := newClient(t, "tcp", listen(t, s, loopback))
	_, first := get(t, c, "/grow")
	_, second := get(t, c, "/")
	assert.Equal(t, "clean", first)
	for _, what := range []string{"a global: 1", "a map", "goroutines", "memory"} {
		assert.Contains(t, second, what)
	}
}
