//go:build !wasip1

package http

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	nethttp "net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/guest/internal/port"
)

// These tests run the engine on real sockets.

// deadline is when a test has failed that waits.
const deadline = 20 * time.Second

// site is a server whose loop runs on a goroutine of its own.
type site struct {
	t    *testing.T
	s    *Server
	addr string
	done chan struct{}
}

// serve runs a server until the end of the test.
func serve(t *testing.T, listener func(*ServerRequest, *ServerResponse), configure ...func(*Server)) *site {
	t.Helper()
	x := &site{t: t, s: CreateServer(listener), done: make(chan struct{})}
	for _, f := range configure {
		f(x.s)
	}
	ready := make(chan string, 1)
	x.s.Listen(0, Hostname("127.0.0.1"), Callback(func() { ready <- x.s.Address().String() }))
	go func() {
		defer close(x.done)
		Run()
	}()
	t.Cleanup(x.close)
	select {
	case x.addr = <-ready:
	case <-time.After(deadline):
		require.Fail(t, "the server does not listen")
	}
	return x
}

// close ends the server, and waits for Run to return.
func (x *site) close() {
	Post(func() {
		if x.s.state == stateListening {
			x.s.Close()
		}
	})
	select {
	case <-x.done:
	case <-time.After(deadline):
		assert.Fail(x.t, "Run does not return")
	}
}

// on runs f on the loop and waits for it.
func (x *site) on(f func()) {
	x.t.Helper()
	done := make(chan struct{})
	require.True(x.t, Post(func() { f(); close(done) }))
	wait(x.t, done)
}

func wait[T any](t *testing.T, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(deadline):
		require.Fail(t, "nothing came")
	}
	return v
}

func (x *site) dial() *net.TCPConn {
	x.t.Helper()
	c, err := net.Dial("tcp", x.addr)
	require.NoError(x.t, err)
	x.t.Cleanup(func() { _ = c.Close() })
	require.NoError(x.t, c.SetDeadline(time.Now().Add(deadline)))
	return c.(*net.TCPConn)
}

// exchange sends raw bytes and returns all that comes until the server closes, without the Date lines.
func (x *site) exchange(raw string) string {
	x.t.Helper()
	c := x.dial()
	_, err := io.WriteString(c, raw)
	require.NoError(x.t, err)
	all, err := io.ReadAll(c)
	require.NoError(x.t, err)
	require.NoError(x.t, c.Close())
	return undated(string(all))
}

