//go:build !wasip1

package http

import (
	"bufio"
	"fmt"
	"io"
	nethttp "net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/guest/net"
)

func TestNativeUpgrade(t *testing.T) {
	closed := make(chan bool, 1)
	x := serve(t, func(_ *ServerRequest, res *ServerResponse) { res.EndString("plain") }, func(s *Server) {
		s.OnUpgrade(func(req *ServerRequest, socket *net.Socket, head []byte) {
			socket.WriteString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: " + req.Headers().Get("upgrade") + "\r\nConnection: Upgrade\r\n\r\n")
			socket.Write(head)
			socket.Pipe(socket)
			socket.OnClose(func(hadError bool) { closed <- hadError })
		})
	})
	c := x.dial()
	_, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"+upgrade+"first ")
	require.NoError(t, err)
	r := bufio.NewReader(c)
	response, err := nethttp.ReadResponse(r, nil)
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	assert.Equal(t, "plain", string(body), "the request before it is answered first")
	response, err = nethttp.ReadResponse(r, nil)
	require.NoError(t, err)
	assert.Equal(t, 101, response.StatusCode)
	assert.Equal(t, "websocket", response.Header.Get("Upgrade"))
	_, err = io.WriteString(c, "second")
	require.NoError(t, err)
	require.NoError(t, c.CloseWrite())
	all, err := io.ReadAll(r)
	require.NoError(t, err)
	assert.Equal(t, "first second", string(all))
	assert.False(t, wait(t, closed))
}

func TestNativeUpgradeWithoutListener(t *testing.T) {
	request := func(_ *ServerRequest, res *ServerResponse) { res.EndString("plain") }
	x := serve(t, request)
	assert.Empty(t, x.exchange(upgrade))
	assert.Empty(t, x.exchange(connect))
	x.close()
	x = serve(t, request, func(s *Server) { s.IgnoreUpgrade = true })
	assert.Contains(t, x.exchange(strings.Replace(upgrade, "Upgrade\r\n", "Upgrade, close\r\n", 1)), "plain")
}

// A tunnel, as in Node's document.
func TestNativeConnectProxy(t *testing.T) {
	origin := serve(t, func(_ *ServerRequest, res *ServerResponse) { res.EndString("from the origin") }, func(s *Server) {
		s.OnConnect(func(req *ServerRequest, client *net.Socket, head []byte) {
			host, number, _ := strings.Cut(req.URL(), ":")
			n, _ := strconv.Atoi(number)
			var server *net.Socket
			server = net.Connect(n, host, func() {
				client.WriteString("HTTP/1.1 200 Connection Established\r\n\r\n")
				server.Write(head)
				server.Pipe(client)
				client.Pipe(server)
			})
			server.OnError(func(error) { client.Destroy() })
			client.OnError(func(error) { server.Destroy() })
		})
	})
	c := origin.dial() // it is its own proxy
	_, err := fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", origin.addr, origin.addr)
	require.NoError(t, err)
	all, err := io.ReadAll(c)
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(string(all), "HTTP/1.1 200 Connection Established\r\n\r\nHTTP/1.1 200 OK\r\n"), "%q", all)
	assert.True(t, strings.HasSuffix(string(all), "from the origin"), "%q", all)
}

func TestNativeConnectionEvents(t *testing.T) {
	type seen struct {
		same   bool
		remote string
	}
	requests := make(chan seen, 2)
	closed := make(chan bool, 1)
	var socket *net.Socket
	x := serve(t, func(req *ServerRequest, res *ServerResponse) {
		c := req.Connection()
		requests <- seen{c == socket, c.RemoteAddress() + ":" + strconv.Itoa(c.RemotePort())}
		res.End()
	}, func(s *Server) {
		s.OnConnection(func(c *net.Socket) {
			socket = c
			c.OnClose(func(hadError bool) { closed <- hadError })
		})
	})
	c := x.dial()
	_, err := io.WriteString(c, get+get)
	require.NoError(t, err)
	for range 2 {
		assert.Equal(t, seen{true, c.LocalAddr().String()}, wait(t, requests))
	}
	require.NoError(t, c.Close())
	assert.False(t, wait(t, closed))
}

