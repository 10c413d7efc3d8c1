package host_test

import (
	"bufio"
	"fmt"
	"net"
	nethttp "net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host"
)

// TestConnectionsAreSpread closes the connections of one shard and opens as many: that shard gets them all.
func TestConnectionsAreSpread(t *testing.T) {
	s, _ := newServer(t, hello, host.HandlerConfig{}, host.ServerConfig{Shards: 2, KeepAliveTimeout: time.Hour})
	address := listen(t, s, loopback)
	open := func() net.Conn {
		c, err := net.Dial("tcp", address)
		require.NoError(t, err)
		t.Cleanup(func() { _ = c.Close() })
		_, err = fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		require.NoError(t, err)
		r, err := nethttp.ReadResponse(bufio.NewReader(c), nil)
		require.NoError(t, err)
		require.Equal(t, 200, r.StatusCode)
		return c
	}
	var all []net.Conn
	for range 6 {
		all = append(all, open())
	}
	require.Equal(t, []int{3, 3}, host.Connections(s))
	for i := 0; i < len(all); i += 2 { // they were dealt in turn
		require.NoError(t, all[i].Close())
	}
	require.Eventually(t, func() bool {
		open := host.Connections(s)
		return open[0] == 0 || open[1] == 0
	}, patience, time.Millisecond)
	for range 3 {
		open()
	}
	assert.Equal(t, []int{3, 3}, host.Connections(s))
}