func undated(s string) string {
	var lines []string
	for line := range strings.SplitAfterSeq(s, "\r\n") {
		if !strings.HasPrefix(line, "Date: ") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

func client(t *testing.T) *nethttp.Client {
	transport := &nethttp.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &nethttp.Client{Transport: transport, Timeout: deadline}
}

func TestNativeRawBytes(t *testing.T) {
	x := serve(t, func(req *ServerRequest, res *ServerResponse) {
		switch req.URL() {
		case "/hello":
			_ = res.WriteHead(200, Header{"Content-Type", "text/plain"})
			res.EndString("hello world\n")
		case "/chunked":
			res.WriteString("ab")
			res.WriteString("c")
			_ = res.AddTrailers(Header{"Sum", "3"})
			res.End()
		case "/nothing":
			res.StatusCode = 204
			res.EndString("dropped")
		}
	})
	for _, c := range []struct{ title, send, want string }{
		{"close", "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
			"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: 12\r\n\r\nhello world\n"},
		{"HTTP/1.0", "GET /chunked HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc"},
		{"chunked", "GET /chunked HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
			"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nSum: 3\r\n\r\n"},
		{"204", "GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"},
	} {
		assert.Equal(t, fieldsSorted(c.want), fieldsSorted(x.exchange(c.send)), c.title)
	}
	assert.Contains(t, x.exchange("GET / HTTP/1.1\r\n\r\n"), "HTTP/1.1 400 ", "no Host")
	pipelined := x.exchange("GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /chunked HTTP/1.1\r\nHost: a\r\n\r\n" +
		"GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	assert.Equal(t, 3, strings.Count(pipelined, "HTTP/1.1 20"))
	assert.Less(t, strings.Index(pipelined, "hello"), strings.Index(pipelined, "chunked"))
}

// fieldsSorted makes the order of header fields, which is the engine's affair, the same.
func fieldsSorted(s string) []string {
	head, body, _ := strings.Cut(s, "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	for i := range lines[1:] {
		for j := i + 2; j < len(lines); j++ {
			if lines[j] < lines[i+1] {
				lines[i+1], lines[j] = lines[j], lines[i+1]
			}
		}
	}
	return append(lines, body)
}

func TestNativeNetHTTPClient(t *testing.T) {
	x := serve(t, func(req *ServerRequest, res *ServerResponse) {
		_ = res.SetHeader("X-Method", req.Method())
		_ = res.SetHeader("X-Type", req.Headers().Get("Content-Type"))
		req.Pipe(res)
	})
	c := client(t)
	for _, size := range []int{0, 1, 100, 64 << 10, 3 << 20} {
		body := bytes.Repeat([]byte("0123456789abcdef"), size/16+1)[:size]
		for _, reader := range []io.Reader{bytes.NewReader(body), io.MultiReader(bytes.NewReader(body))} { // with a length, and chunked
			response, err := c.Post("http://"+x.addr+"/", "text/x", reader)
			require.NoError(t, err)
			got, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			assert.True(t, bytes.Equal(body, got), "%d bytes", size)
			assert.Equal(t, "POST", response.Header.Get("X-Method"))
			assert.Equal(t, "text/x", response.Header.Get("X-Type"))
		}
	}
}

func TestNativeLargeAnswerInOneCall(t *testing.T) {
	body := strings.Repeat("0123456789abcdef", 1<<18) // 4 MiB: many pieces, more than the kernel takes
	x := serve(t, func(req *ServerRequest, res *ServerResponse) {
		if req.URL() == "/chunked" {
			res.WriteString("")
			_ = res.AddTrailers(Header{"After", "all"})
		}
		res.EndString(body)
	})
	for path, length := range map[string]int64{"/": int64(len(body)), "/chunked": -1} {
		response, err := client(t).Get("http://" + x.addr + path)
		require.NoError(t, err)
		got, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.True(t, body == string(got), path)
		assert.Equal(t, length, response.ContentLength, path)
		if length < 0 {
			assert.Equal(t, "all", response.Trailer.Get("After"))
		}
	}
}

// A client that does not read makes Write return false; nothing more is written until 'drain'.
func TestNativeBackPressureToTheHandler(t *testing.T) {
	const total = 64 << 20
	piece := bytes.Repeat([]byte("x"), 32<<10)
	full := make(chan struct{}, 1)
	var sent, drains int
	x := serve(t, func(_ *ServerRequest, res *ServerResponse) {
		more := func() {
			for sent < total {
				sent += len(piece)
				if !res.Write(piece) {
					select {
					case full <- struct{}{}:
					default:
					}
					return
				}
			}
			res.End()
		}
		res.OnDrain(func() { drains++; more() })
		more()
	})
	c := x.dial()
	_, err := io.WriteString(c, get)
	require.NoError(t, err)
	wait(t, full)
	x.on(func() { assert.Less(t, sent, total, "the handler was stopped") })
	response, err := nethttp.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(t, err)
	n, err := io.Copy(io.Discard, response.Body)
	require.NoError(t, err)
	assert.EqualValues(t, total, n)
	x.on(func() { assert.NotZero(t, drains) })
}

// A paused request stops the client by TCP.
func TestNativeBackPressureToTheClient(t *testing.T) {
	var req *ServerRequest
	var received int
	paused := make(chan struct{})
	x := serve(t, func(q *ServerRequest, res *ServerResponse) {
		req = q
		q.OnData(func(chunk []byte) { received += len(chunk) })
		q.OnEnd(func() { res.EndString("thanks") })
		q.Pause()
		close(paused)
	})
	c := x.dial()
	const total = 256 << 20
	_, err := io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 268435456\r\n\r\n")
	require.NoError(t, err)
	wait(t, paused)
	// The client writes until the kernel takes no more for a while: it cannot get rid of the whole body.
	piece := make([]byte, 1<<20)
	written := 0
	for written < total {
		require.NoError(t, c.SetWriteDeadline(time.Now().Add(300*time.Millisecond)))
		n, err := c.Write(piece[:min(len(piece), total-written)])
		written += n
		if err != nil {
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
			break
		}
	}
	require.Less(t, written, total)
	x.on(func() {
		assert.Zero(t, received)
		assert.LessOrEqual(t, req.body.Buffered(), 64<<10, "what Pause may leave to be kept")
		req.Resume()
	})
	require.NoError(t, c.SetDeadline(time.Now().Add(3*deadline)))
	for written < total {
		n, err := c.Write(piece[:min(len(piece), total-written)])
		require.NoError(t, err)
		written += n
	}
	answer, err := io.ReadAll(c)
	require.NoError(t, err)
	assert.Contains(t, string(answer), "thanks")
	x.on(func() { assert.Equal(t, total, received) })
}

func TestNativeClientGoesAway(t *testing.T) {
	closed := make(chan string, 3)
	begun := make(chan struct{}, 1)
	x := serve(t, func(req *ServerRequest, res *ServerResponse) {
		req.OnEnd(func() { closed <- "end" })
		req.OnClose(func() { closed <- "request" })
		res.OnClose(func() { closed <- "response" })
		res.WriteString("never ended")
		begun <- struct{}{}
	})
	c := x.dial()
	_, err := io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
	require.NoError(t, err)
	wait(t, begun)
	require.NoError(t, c.SetLinger(0))
	require.NoError(t, c.Close())
	assert.Equal(t, "request", wait(t, closed))
	assert.Equal(t, "response", wait(t, closed))
}

func TestNativeHalfClosedClientGetsItsAnswer(t *testing.T) {
	held := make(chan *ServerResponse, 1)
	x := serve(t, func(_ *ServerRequest, res *ServerResponse) { held <- res })
	c := x.dial()
	_, err := io.WriteString(c, get)
	require.NoError(t, err)
	require.NoError(t, c.CloseWrite())
	res := wait(t, held)
	x.on(func() { res.EndString("late") })
	all, err := io.ReadAll(c)
	require.NoError(t, err)
	assert.True(t, strings.HasSuffix(string(all), "\r\n\r\nlate"), "%q", all)
}

func TestNativeExpectContinue(t *testing.T) {
	const raw = "PUT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
	answer := func(req *ServerRequest, res *ServerResponse) { req.OnEnd(func() { res.EndString("done") }) }
	for _, c := range []struct {
		title     string
		configure func(*Server)
		interim   bool
		status    string
	}{
		{"by itself", func(*Server) {}, true, "200 OK"},
		{"as the listener says", func(s *Server) {
			s.OnCheckContinue(func(req *ServerRequest, res *ServerResponse) { res.WriteContinue(); answer(req, res) })
		}, true, "200 OK"},
		{"refused", func(s *Server) {
			s.OnCheckContinue(func(_ *ServerRequest, res *ServerResponse) { res.StatusCode = 413; res.End() })
		}, false, "413 Payload Too Large"},
	} {
		x := serve(t, answer, c.configure)
		conn := x.dial()
		_, err := io.WriteString(conn, raw)
		require.NoError(t, err)
		r := bufio.NewReader(conn)
		if c.interim {
			line, err := r.ReadString('\n')
			require.NoError(t, err)
			assert.Equal(t, "HTTP/1.1 100 Continue\r\n", line, c.title)
			_, err = r.ReadString('\n')
			require.NoError(t, err)
			_, err = io.WriteString(conn, "ok")
			require.NoError(t, err)
		}
		response, err := nethttp.ReadResponse(r, nil)
		require.NoError(t, err)
		assert.Equal(t, c.status, response.Status, c.title)
		assert.True(t, response.Close, c.title)
		require.NoError(t, conn.Close())
		x.close()
	}
}

func TestNativeContentLengthMismatch(t *testing.T) {
	errs := make(chan error, 2)
	x := serve(t, func(req *ServerRequest, res *ServerResponse) {
		res.OnError(func(err error) { errs <- err })
		_ = res.SetHeader("Content-Length", "4")
		res.EndString(strings.TrimPrefix(req.URL(), "/"))
	})
	_, body, _ := strings.Cut(x.exchange("GET /abcdefgh HTTP/1.1\r\nHost: a\r\n\r\n"), "\r\n\r\n")
	assert.Equal(t, "abcd", body, "and the connection was closed, though nobody asked for it")
	assert.ErrorIs(t, wait(t, errs), &Error{Code: "ERR_HTTP_CONTENT_LENGTH_MISMATCH"})
	_, body, _ = strings.Cut(x.exchange("GET /ab HTTP/1.1\r\nHost: a\r\n\r\n"), "\r\n\r\n")
	assert.Equal(t, "ab", body)
	assert.ErrorIs(t, wait(t, errs), &Error{Code: "ERR_HTTP_CONTENT_LENGTH_MISMATCH"})
}

// A pipe into a response that is too short for it does not wait for ever.
func TestNativePipeBeyondContentLength(t *testing.T) {
	x := serve(t, func(req *ServerRequest, res *ServerResponse) {
		res.OnError(func(error) {})
		_ = res.SetHeader("Content-Length", "4")
		req.Pipe(res)
	})
	c := x.dial()
	for _, part := range []string{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\n", "abcd", "efgh", "ijkl"} {
		_, err := io.WriteString(c, part)
		require.NoError(t, err)
	}
	all, err := io.ReadAll(c)
	require.NoError(t, err)
	assert.True(t, strings.HasSuffix(string(all), "\r\n\r\nabcd"), "%q", all)
}

func TestNativeUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	s := CreateServer(func(_ *ServerRequest, res *ServerResponse) { res.EndString("unix") })
	ready := make(chan string, 1)
	s.ListenPath(path, Callback(func() { ready <- s.Address().Network() + " " + s.Address().String() }))
	done := make(chan struct{})
	go func() { defer close(done); Run() }()
	assert.Equal(t, "unix "+path, wait(t, ready))
	c := client(t)
	c.Transport.(*nethttp.Transport).DialContext = func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", path) }
	response, err := c.Get("http://unix/")
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, "unix", string(body))
	require.True(t, Post(func() { s.Close() }))
	wait(t, done)
}

func TestNativeListenFails(t *testing.T) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = ln.Close() }()
	for code, listen := range map[string]func(*Server){
		"EADDRINUSE":          func(s *Server) { s.Listen(ln.Addr().(*net.TCPAddr).Port, Hostname("127.0.0.1")) },
		"EADDRNOTAVAIL":       func(s *Server) { s.Listen(0, Hostname("192.0.2.1")) },
		"ERR_SOCKET_BAD_PORT": func(s *Server) { s.Listen(1 << 20) },
	} {
		var got error
		s := CreateServer()
		listen(s)
		s.OnError(func(err error) { got = err })
		Run() // returns, for nothing listens
		s.detach()
		assert.ErrorIs(t, got, &Error{Code: code})
	}
}