func TestNativeDestroyTheConnection(t *testing.T) {
	closed := make(chan struct{}, 1)
	x := serve(t, func(req *ServerRequest, _ *ServerResponse) {
		req.OnClose(func() { closed <- struct{}{} })
		req.Connection().Destroy()
	})
	c := x.dial()
	_, err := io.WriteString(c, get)
	require.NoError(t, err)
	wait(t, closed)
	_, err = c.Read(make([]byte, 1))
	assert.Error(t, err)
}

func TestNativeSocketTimeout(t *testing.T) {
	x := serve(t, func(req *ServerRequest, res *ServerResponse) {
		req.Connection().SetTimeout(time.Millisecond, func() { res.EndString("timeout") })
	})
	assert.Contains(t, x.exchange(strings.Replace(get, "\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1)), "timeout")
}

func TestNativeClientError(t *testing.T) {
	errs := make(chan string, 4)
	answer := func(s *Server) {
		s.OnClientError(func(err error, socket *net.Socket) {
			errs <- code(err)
			socket.EndString("HTTP/1.1 418 Teapot\r\n\r\n")
		})
	}
	x := serve(t, func(*ServerRequest, *ServerResponse) {}, answer)
	for raw, code := range map[string]string{
		"get / HTTP/1.1\r\n\r\n":                                  "HPE_INVALID_METHOD",
		"GET / HTTP/1.1\r\nHost: a\r\nbad name: x\r\n\r\n":        "HPE_INVALID_HEADER_TOKEN",
		strings.Replace(post, "\r\n\r\n", "\r\n\r\nz\r\n", 1):     "HPE_INVALID_CHUNK_SIZE",
		"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1x\r\n\r\n": "HPE_INVALID_CONTENT_LENGTH",
	} {
		assert.Equal(t, "HTTP/1.1 418 Teapot\r\n\r\n", x.exchange(raw), code)
		assert.Equal(t, code, wait(t, errs))
	}
	x.close()
	x = serve(t, func(*ServerRequest, *ServerResponse) {}, answer, func(s *Server) { s.HeadersTimeout = time.Millisecond })
	assert.Equal(t, "HTTP/1.1 418 Teapot\r\n\r\n", x.exchange("GET / HTTP/1.1\r\n"))
	assert.Equal(t, "ERR_HTTP_REQUEST_TIMEOUT", wait(t, errs))
}

func TestNativeBrokenConnectionEventOrder(t *testing.T) {
	events := make(chan string, 10)
	begun := make(chan struct{})
	x := serve(t, func(req *ServerRequest, res *ServerResponse) {
		req.OnClose(func() { events <- "request close" })
		res.OnClose(func() { events <- "response close" })
		close(begun)
	}, func(s *Server) {
		s.OnConnection(func(c *net.Socket) { c.OnClose(func(bool) { events <- "socket close" }) })
		s.OnClientError(func(err error, c *net.Socket) { events <- "client error " + code(err) })
	})
	c := x.dial()
	_, err := io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
	require.NoError(t, err)
	wait(t, begun)
	require.NoError(t, c.SetLinger(0))
	require.NoError(t, c.Close())
	for _, want := range []string{"client error ECONNRESET", "request close", "response close", "socket close"} {
		assert.Equal(t, want, wait(t, events))
	}
}

func TestNativeListenOnAnotherServer(t *testing.T) {
	x := serve(t, func(_ *ServerRequest, res *ServerResponse) { res.EndString("old") })
	const ask = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
	assert.Contains(t, x.exchange(ask), "old")
	listens := make(chan string, 1)
	var heir *Server
	x.on(func() {
		heir = CreateServer(func(_ *ServerRequest, res *ServerResponse) { res.EndString("new") })
		heir.ListenHandle(x.s, Callback(func() { listens <- heir.Address().String() }))
	})
	assert.Equal(t, x.addr, wait(t, listens))
	assert.Contains(t, x.exchange(ask), "new")
	x.on(func() { heir.Close() })
}

func TestNativeListenOnWhatIsNoListener(t *testing.T) {
	var got error
	s := CreateServer()
	s.ListenHandle(FD(1 << 20))
	s.OnError(func(err error) { got = err })
	Run()
	s.detach()
	assert.ErrorIs(t, got, &Error{Code: "EINVAL"})
}
