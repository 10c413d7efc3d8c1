package examples

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host"
)

func TestEcho(t *testing.T) {
	eachWay(t, func(t *testing.T, serve serve) {
		s := serve(t, "echo", host.Grants{})
		for _, size := range []int{0, 5, 64 << 10, 5 << 20} {
			body := bytes.Repeat([]byte("porthole"), size/8+1)[:size]
			response, got := s.do(t, "PUT", bytes.NewReader(body), "image/png")
			assert.Equal(t, "image/png", response.Header.Get("Content-Type"))
			assert.True(t, string(body) == got, "%d bytes", size)
		}
		response, _ := s.do(t, "POST", strings.NewReader("x"), "")
		assert.Empty(t, response.Header.Get("Content-Type"), "none to keep")
	})
}

// A client that sends without reading is made to wait, and gets every byte in the end.
func TestEchoBackPressure(t *testing.T) {
	eachWay(t, func(t *testing.T, serve serve) {
		s := serve(t, "echo", host.Grants{})
		const total = 64 << 20
		conn, err := net.Dial("tcp", s.addr)
		require.NoError(t, err)
		defer func() { _ = conn.Close() }()
		require.NoError(t, conn.SetDeadline(time.Now().Add(2*time.Minute)))
		_, err = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n", total)
		require.NoError(t, err)

		// What the kernel takes while nobody reads is bounded: the sender comes to a stop.
		piece := bytes.Repeat([]byte("x"), 1<<20)
		sent := 0
		for sent < total {
			require.NoError(t, conn.SetWriteDeadline(time.Now().Add(time.Second)))
			n, err := conn.Write(piece[:min(len(piece), total-sent)])
			sent += n
			if err != nil {
				require.ErrorIs(t, err, os.ErrDeadlineExceeded)
				break
			}
		}
		assert.Less(t, sent, total)

		require.NoError(t, conn.SetDeadline(time.Now().Add(2*time.Minute)))
		failed := make(chan error, 1)
		go func() {
			for sent < total {
				n, err := conn.Write(piece[:min(len(piece), total-sent)])
				if sent += n; err != nil {
					failed <- err
					return
				}
			}
			failed <- nil
		}()
		response, err := nethttp.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		n, err := io.Copy(io.Discard, response.Body)
		require.NoError(t, err)
		require.NoError(t, <-failed)
		assert.EqualValues(t, total, n)
	})
}
