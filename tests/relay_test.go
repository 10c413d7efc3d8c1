package tests

import (
	"crypto/sha256"
	"fmt"
	"io"
	nethttp "net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/portholehttp/porthole/tests/internal/raw"
	"github.com/portholehttp/porthole/tests/internal/subject"
)

// Through a handler that passes its requests on, a side that does not read stops the one that sends.
func TestRelayPressure(t *testing.T) {
	block := strings.Repeat("0123456789abcdef", 4096)
	sum := sha256.New()
	for range plenty / len(block) {
		_, _ = io.WriteString(sum, block) // it never fails
	}
	want := fmt.Sprintf("%d %x", plenty, sum.Sum(nil))

	eachOfOurs(t, func(t *testing.T, f *farm) {
		addr := f.server(subject.Options{}).Addr
		release, stopped := make(chan struct{}), make(chan int, 1)
		o := newOrigin(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
			if r.URL.Path == "/up" {
				<-release
				hash := sha256.New()
				n, err := io.Copy(hash, r.Body)
				assert.NoError(t, err)
				fmt.Fprintf(w, "%d %x", n, hash.Sum(nil))
				return
			}
			written, control := 0, nethttp.NewResponseController(w)
			for written < plenty {
				assert.NoError(t, control.SetWriteDeadline(time.Now().Add(stall)))
				n, err := io.WriteString(w, block)
				if written += n; err != nil {
					assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
					break
				}
			}
			stopped <- written
		}).start(t)

		up := raw.Dial(t, addr)
		up.Send(post("/relay?path=/up&port="+o.port(), "", "Content-Length: "+strconv.Itoa(plenty)))
		sent := up.Fill(block, plenty, stall)
		assert.Less(t, sent, little, "bytes are taken that nobody reads")
		close(release)
		for sent < plenty {
			piece := block[sent%len(block):]
			up.Send(piece)
			sent += len(piece)
		}
		assert.Equal(t, want, up.Response("POST").Body)

		down := raw.Dial(t, addr)
		down.Send(get("/relay?path=/down&port=" + o.port()))
		assert.Less(t, <-stopped, little, "bytes are taken that nobody reads")
	})
}
