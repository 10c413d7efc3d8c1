package examples

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The client of the document, which asks the proxy that it is a part of.
func TestTunnelClient(t *testing.T) {
	eachWay(t, func(t *testing.T, serve serve) {
		o := newOrigin(t, func(w nethttp.ResponseWriter, r *nethttp.Request) { fmt.Fprintf(w, "%s of %s", r.URL, r.Host) })
		s := serve(t, "tunnel", local)

		response, body := s.get(t, query("target", o.addr()))
		assert.Equal(t, 200, response.StatusCode)
		inner, err := nethttp.ReadResponse(bufio.NewReader(strings.NewReader(body)), nil)
		require.NoError(t, err)
		text, err := io.ReadAll(inner.Body)
		require.NoError(t, err)
		assert.Equal(t, "/ of "+o.addr(), string(text))

		response, body = s.get(t, query("target", nowhere(t)))
		assert.Equal(t, 502, response.StatusCode)
		assert.Equal(t, "ECONNREFUSED\n", body)
		response, body = s.get(t, query("target", "192.0.2.1:80"))
		assert.Equal(t, 502, response.StatusCode)
		assert.Equal(t, "EACCES\n", body)
		response, _ = s.get(t, query("target", "no target"))
		assert.Equal(t, 502, response.StatusCode)
		response, _ = s.get(t, "/")
		assert.Equal(t, 400, response.StatusCode)
	})
}

// Bytes pass both ways at once, and each side's end by itself.
func TestTunnel(t *testing.T) {
	eachWay(t, func(t *testing.T, serve serve) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer func() { _ = listener.Close() }()
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return // the test is over
				}
				go func() {
					defer func() { _ = conn.Close() }()
					_, _ = io.Copy(conn, conn) // the test sees what is missing
				}()
			}
		}()
		s := serve(t, "tunnel", local)
		conn := s.dial(t)
		_, err = fmt.Fprintf(conn, "CONNECT %v HTTP/1.1\r\nHost: %[1]v\r\n\r\nearly", listener.Addr())
		require.NoError(t, err)
		in := bufio.NewReader(conn)
		response, err := nethttp.ReadResponse(in, &nethttp.Request{Method: "CONNECT"})
		require.NoError(t, err)
		require.Equal(t, 200, response.StatusCode)

		sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
		failed := make(chan error, 1)
		go func() {
			_, err := conn.Write(sent)
			if err == nil {
				err = conn.CloseWrite()
			}
			failed <- err
		}()
		got, err := io.ReadAll(in)
		require.NoError(t, err)
		require.NoError(t, <-failed)
		assert.True(t, "early"+string(sent) == string(got))
	})
}

// An origin through the proxy, with curl.
func TestTunnelCurl(t *testing.T) {
	eachWay(t, func(t *testing.T, serve serve) {
		curl := need(t, "curl")
		body := strings.Repeat("0123456789abcdef", 1<<18)
		o := newOrigin(t, func(w nethttp.ResponseWriter, _ *nethttp.Request) {
			_, _ = io.WriteString(w, body) // curl's exit status says whether it came
		})
		s := serve(t, "tunnel", local)
		out, err := exec.Command(curl, "-q", "-sS", "--noproxy", "", "--proxytunnel", "-x", "http://"+s.addr, o.URL+"/a", o.URL+"/b").Output()
		require.NoError(t, err)
		assert.True(t, body+body == string(out))
		assert.EqualValues(t, 1, o.connections.Load(), "a tunnel is for many requests")

		out, err = exec.Command(curl, "-q", "-s", "--noproxy", "", "--proxytunnel", "-x", "http://"+s.addr, "-w", "%{http_connect}", "http://"+nowhere(t)).Output()
		assert.Error(t, err)
		assert.Equal(t, "502", string(out))
	})
}
