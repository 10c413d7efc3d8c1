package examples

import (
	"bufio"
	"io"
	nethttp "net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestUpgrade(t *testing.T) {
	eachWay(t, func(t *testing.T, serve serve) {
		s := serve(t, "upgrade", local)

		_, body := s.get(t, "/")
		assert.Equal(t, "okay\n", body)

		for _, text := range []string{"", "hello", strings.Repeat("0123456789", 800)} {
			response, body := s.get(t, "/try?text="+url.QueryEscape(text))
			assert.Equal(t, 200, response.StatusCode)
			assert.Equal(t, text, body)
		}

		conn := s.dial(t)
		_, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: Echo\r\n\r\nearly")
		require.NoError(t, err)
		in := bufio.NewReader(conn)
		response, err := nethttp.ReadResponse(in, nil)
		require.NoError(t, err)
		assert.Equal(t, 101, response.StatusCode)
		_, err = io.WriteString(conn, ", late")
		require.NoError(t, err)
		require.NoError(t, conn.CloseWrite())
		echo, err := io.ReadAll(in)
		require.NoError(t, err)
		assert.Equal(t, "early, late", string(echo))

		conn = s.dial(t)
		_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n")
		require.NoError(t, err)
		response, err = nethttp.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		assert.Equal(t, 426, response.StatusCode)
		assert.Equal(t, "echo", response.Header.Get("Upgrade"))
	})
}
