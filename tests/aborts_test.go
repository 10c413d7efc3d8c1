package tests

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
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

// audited waits until each exchange that the handler watches has ended. That must have been once, and by the rules. It returns how
// many requests of the handler's own were complete.
func audited(t *testing.T, addr string) (complete int) {
	t.Helper()
	for deadline := time.Now().Add(raw.Patience); ; {
		report := ask(t, addr, "/report").Body
		var begun, open int
		_, err := fmt.Sscanf(report, "%d, %d, %d", &begun, &open, &complete)
		require.NoError(t, err)
		if open > 0 && time.Now().Before(deadline) {
			continue
		}
		assert.Positive(t, begun)
		_, faults, _ := strings.Cut(report, "\n")
		assert.Empty(t, faults)
		return complete
	}
}

// Clients on a bad network, some of which give up. Whatever comes of an exchange, it is its own, and the handler is told of
// its end once. What stays behind is seen when the server is closed.
func TestAbortsOfClients(t *testing.T) {
	const workers, conversations = 10, 30
	eachOfOurs(t, func(t *testing.T, f *farm) {
		seed := seedOf(t)
		addr := f.server(subject.Options{}).Addr
		network := faulty.Start(t, addr, seed)
		var answered [workers]int
		var running sync.WaitGroup
		for w := range workers {
			running.Go(func() {
				r := rand.New(rand.NewPCG(seed, uint64(w)))
				for i := 0; i < conversations && !t.Failed(); i++ {
					answered[w] += converseBadly(t, network.Addr, r)
				}
			})
		}
		running.Wait()
		total := 0
		for _, n := range answered {
			total += n
		}
		assert.Positive(t, total, "answers")
		assert.Positive(t, network.Faults())
		audited(t, addr)
	})
}

// converseBadly pipelines a few requests, may give up in between, and counts the answers.
func converseBadly(t *testing.T, addr string, r *rand.Rand) (answered int) {
	var send strings.Builder
	var bodies []string
	for range 1 + r.IntN(6) {
		key := fmt.Sprintf("k%07d", keyCount.Add(1))
		body := repeated(key, 1+r.IntN(1<<(1+r.IntN(17))))
		switch r.IntN(5) {
		case 0:
			send.WriteString(get("/download?audit=1&text=" + key + "&size=" + strconv.Itoa(len(body))))
		case 1:
			send.WriteString(get("/hello?audit=1"))
			body = "hello\n"
		case 2:
			send.WriteString(chunkedPost("/echo?audit=1", fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)))
		case 3:
			send.WriteString(post("/early?audit=1", body))
			body = "early"
		default:
			send.WriteString(post("/echo?audit=1", body))
		}
		bodies = append(bodies, body)
	}
	giveUp := len(bodies)
	if r.IntN(3) == 0 {
		giveUp = r.IntN(giveUp)
	}
	c := raw.Dial(t, addr)
	if r.IntN(2) == 0 {
		defer c.Reset()
	} else {
		defer c.Close()
	}
	go c.Send(send.String())
	for _, want := range bodies[:giveUp] {
		got, err := c.Next("POST")
		switch {
		case err != nil:
			assert.True(t, errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || raw.IsReset(err), "%v", err)
			return answered
		case got.Status != 200: // the connection ended in the midst of a request
			assert.Equal(t, 400, got.Status)
			assert.Empty(t, got.Body)
			return answered
		case !got.Complete:
			assert.True(t, strings.HasPrefix(want, got.Body), "%v in place of %s", got, raw.Abridged(want))
			return answered
		case got.Body != want:
			t.Errorf("%v in place of %s", got, raw.Abridged(want))
			return answered
		}
		answered++
	}
	return answered
}

// repeated is size bytes of text again and again.
func repeated(text string, size int) string {
	return strings.Repeat(text, size/len(text)+1)[:size]
}