func TestRunReturnsWhenNothingIsLeft(t *testing.T) {
	Run()
	var order []string
	assert.True(t, Post(func() { order = append(order, "posted") }))
	Run()
	assert.Equal(t, []string{"posted"}, order)

	for range 3 { // it runs again
		x := serve(t, func(_ *ServerRequest, res *ServerResponse) { res.EndString("x") })
		response, err := client(t).Get("http://" + x.addr)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		var events []string
		x.on(func() {
			x.s.OnClose(func() { events = append(events, "close") })
			x.s.Close(func() { events = append(events, "callback") })
		})
		wait(t, x.done)
		assert.Equal(t, []string{"callback", "close"}, events, "though the client keeps its connection")
	}
}

func TestRunAfterAPanic(t *testing.T) {
	Post(func() { panic("in a listener") })
	assert.PanicsWithValue(t, "in a listener", Run)
	ran := false
	Post(func() { ran = true })
	Run()
	assert.True(t, ran)
}

func TestNativeDestroy(t *testing.T) {
	closed := make(chan struct{})
	x := serve(t, func(req *ServerRequest, res *ServerResponse) {
		req.OnClose(func() { close(closed) })
		res.WriteString("a part")
		res.Destroy()
	})
	c := x.dial()
	_, err := io.WriteString(c, get)
	require.NoError(t, err)
	wait(t, closed)
	all, err := io.ReadAll(c)
	if err == nil { // the part may have overtaken the reset
		assert.NotContains(t, string(all), "\r\n0\r\n", "it is not taken for a whole response")
	}
}

