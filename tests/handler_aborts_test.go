package tests

import (
	"fmt"
	"io"
	nethttp "net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/tests/internal/faulty"
	"github.com/portholehttp/porthole/tests/internal/raw"
	"github.com/portholehttp/porthole/tests/internal/subject"
)

// A handler's requests to a server on a bad network, some of which it gives up.
func TestAbortsOfHandlers(t *testing.T) {
	eachOfOurs(t, func(t *testing.T, f *farm) {
		for _, agent := range []string{"", "10k", "none"} {
			t.Run("agent "+strconv.Quote(agent), func(t *testing.T) {
				seed := seedOf(t)
				server := f.subject.Start(t, subject.Options{})
				defer server.Close(t)
				posts := &posts{}
				o := newOrigin(t, posts.answer).start(t)
				network := faulty.Start(t, o.Listener.Addr().String(), seed)
				const n = 600
				ask(t, server.Addr, fmt.Sprintf("/storm?n=%d&parallel=20&seed=%d&agent=%s&port=%s", n, seed, agent, portOf(network.Addr)))
				complete := audited(t, server.Addr)
				if !strings.HasSuffix(agent, "k") {
					require.Eventually(t, func() bool { return network.Open() == 0 }, raw.Patience, time.Millisecond, "connections stay that nobody keeps")
				}
				assert.Positive(t, complete)
				assert.Less(t, complete, n)
				assert.Positive(t, network.Faults())
				assert.Empty(t, posts.wrong())
			})
		}
	})
}

// posts is what a server has seen of requests that must not come twice.
type posts struct {
	mu     sync.Mutex
	seen   map[string]bool
	faults []string
}

// answer serves the requests of /storm.
func (p *posts) answer(w nethttp.ResponseWriter, r *nethttp.Request) {
	text := r.URL.Query().Get("text")
	if r.Method == "GET" {
		size, _ := strconv.Atoi(r.URL.Query().Get("size")) // 0 if it is not there
		_, _ = io.WriteString(w, repeated(text, size))
		return
	}
	p.mu.Lock()
	if p.seen == nil {
		p.seen = map[string]bool{}
	}
	if p.seen[text] {
		p.faults = append(p.faults, text+" was posted twice")
	}
	p.seen[text] = true
	p.mu.Unlock()

	body, err := io.ReadAll(r.Body)
	if string(body) != repeated(text, len(body)) {
		p.mu.Lock()
		p.faults = append(p.faults, text+" has bytes of another")
		p.mu.Unlock()
	}
	if err != nil {
		panic(nethttp.ErrAbortHandler)
	}
	_, _ = w.Write(body) // the client may have gone
}

func (p *posts) wrong() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.faults
}
