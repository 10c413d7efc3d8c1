package tests

import (
	"context"
	"encoding/json"
	"io"
	nethttp "net/http"
	"net/http/httptrace"
	"net/textproto"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/tests/internal/raw"
	"github.com/portholehttp/porthole/tests/internal/subject"
)

// goClient is a client of net/http that counts its connections.
func goClient(t *testing.T) (client *nethttp.Client, connections *atomic.Int64) {
	transport := &nethttp.Transport{MaxConnsPerHost: 8, MaxIdleConnsPerHost: 8, ExpectContinueTimeout: raw.Patience}
	t.Cleanup(transport.CloseIdleConnections)
	return &nethttp.Client{Transport: transport, Timeout: 2 * raw.Patience}, &atomic.Int64{}
}

// do makes a request and returns the response with its body.
func do(t *testing.T, client *nethttp.Client, connections *atomic.Int64, req *nethttp.Request) (*nethttp.Response, string) {
	t.Helper()
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		if !info.Reused {
			connections.Add(1)
		}
	}}
	r, err := client.Do(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
	require.NoError(t, err)
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	require.NoError(t, r.Body.Close())
	return r, string(body)
}

func TestGoClient(t *testing.T) {
	eachOfOurs(t, func(t *testing.T, f *farm) {
		url := "http://" + f.server(subject.Options{}).Addr
		request := func(method, path string, body io.Reader) *nethttp.Request {
			req, err := nethttp.NewRequest(method, url+path, body)
			require.NoError(t, err)
			return req
		}

		t.Run("keep-alive", func(t *testing.T) {
			client, connections := goClient(t)
			var workers sync.WaitGroup
			for range 16 {
				workers.Go(func() {
					for i := range 20 {
						_, body := do(t, client, connections, request("GET", "/hello", nil))
						assert.Equal(t, "hello\n", body)
						text := strings.Repeat(strconv.Itoa(i), 5000)
						_, body = do(t, client, connections, request("POST", "/echo", strings.NewReader(text)))
						assert.Equal(t, text, body)
						r, _ := do(t, client, connections, request("HEAD", "/chunks", nil))
						assert.Equal(t, 200, r.StatusCode)
					}
				})
			}
			workers.Wait()
			require.LessOrEqual(t, connections.Load(), int64(8))
		})

		// Each piece is sent when the one before has come back.
		t.Run("both ways at a time", func(t *testing.T) {
			client, _ := goClient(t)
			in, out := io.Pipe()
			replies := make(chan *nethttp.Response, 1)
			go func() {
				r, err := client.Do(request("POST", "/echo", in))
				assert.NoError(t, err)
				replies <- r
			}()
			write := func(s string) {
				_, err := io.WriteString(out, s)
				require.NoError(t, err)
			}
			write("first")
			r := <-replies
			require.NotNil(t, r)
			expect := func(s string) {
				got := make([]byte, len(s))
				_, err := io.ReadFull(r.Body, got)
				require.NoError(t, err)
				require.Equal(t, s, string(got))
			}
			expect("first")
			for i := range 100 {
				piece := strings.Repeat("piece ", i) + "!"
				write(piece)
				expect(piece)
			}
			require.NoError(t, out.Close())
			rest, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			require.Empty(t, rest)
			require.NoError(t, r.Body.Close())
		})

		t.Run("trailers", func(t *testing.T) {
			client, connections := goClient(t)
			r, body := do(t, client, connections, request("GET", "/trailers?write=1", nil))
			require.Equal(t, "begin end", body)
			require.Equal(t, nethttp.Header{"X-Sum": {"42"}}, r.Trailer)

			req := request("POST", "/dump", io.MultiReader(strings.NewReader("abc"))) // a body of unknown size
			req.Trailer = nethttp.Header{"X-Sum": {"7"}}
			_, body = do(t, client, connections, req)
			var d subject.Dump
			require.NoError(t, json.Unmarshal([]byte(body), &d))
			require.Equal(t, "abc", d.Body)
			require.Equal(t, [][2]string{{"x-sum", "7"}}, d.Trailers)
		})

		t.Run("100-continue and other interim responses", func(t *testing.T) {
			client, connections := goClient(t)
			var interim []int
			trace := &httptrace.ClientTrace{
				Got100Continue: func() { interim = append(interim, 100) },
				Got1xxResponse: func(code int, _ textproto.MIMEHeader) error {
					if code != 100 {
						interim = append(interim, code)
					}
					return nil
				},
			}
			req := request("POST", "/echo", strings.NewReader("body"))
			req.Header.Set("Expect", "100-continue")
			_, body := do(t, client, connections, req.WithContext(httptrace.WithClientTrace(t.Context(), trace)))
			require.Equal(t, "body", body)
			_, body = do(t, client, connections, request("GET", "/inform", nil).WithContext(httptrace.WithClientTrace(t.Context(), trace)))
			require.Equal(t, "final", body)
			require.Equal(t, []int{100, 102, 103}, interim)
		})

		t.Run("canceled", func(t *testing.T) {
			client, _ := goClient(t)
			ctx, cancel := context.WithCancel(t.Context())
			key := newKey()
			failed := make(chan error, 1)
			go func() {
				_, err := client.Do(request("GET", "/hold?key="+key, nil).WithContext(ctx))
				failed <- err
			}()
			addr := strings.TrimPrefix(url, "http://")
			await(t, addr, key, "request")
			cancel()
			require.ErrorIs(t, <-failed, context.Canceled)
			// An end of input is no hang-up: the answer still goes out, and meets nobody.
			require.Equal(t, "released", ask(t, addr, "/release?key="+key).Body)
		})
	})
}
