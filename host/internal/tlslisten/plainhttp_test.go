package tlslisten

import (
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	nethttp "net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/certtest"
)

// A client that forgot the s gets an answer it can read, however much it sends.
func TestPlainHTTP(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	config := &tls.Config{Certificates: []tls.Certificate{certtest.NewAuthority(t).Issue(t, "a.test")}}
	l := New(ln, Config{TLS: func() *tls.Config { return config }, Timeout: time.Minute, Max: 10, Log: slog.New(slog.DiscardHandler)})
	defer func() { require.NoError(t, l.Close()) }()
	c := &nethttp.Client{Transport: &nethttp.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		req, err := nethttp.NewRequest(method, "http://"+ln.Addr().String()+"/", strings.NewReader(strings.Repeat("x", 10_000)))
		require.NoError(t, err)
		res, err := c.Do(req)
		require.NoError(t, err, method)
		assert.Equal(t, 400, res.StatusCode)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		if method != "HEAD" {
			assert.Contains(t, string(body), "This port speaks HTTPS")
		}
	}

	conn, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	_, err = io.WriteString(conn, "SSH-2.0-x\r\n")
	require.NoError(t, err)
	got, err := io.ReadAll(conn)
	require.NoError(t, err)
	assert.NotContains(t, string(got), "HTTP")
	require.NoError(t, conn.Close())
}
