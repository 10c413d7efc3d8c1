package tests

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/tests/internal/subject"
)

// Our client with Node's server.
func TestNodeOrigin(t *testing.T) {
	node := subject.Need(t, "node")
	eachOfOurs(t, func(t *testing.T, f *farm) {
		origin := subject.StartNode(t, node, "testdata/node/origin.js")
		t.Cleanup(func() { origin.Close(t) })
		addr := f.server(subject.Options{}).Addr
		call := func(t *testing.T, query, body string) *fetched {
			t.Helper()
			return fetch(t, addr, "port="+portOf(origin.Addr)+"&"+query, body)
		}
		big := strings.Repeat("0123456789abcdef", 1<<16)
		for _, exchange := range []struct {
			name, query, send string
			status            int
			body, events      string
		}{
			{"a length", "path=/hello", "", 200, "hello\n", "socket, response, end"},
			{"chunked", "path=/chunks", "", 200, "piece 0\npiece 1\npiece 2\n", "socket, response, end"},
			{"no body", "path=/empty", "", 204, "", "socket, response, end"},
			{"HEAD", "path=/hello&method=HEAD", "", 200, "", "socket, response, end"},
			{"upload", "path=/echo&method=POST", big, 200, big, "socket, response, end"},
			{"empty upload", "path=/echo&method=PUT", "", 200, "", "socket, response, end"},
			{"interim responses", "path=/inform", "", 200, "final", "socket, information 102, information 103, response, end"},
			{"continue", "path=/echo&method=POST&expect=1", "after all", 200, "after all", "socket, continue, response, end"},
			{"refused before the body", "path=/refuse&method=POST&expect=1", "never", 417, "no", "socket, response, end"},
			{"the last of a connection", "path=/close", "", 200, "bye", "socket, response, end"},
			{"upgrade", "path=/any&upgrade=echo", big, 101, "hello " + big, "socket, upgrade"},
			{"CONNECT", "path=a.test:1&method=CONNECT", big, 200, "a.test:1 " + big, "socket, connect"},
		} {
			for _, agent := range []string{"none", "", "4k"} {
				t.Run(exchange.name+" with agent "+strconv.Quote(agent), func(t *testing.T) {
					got := call(t, exchange.query+"&agent="+agent, exchange.send)
					assert.Equal(t, exchange.status, got.Status)
					assert.Empty(t, got.Error)
					assert.Equal(t, exchange.events, got.events())
					assert.Equal(t, "1.1", got.Version)
					assert.True(t, exchange.body == got.Body, "%d bytes in place of %d", len(got.Body), len(exchange.body))
				})
			}
		}
		t.Run("trailers", func(t *testing.T) {
			got := call(t, "path=/trailers&method=POST&trailers=1", "body")
			assert.Equal(t, "end", got.Body)
			assert.Equal(t, [][2]string{{"x-sum", "of 7"}}, got.Trailers)
		})
		t.Run("cut off", func(t *testing.T) {
			got := call(t, "path=/cut", "")
			assert.Equal(t, "half", got.Body)
			assert.Equal(t, "socket, response, response closed", got.events())
			assert.Equal(t, "ECONNRESET", got.Error)
		})
		t.Run("no answer", func(t *testing.T) {
			got := call(t, "path=/destroy&method=POST", "")
			assert.Equal(t, "socket, error", got.events())
			assert.Equal(t, "ECONNRESET", got.Error)
		})
		t.Run("silence", func(t *testing.T) {
			got := call(t, "path=/never&timeout=50", "")
			assert.Equal(t, "socket, timeout, error", got.events())
			assert.Equal(t, "ECONNRESET", got.Error)
		})
		t.Run("keep-alive", func(t *testing.T) {
			before, err := strconv.Atoi(call(t, "path=/connections&agent=1k-alive", "").Body)
			require.NoError(t, err)
			for range 10 {
				call(t, "path=/echo&method=POST&agent=1k-alive", "body")
			}
			assert.Equal(t, strconv.Itoa(before), call(t, "path=/connections&agent=1k-alive", "").Body)
		})
	})
}
