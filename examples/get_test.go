package examples

import (
	"fmt"
	"io"
	nethttp "net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host"
)

func TestGet(t *testing.T) {
	eachWay(t, func(t *testing.T, serve serve) {
		long := strings.Repeat("0123456789abcdef", 1<<18)
		o := newOrigin(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
			w.Header().Set("Content-Type", "text/x-test")
			switch r.URL.Path {
			case "/missing":
				w.WriteHeader(404)
			case "/cut":
				w.Header().Set("Content-Length", "10")
				_, _ = io.WriteString(w, "half") // the server closes the connection then
				return
			case "/long":
				_, _ = io.WriteString(w, long) // to a client that the test waits for
				return
			}
			fmt.Fprintf(w, "%s %s of %s", r.Method, r.URL, r.Host)
		})
		s := serve(t, "get", local)

		response, body := s.get(t, query("url", o.URL+"/a?b=c"))
		assert.Equal(t, 200, response.StatusCode)
		assert.Equal(t, "text/x-test", response.Header.Get("Content-Type"))
		assert.Equal(t, "GET /a?b=c of "+o.addr(), body)

		response, body = s.get(t, query("url", o.URL+"/missing"))
		assert.Equal(t, 404, response.StatusCode)
		assert.Equal(t, "GET /missing of "+o.addr(), body)

		_, body = s.get(t, query("url", o.URL+"/long"))
		assert.True(t, body == long)

		response, err := s.client.Get("http://" + s.addr + query("url", o.URL+"/cut"))
		require.NoError(t, err)
		_, err = io.ReadAll(response.Body)
		assert.Error(t, err, "a part does not look like the whole")
		require.NoError(t, response.Body.Close())

		for _, failure := range []struct {
			url, code string
		}{
			{"http://" + nowhere(t) + "/", "ECONNREFUSED"},
			{"http://192.0.2.1/", "EACCES"},
			{"http://", "ERR_INVALID_URL"},
			{"ftp://127.0.0.1/", "ERR_INVALID_PROTOCOL"},
		} {
			response, body = s.get(t, query("url", failure.url))
			assert.Equal(t, 502, response.StatusCode, failure.url)
			assert.Equal(t, failure.code+"\n", body, failure.url)
		}

		response, _ = s.get(t, "/")
		assert.Equal(t, 400, response.StatusCode)
	})
}

// Without a grant a handler connects to nothing.
func TestGetWithoutGrant(t *testing.T) {
	eachWay(t, func(t *testing.T, serve serve) {
		o := newOrigin(t, func(nethttp.ResponseWriter, *nethttp.Request) {})
		s := serve(t, "get", host.Grants{})
		response, body := s.get(t, query("url", o.URL))
		assert.Equal(t, 502, response.StatusCode)
		assert.Equal(t, "EACCES\n", body)
		assert.Zero(t, o.connections.Load())
	})
}
