package tests

import (
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	nethttp "net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/tests/internal/raw"
	"github.com/portholehttp/porthole/tests/internal/subject"
)

// body returns n bytes that nobody could guess.
func body(n int) string {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(n), byte(n >> 8)}).Read(b)
	return string(b)
}

func sumOf(b string) string { return fmt.Sprintf("%d %x", len(b), sha256.Sum256([]byte(b))) }

// relayed is a request for path through the handler that relays, to the origin on that port.
func relayed(port, path string) string {
	return "/relay?port=" + port + "&path=" + path
}

// chunks frames b as chunks of so many bytes.
func chunks(b string, size int) string {
	var s strings.Builder
	for len(b) > 0 {
		n := min(size, len(b))
		fmt.Fprintf(&s, "%x\r\n%s\r\n", n, b[:n])
		b = b[n:]
	}
	s.WriteString("0\r\n\r\n")
	return s.String()
}

// Bodies arrive as they were sent, whatever frames them on either side. The handler pipes them.
func TestPipedBodies(t *testing.T) {
	sizes := []int{0, 1, 64*kib - 1, 64 * kib, 3*mib + 17}
	eachOfOurs(t, func(t *testing.T, f *farm) {
		addr := f.server(subject.Options{}).Addr
		o := newOrigin(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
			up, err := io.ReadAll(r.Body)
			assert.NoError(t, err)
			var sent, n int
			var framing string
			_, err = fmt.Sscanf(r.URL.Path, "/%d/%d/%s", &sent, &n, &framing)
			assert.NoError(t, err)
			assert.Equal(t, sumOf(body(sent)), sumOf(string(up)), r.URL.Path)
			down := body(n)
			switch framing {
			case "length":
				w.Header().Set("Content-Length", strconv.Itoa(n))
			case "end":
				conn, buffered, err := w.(nethttp.Hijacker).Hijack()
				assert.NoError(t, err)
				_, _ = buffered.WriteString("HTTP/1.1 200 OK\r\n\r\n" + down)
				_ = buffered.Flush()
				_ = conn.Close()
				return
			}
			for piece := 1; len(down) > 0; piece = piece*3 + 1 {
				n := min(piece, len(down))
				_, _ = io.WriteString(w, down[:n])
				if down = down[n:]; piece < 10_000 {
					w.(nethttp.Flusher).Flush()
				}
			}
		}).start(t)
		for _, size := range sizes {
			for _, framing := range []string{"length", "chunked", "end"} {
				up := body(size/2 + 1)
				target := relayed(o.port(), fmt.Sprintf("/%d/%d/%s", len(up), size, framing))
				c := raw.Dial(t, addr)
				for _, request := range []string{
					post(target, up, "Content-Length: "+strconv.Itoa(len(up))),
					chunkedPost(target, chunks(up, 1000)),
					chunkedPost(target, chunks(up, 100_000)),
				} {
					c.Send(request)
					r := c.Response("POST")
					require.Equal(t, 200, r.Status)
					require.Equal(t, sumOf(body(size)), sumOf(r.Body), "%d bytes, %s", size, framing)
				}
			}
		}
	})
}

// Either side may break off in the midst of a pipe, and the other one learns of it: a part never looks like the whole.
func TestPipesThatBreak(t *testing.T) {
	eachOfOurs(t, func(t *testing.T, f *farm) {
		addr := f.server(subject.Options{}).Addr
		broken, begun := make(chan error, 1), make(chan struct{}, 1)
		o := newOrigin(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
			if r.URL.Path == "/up" {
				_, err := io.ReadFull(r.Body, make([]byte, mib))
				assert.NoError(t, err)
				begun <- struct{}{}
				_, err = io.Copy(io.Discard, r.Body)
				broken <- err
				return
			}
			w.Header().Set("Content-Length", strconv.Itoa(plenty))
			_, err := io.WriteString(w, body(mib))
			if r.URL.Path == "/cut" {
				assert.NoError(t, err)
				panic(nethttp.ErrAbortHandler)
			}
			for err == nil {
				_, err = io.WriteString(w, body(mib))
			}
			broken <- err
		}).start(t)

		c := raw.Dial(t, addr)
		c.Send(post(relayed(o.port(), "/up"), body(2*mib), "Content-Length: "+strconv.Itoa(plenty)))
		<-begun
		c.Reset()
		require.Error(t, <-broken, "the client's reset reaches the origin")

		c = raw.Dial(t, addr)
		c.Send(get(relayed(o.port(), "/cut")))
		r, err := c.Next("GET")
		require.NoError(t, err)
		require.False(t, r.Complete)
		require.Equal(t, body(mib)[:len(r.Body)], r.Body)

		c = raw.Dial(t, addr)
		c.Send(get(relayed(o.port(), "/down")))
		c.Byte()
		c.Reset()
		require.Error(t, <-broken, "the client's reset stops the origin")
	})
}
