package tests

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host"
	"github.com/portholehttp/porthole/tests/internal/raw"
)

// Handlers die again and again while others are served. Whoever gets an answer gets the right one; who does not gets 500 or
// the connection's end. What stays behind is seen when the server is closed.
func TestFaultsUnderLoad(t *testing.T) {
	const workers, conversations = 8, 60
	eachOfOurs(t, func(t *testing.T, f *farm) {
		if !f.subject.Sandboxed {
			return // there a panic is the program's end, as in Node
		}
		addr := f.server(with(func(c *host.ServerConfig) { c.Shards = 2 })).Addr
		var answered, failed [workers]int
		var running sync.WaitGroup
		for w := range workers {
			running.Go(func() {
				r := rand.New(rand.NewPCG(uint64(w), 1))
				for i := 0; i < conversations && !t.Failed(); i++ {
					good, bad := converse(t, addr, r)
					answered[w] += good
					failed[w] += bad
				}
			})
		}
		running.Wait()
		good, bad := 0, 0
		for w := range workers {
			good += answered[w]
			bad += failed[w]
		}
		require.Positive(t, good)
		require.Positive(t, bad)
		require.Equal(t, "hello\n", ask(t, addr, "/hello").Body)
	})
}

// converse pipelines a few requests, of which one may kill the handler and the last be given up, and counts their answers.
func converse(t *testing.T, addr string, r *rand.Rand) (answered, failed int) {
	var send strings.Builder
	var bodies []string
	for range 1 + r.IntN(6) {
		switch body := strings.Repeat(strconv.Itoa(r.IntN(1000)), 1+r.IntN(3000)); r.IntN(20) {
		case 0:
			send.WriteString(get("/panic"))
			bodies = append(bodies, "no answer")
		case 1:
			send.WriteString(get("/panic?late=1"))
			bodies = append(bodies, "no answer")
		case 2, 3, 4, 5:
			send.WriteString(get("/hello"))
			bodies = append(bodies, "hello\n")
		case 6, 7, 8, 9:
			send.WriteString(post("/echo", body))
			bodies = append(bodies, body)
		case 10, 11, 12, 13, 14:
			send.WriteString(chunkedPost("/echo", strconv.FormatInt(int64(len(body)), 16)+"\r\n"+body+"\r\n0\r\n\r\n"))
			bodies = append(bodies, body)
		default:
			send.WriteString(post("/early", body))
			bodies = append(bodies, "early")
		}
	}
	switch r.IntN(4) {
	case 0:
		send.WriteString(post("/early", "abc", "Content-Length: 1000"))
	case 1:
		send.WriteString(get("/download?size=1000000"))
	}
	c := raw.Dial(t, addr)
	defer c.Reset()
	go c.Send(send.String())
	for _, want := range bodies {
		got, err := c.Next("POST")
		switch {
		case err != nil || !got.Complete || got.Status == 500:
			return answered, failed + 1
		case got.Status != 200 || got.Body != want:
			t.Errorf("%v in place of %q", got, want)
			return answered, failed
		}
		answered++
	}
	return answered, failed
}