func TestRunInsideOfRun(t *testing.T) {
	x := serve(t, func(_ *ServerRequest, res *ServerResponse) {
		Run()
		res.EndString("unharmed")
	})
	assert.Contains(t, x.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), "unharmed")
}

func TestNativeOptions(t *testing.T) {
	count := func(req *ServerRequest, res *ServerResponse) { res.EndString(strconv.Itoa(len(req.Headers()))) }
	many := "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + strings.Repeat("a:b\r\n", 1500) + "\r\n"
	for _, c := range []struct {
		title     string
		configure func(*Server)
		send      string
		status    string
		body      string
	}{
		{"1000 header lines by default", func(*Server) {}, many, "200", "1000"},
		{"another number", func(s *Server) { s.MaxHeadersCount = 3 }, many, "200", "3"},
		{"no limit", func(s *Server) { s.MaxHeadersCount = 0 }, many, "200", "1502"},
		{"size of a head", func(s *Server) { s.MaxHeaderSize = 1000 }, many, "431", ""},
		{"one request of a connection", func(s *Server) { s.MaxRequestsPerSocket = 1 }, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "200", "1"},
		{"no Host", func(s *Server) { s.LenientMissingHost = true }, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", "200", "1"},
		{"timeout of a head", func(s *Server) { s.HeadersTimeout = time.Millisecond }, "GET / HTTP/1.1\r\n", "408", ""},
		{"idle connection", func(s *Server) { s.KeepAliveTimeout = time.Millisecond }, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "200", "1"},
	} {
		x := serve(t, count, c.configure)
		head, body, _ := strings.Cut(x.exchange(c.send), "\r\n\r\n")
		assert.True(t, strings.HasPrefix(head, "HTTP/1.1 "+c.status+" "), "%s: %s", c.title, head)
		assert.Equal(t, c.body, body, c.title)
		x.close()
	}
}

func TestNativeManyClients(t *testing.T) {
	x := serve(t, func(req *ServerRequest, res *ServerResponse) { req.Pipe(res) })
	c := client(t)
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			for j := range 20 {
				body := strings.Repeat(string(rune('a'+i)), 1000*j)
				response, err := c.Post("http://"+x.addr, "", strings.NewReader(body))
				if !assert.NoError(t, err) {
					return
				}
				got, err := io.ReadAll(response.Body)
				assert.NoError(t, err)
				assert.NoError(t, response.Body.Close())
				assert.Equal(t, body, string(got), "one exchange's bytes never reach another's")
			}
		})
	}
	all.Wait()
	c.CloseIdleConnections()
	x.close()
	assert.Zero(t, port.Bindings())
}
