package tests

import (
	"fmt"
	"io"
	nethttp "net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/tests/internal/subject"
)

// The agent's rules, by how many connections it makes.
func TestClientLoad(t *testing.T) {
	eachOfOurs(t, func(t *testing.T, f *farm) {
		addr := f.server(subject.Options{}).Addr
		for _, load := range []struct {
			name, agent string
			n, parallel int
			connections int
		}{
			{"sequential, kept", "k", 10_000, 1, 1},
			{"sequential, not kept", "5", 500, 1, 500}, // nothing waits for a connection that becomes free
			{"concurrent, kept", "50k", 1000, 1000, 50},
			{"concurrent, not kept", "5", 1000, 1000, 5},
			{"concurrent, as many connections", "1000", 1000, 1000, 1000},
			{"concurrent, no agent", "none", 1000, 1000, 1000},
			{"some at a time", "100k", 2000, 20, 20},
		} {
			t.Run(load.name, func(t *testing.T) {
				o := newOrigin(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
					_, _ = io.WriteString(w, r.RequestURI) // to a client that counts what it gets
				}).start(t)
				query := fmt.Sprintf("port=%s&agent=%s&n=%d&parallel=%d&path=/%s-", o.port(), load.agent, load.n, load.parallel, newKey())
				r := ask(t, addr, "/load?"+query)
				require.Equal(t, strconv.Itoa(load.n), r.Body, "good answers")
				assert.EqualValues(t, load.connections, o.connections.Load(), "connections")
			})
		}
	})
}
