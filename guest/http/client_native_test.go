//go:build !wasip1

package http

import (
	"bufio"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	portnet "github.com/portholehttp/porthole/guest/net"
)

// These tests make requests on real sockets.

// journal is a log of events.
type journal struct{ lines []string }

func (j *journal) note(format string, args ...any) {
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

// follow logs all events of a request and its response, whose body is put together.
func (j *journal) follow(r *ClientRequest) *ClientRequest {
	r.OnResponse(func(res *ClientResponse) {
		j.note("response %d", res.StatusCode())
		var body strings.Builder
		res.OnData(func(chunk []byte) { body.Write(chunk) })
		res.OnEnd(func() { j.note("end %q", body.String()) })
		res.OnAborted(func() { j.note("aborted after %q", body.String()) })
		res.OnClose(func(err error) { j.note("response close: %v", err) })
	})
	r.OnContinue(func() { j.note("continue") })
	r.OnInformation(func(i Information) { j.note("information %d %s", i.StatusCode, i.Headers.Get("link")) })
	r.OnTimeout(func() { j.note("timeout") })
	r.OnError(func(err error) { j.note("error %s", code(err)) })
	r.OnClose(func() { j.note("close") })
	return r
}

// drive runs f on the loop, until nothing is left to do.
func drive(t *testing.T, f func()) {
	t.Helper()
	require.True(t, Post(f))
	done := make(chan struct{})
	go func() {
		defer close(done)
		Run()
	}()
	wait(t, done)
}

// peer is a server that a test writes out: script gets each connection, and its number from 0 on.
func peer(t *testing.T, script func(n int, c net.Conn, r *bufio.Reader)) RequestOptions {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var scripts sync.WaitGroup
	scripts.Go(func() {
		for n := 0; ; n++ {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			_ = c.SetDeadline(time.Now().Add(deadline))
			scripts.Go(func() {
				defer func() { _ = c.Close() }()
				script(n, c, bufio.NewReader(c))
			})
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		scripts.Wait()
	})
	return RequestOptions{Host: "127.0.0.1", Port: ln.Addr().(*net.TCPAddr).Port}
}

// readHead reads up to the blank line.
func readHead(r *bufio.Reader) (head string) {
	for {
		line, err := r.ReadString('\n')
		head += line
		if err != nil || line == "\r\n" {
			return head
		}
	}
}

// siteOf returns options for a server of net/http.
func siteOf(s *httptest.Server) RequestOptions {
	host, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	number, _ := strconv.Atoi(port)
	return RequestOptions{Host: host, Port: number}
}

func httpSite(t *testing.T, f nethttp.HandlerFunc) RequestOptions {
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return siteOf(s)
}

func echo(w nethttp.ResponseWriter, r *nethttp.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("X-Method", r.Method)
	w.Header().Set("X-Length", strconv.FormatInt(r.ContentLength, 10))
	w.Header().Set("X-Trailer", r.Trailer.Get("Sum"))
	user, password, _ := r.BasicAuth()
	w.Header().Set("X-Auth", user+"/"+password)
	_, _ = w.Write(body)
}

func TestNativeClientRequests(t *testing.T) {
	site := httpSite(t, echo)
	big := strings.Repeat("0123456789abcdef", 1<<14)
	var j journal
	send := func(method string, do func(*ClientRequest)) {
		o := site
		o.Method, o.Auth = method, "me:secret"
		r := j.follow(Request(o))
		r.OnResponse(func(res *ClientResponse) {
			h := res.Headers()
			j.note("%s %s %s %s", h.Get("x-method"), h.Get("x-length"), h.Get("x-trailer"), h.Get("x-auth"))
			if method == "PUT" {
				res.OnData(func([]byte) {})
			}
		})
		do(r)
	}
	for _, c := range []struct {
		method string
		do     func(*ClientRequest)
		want   []string
	}{
		{"GET", func(r *ClientRequest) { r.End() }, []string{"response 200", "GET 0  me/secret", `end ""`}},
		{"POST", func(r *ClientRequest) { r.EndString("all") }, []string{"response 200", "POST 3  me/secret", `end "all"`}},
		{"POST", func(r *ClientRequest) { r.WriteString("in "); r.WriteString("pieces"); r.End() },
			[]string{"response 200", "POST -1  me/secret", `end "in pieces"`}},
		{"POST", func(r *ClientRequest) {
			_ = r.SetHeader("Trailer", "Sum")
			r.WriteString("x")
			_ = r.AddTrailers(Header{"Sum", "1"})
			r.End()
		}, []string{"response 200", "POST -1 1 me/secret", `end "x"`}},
		{"POST", func(r *ClientRequest) { _ = r.SetHeader("Content-Length", "4"); r.WriteString("ab"); r.EndString("cd") },
			[]string{"response 200", "POST 4  me/secret", `end "abcd"`}},
		{"GET", func(r *ClientRequest) { r.EndString("a body") }, []string{"response 200", "GET 6  me/secret", `end "a body"`}},
		{"DELETE", func(r *ClientRequest) { r.End() }, []string{"response 200", "DELETE 0  me/secret", `end ""`}},
		{"HEAD", func(r *ClientRequest) { r.End() }, []string{"response 200", "HEAD 0  me/secret", `end ""`}},
		{"POST", func(r *ClientRequest) { r.EndString(big) }, []string{"response 200", "POST 262144  me/secret", fmt.Sprintf("end %q", big)}},
		{"POST", func(r *ClientRequest) {
			r.OnDrain(func() { r.EndString(big) })
			if r.WriteString(big) {
				r.EndString(big)
			}
		}, []string{"response 200", "POST -1  me/secret", fmt.Sprintf("end %q", big+big)}},
	} {
		j.lines = nil
		drive(t, func() { send(c.method, c.do) })
		assert.Equal(t, c.want, j.lines, c.method)
	}
}

// What a server gets to read, byte for byte.
func TestNativeClientOnTheWire(t *testing.T) {
	got := make(chan string, 1)
	site := peer(t, func(_ int, c net.Conn, r *bufio.Reader) {
		head := readHead(r)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
		rest, _ := io.ReadAll(r)
		got <- head + string(rest)
	})
	host := "Host: 127.0.0.1:" + strconv.Itoa(site.Port) + "\r\n"
	end := func(r *ClientRequest) { r.End() }
	for _, c := range []struct {
		options RequestOptions
		do      func(*ClientRequest)
		want    string
	}{
		{RequestOptions{}, end, "GET / HTTP/1.1\r\n" + host + "Connection: keep-alive\r\n\r\n"},
		{RequestOptions{Agent: NoAgent}, end, "GET / HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n"},
		{RequestOptions{Method: "post", Path: "/a?b", Headers: Headers{{"B", "2"}, {"a", "1"}, {"B", "3"}}, Auth: "a:b"}, func(r *ClientRequest) { r.EndString("ab") },
			"POST /a?b HTTP/1.1\r\nB: 2\r\na: 1\r\nB: 3\r\n" + host + "Authorization: Basic YTpi\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nab"},
		{RequestOptions{Method: "POST"}, end, "POST / HTTP/1.1\r\n" + host + "Connection: keep-alive\r\nContent-Length: 0\r\n\r\n"},
		{RequestOptions{Method: "PUT", Headers: Headers{{"Trailer", "Sum"}}}, func(r *ClientRequest) {
			r.WriteString("a")
			r.WriteString("bcdefghijklmnopq")
			_ = r.AddTrailers(Header{"Sum", "1"})
			r.End()
		}, "PUT / HTTP/1.1\r\nTrailer: Sum\r\n" + host + "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n10\r\nbcdefghijklmnopq\r\n0\r\nSum: 1\r\n\r\n"},
		{RequestOptions{Method: "POST", Headers: Headers{{"content-length", "3"}, {"Connection", "close"}}}, func(r *ClientRequest) { r.WriteString("ab"); r.EndString("c") },
			"POST / HTTP/1.1\r\ncontent-length: 3\r\nConnection: close\r\n" + host + "\r\nabc"},
		{RequestOptions{Method: "DELETE"}, end, "DELETE / HTTP/1.1\r\n" + host + "Connection: keep-alive\r\n\r\n"},
		{RequestOptions{}, func(r *ClientRequest) { r.EndString("x") }, "GET / HTTP/1.1\r\n" + host + "Connection: keep-alive\r\nContent-Length: 1\r\n\r\nx"},
		{RequestOptions{Method: "OPTIONS", Path: "*"}, end, "OPTIONS * HTTP/1.1\r\n" + host + "Connection: keep-alive\r\n\r\n"},
		{RequestOptions{Headers: Headers{{"host", "other"}}}, end, "GET / HTTP/1.1\r\nhost: other\r\nConnection: keep-alive\r\n\r\n"},
	} {
		o := c.options
		o.Host, o.Port = site.Host, site.Port
		drive(t, func() { c.do(Request(o)) })
		assert.Equal(t, c.want, wait(t, got))
	}
}

func TestNativeResponseSplitAnywhere(t *testing.T) {
	const raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Sum\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nSum: 5\r\n\r\n"
	site := peer(t, func(n int, c net.Conn, r *bufio.Reader) {
		readHead(r)
		_, _ = io.WriteString(c, raw[:n])
		_, _ = io.WriteString(c, raw[n:])
		_, _ = io.Copy(io.Discard, r)
	})
	for n := range raw {
		var j journal
		var trailers Headers
		drive(t, func() {
			r := j.follow(Request(site))
			r.OnResponse(func(res *ClientResponse) { res.OnEnd(func() { trailers = res.Trailers() }) })
			r.End()
		})
		assert.Equal(t, []string{"response 200", `end "abcde"`}, j.lines, n)
		assert.Equal(t, Headers{{"sum", "5"}}, trailers, n)
	}
}

func TestNativeClientFailures(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	say := func(raw string) RequestOptions {
		return peer(t, func(_ int, c net.Conn, r *bufio.Reader) {
			readHead(r)
			_, _ = io.WriteString(c, raw)
		})
	}
	for _, c := range []struct {
		title string
		site  RequestOptions
		want  []string
	}{
		{"refused", RequestOptions{Host: "127.0.0.1", Port: closed.Addr().(*net.TCPAddr).Port}, []string{"error ECONNREFUSED", "close"}},
		{"no such socket", RequestOptions{SocketPath: filepath.Join(t.TempDir(), "none")}, []string{"error ENOENT", "close"}},
		{"hung up", say(""), []string{"error ECONNRESET", "close"}},
		{"hung up in the head", say("HTTP/1.1 200 OK\r\nA"), []string{"error ECONNRESET", "close"}},
		{"truncated length", say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"), []string{"response 200", "close", `aborted after "abc"`, "response close: ECONNRESET: aborted"}},
		{"truncated chunks", say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"), []string{"response 200", "close", `aborted after "abc"`, "response close: ECONNRESET: aborted"}},
		{"up to the end", say("HTTP/1.1 200 OK\r\n\r\nabc"), []string{"response 200", `end "abc"`, "close"}},
		{"HTTP/1.0", say("HTTP/1.0 200 OK\r\n\r\nabc"), []string{"response 200", `end "abc"`, "close"}},
		{"the server closes", say("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx"), []string{"response 200", `end "x"`, "close"}},
		{"304 with a length", say("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"), []string{"response 304", `end ""`}},
		{"no HTTP", say("SSH-2.0-x\r\n"), []string{"error HPE_INVALID_CONSTANT", "close"}},
		{"both framings", say("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), []string{"error HPE_INVALID_TRANSFER_ENCODING", "close"}},
		{"bad chunk", say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"), []string{"response 200", "error HPE_INVALID_CHUNK_SIZE", "close", `aborted after ""`, "response close: ECONNRESET: aborted"}},
		{"huge head", say("HTTP/1.1 200 OK\r\nA: " + strings.Repeat("x", 17<<10) + "\r\n\r\n"), []string{"error HPE_HEADER_OVERFLOW", "close"}},
		{"interim responses", say("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"),
			[]string{"continue", "information 103 </a>", "response 204", `end ""`}},
	} {
		t.Run(c.title, func(t *testing.T) {
			var j journal
			drive(t, func() { j.follow(Request(c.site)).End() })
			assert.Equal(t, c.want, j.lines)
		})
	}
}

func TestNativeBodyLength(t *testing.T) {
	site := httpSite(t, echo)
	site.Method = "POST"
	for body, want := range map[string][]string{
		"ab":    {"error ERR_HTTP_CONTENT_LENGTH_MISMATCH", "close"},
		"abc":   {"response 200", `end "abc"`},
		"abcde": {"error ERR_HTTP_CONTENT_LENGTH_MISMATCH", "response 200", `end "abc"`},
	} {
		for _, pieces := range []int{1, 2} {
			o := site
			o.Headers = Headers{{"Content-Length", "3"}}
			var j journal
			drive(t, func() {
				r := j.follow(Request(o))
				if pieces == 2 {
					r.WriteString(body[:1])
				}
				r.EndString(body[pieces-1:])
			})
			assert.Equal(t, want, j.lines, "%s in %d", body, pieces)
		}
	}
}

func TestNativeAbort(t *testing.T) {
	received, gone := make(chan struct{}, 1), make(chan struct{}, 1)
	site := peer(t, func(_ int, c net.Conn, r *bufio.Reader) {
		if head := readHead(r); strings.HasPrefix(head, "GET /answer ") {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\nbegun")
		} else if head != "" {
			received <- struct{}{}
		}
		_, _ = io.Copy(io.Discard, r)
		gone <- struct{}{}
	})
	before := []string{"close", "error ECONNRESET"}
	var j journal
	drive(t, func() { j.follow(Request(site)).Abort() })
	assert.Equal(t, before, j.lines, "before the socket")

	j = journal{}
	drive(t, func() {
		r := j.follow(Request(site))
		r.End()
		go func() {
			<-received
			Post(r.Abort)
		}()
	})
	assert.Equal(t, before, j.lines, "before the response")
	wait(t, gone)

	j = journal{}
	drive(t, func() {
		o := site
		o.Path = "/answer"
		r := j.follow(Request(o))
		r.OnResponse(func(res *ClientResponse) { res.OnData(func([]byte) { r.Abort() }) })
		r.End()
	})
	assert.Equal(t, []string{"response 200", "close", `aborted after "begun"`, "response close: ECONNRESET: aborted"}, j.lines)
	wait(t, gone)
}

func TestNativeAgent(t *testing.T) {
	var current, most, connections atomic.Int32
	s := httptest.NewUnstartedServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		n := current.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		current.Add(-1)
		_, _ = io.WriteString(w, r.URL.Path)
	}))
	s.Config.ConnState = func(_ net.Conn, state nethttp.ConnState) {
		if state == nethttp.StateNew {
			connections.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	for _, c := range []struct {
		title       string
		agent       *Agent
		connections int32
	}{
		{"one connection", &Agent{MaxSockets: 1}, 1},
		{"three", &Agent{MaxSockets: 3}, 3},
		{"none shared", NoAgent, 20},
	} {
		connections.Store(0)
		most.Store(0)
		o := siteOf(s)
		o.Agent = c.agent
		var got []string
		drive(t, func() {
			for i := range 20 {
				o.Path = "/" + strconv.Itoa(i)
				r := Get(o, func(res *ClientResponse) {
					res.OnData(func(chunk []byte) { got = append(got, string(chunk)) })
				})
				r.OnError(func(err error) { got = append(got, err.Error()) })
			}
		})
		assert.Len(t, got, 20, c.title)
		assert.Equal(t, c.connections, connections.Load(), c.title)
		assert.LessOrEqual(t, most.Load(), c.connections, c.title)
		if c.connections == 1 {
			for i, path := range got {
				assert.Equal(t, "/"+strconv.Itoa(i), path, "first come, first served")
			}
		}
		assert.Empty(t, c.agent.Sockets())
		assert.Empty(t, c.agent.Requests())
	}
}

func TestNativeAgentRemove(t *testing.T) {
	second := make(chan struct{})
	site := httpSite(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if r.URL.Path == "/first" {
			<-second
		} else {
			close(second)
		}
		_, _ = io.WriteString(w, r.URL.Path)
	})
	site.Agent = NewAgent()
	site.Agent.MaxSockets = 1
	var j journal
	drive(t, func() {
		for _, path := range []string{"/first", "/second"} {
			o := site
			o.Path = path
			r := j.follow(Request(o))
			r.OnSocket(func(s *portnet.Socket) {
				if path == "/first" {
					s.AgentRemove()
					assert.Empty(t, site.Agent.Sockets())
				}
			})
			r.End()
		}
	})
	assert.ElementsMatch(t, []string{"response 200", `end "/second"`, "response 200", `end "/first"`}, j.lines)
}

func TestNativeAbortInTheQueue(t *testing.T) {
	site := httpSite(t, echo)
	site.Agent = NewAgent()
	site.Agent.MaxSockets = 1
	var first, second, third journal
	drive(t, func() {
		first.follow(Get(site))
		r := second.follow(Get(site))
		third.follow(Get(site))
		r.Abort()
	})
	answered := []string{"response 200", `end ""`}
	assert.Equal(t, answered, first.lines)
	assert.Equal(t, []string{"close", "error ECONNRESET"}, second.lines)
	assert.Equal(t, answered, third.lines)
}

func TestNativeKeepAlive(t *testing.T) {
	var connections atomic.Int32
	site := peer(t, func(n int, c net.Conn, r *bufio.Reader) {
		connections.Add(1)
		for {
			head := readHead(r)
			if head == "" {
				return
			}
			_, _ = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d", n)
			if strings.HasPrefix(head, "GET /last ") {
				return // without having said so
			}
		}
	})
	site.Agent = NewAgent()
	site.Agent.KeepAlive = true
	var j journal
	var sockets []*portnet.Socket
	drive(t, func() {
		paths := []string{"/1", "/2", "/last", "/4"}
		var next func()
		next = func() {
			if len(paths) == 0 {
				return
			}
			o := site
			o.Path, paths = paths[0], paths[1:]
			if len(paths) == 0 {
				o.Headers = Headers{{"Connection", "close"}}
			}
			r := j.follow(Request(o))
			r.OnResponse(func(res *ClientResponse) {
				sockets = append(sockets, r.Socket())
				res.OnEnd(func() { Post(next) })
			})
			r.End()
		}
		next()
	})
	assert.Equal(t, []string{
		"response 200", `end "0"`, "response 200", `end "0"`, "response 200", `end "0"`, "response 200", `end "1"`, "close",
	}, j.lines, "the fourth is sent once more, for its connection was closed while idle")
	assert.Equal(t, int32(2), connections.Load())
	require.Len(t, sockets, 4)
	assert.Same(t, sockets[0], sockets[1])
	assert.NotSame(t, sockets[2], sockets[3])
}

func TestNativeClientExpect(t *testing.T) {
	var body string
	site := peer(t, func(_ int, c net.Conn, r *bufio.Reader) {
		head := readHead(r)
		_, _ = io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
		b := make([]byte, 4)
		_, _ = io.ReadFull(r, b)
		body = head[strings.Index(head, "\r\n")+2:] + string(b)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	})
	site.Method = "POST"
	site.Headers = Headers{{"Host", "h"}, {"Expect", "100-continue"}, {"Content-Length", "4"}}
	var j journal
	drive(t, func() {
		r := j.follow(Request(site))
		r.OnContinue(func() { r.EndString("body") })
	})
	assert.Equal(t, []string{"continue", "response 200", `end ""`}, j.lines)
	assert.Equal(t, "Host: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\nConnection: keep-alive\r\n\r\nbody", body)
}

func TestNativeClientUpgrade(t *testing.T) {
	site := peer(t, func(_ int, c net.Conn, r *bufio.Reader) {
		head := readHead(r)
		if strings.HasPrefix(head, "CONNECT ") {
			_, _ = io.WriteString(c, "HTTP/1.1 200 Connection Established\r\n\r\nhello")
		} else {
			_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello")
		}
		_, _ = io.Copy(c, r)
	})
	for _, method := range []string{"GET", "CONNECT"} {
		o := site
		o.Method = method
		if method == "GET" {
			o.Headers = Headers{{"Connection", "Upgrade"}, {"Upgrade", "echo"}}
		} else {
			o.Path = "example.org:443"
		}
		var j journal
		var got strings.Builder
		drive(t, func() {
			r := j.follow(Request(o))
			use := func(res *ClientResponse, socket *portnet.Socket, head []byte) {
				j.note("switched %d", res.StatusCode())
				got.Write(head)
				socket.OnData(func(chunk []byte) { got.Write(chunk) })
				socket.OnClose(func(bool) { j.note("socket close") })
				socket.EndString(" world")
			}
			if method == "GET" {
				r.OnUpgrade(use)
			} else {
				r.OnConnect(use)
			}
			r.End()
		})
		status := map[string]int{"GET": 101, "CONNECT": 200}[method]
		assert.Equal(t, []string{fmt.Sprint("switched ", status), "close", "socket close"}, j.lines, method)
		assert.Equal(t, "hello world", got.String(), method)

		j = journal{}
		drive(t, func() { j.follow(Request(o)).End() })
		assert.Equal(t, []string{"close"}, j.lines, "%s without a listener", method)
	}
}

func TestNativeHTTPS(t *testing.T) {
	s := httptest.NewUnstartedServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		_, _ = io.WriteString(w, r.TLS.ServerName)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	site := siteOf(s)
	site.Protocol = "https:"
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	for _, c := range []struct {
		title     string
		configure func(*RequestOptions)
		want      []string
	}{
		{"own CA", func(o *RequestOptions) { o.CA = ca }, []string{"response 200", `end ""`}},
		{"own CA and another name", func(o *RequestOptions) { o.CA, o.ServerName = ca, "example.com" }, []string{"response 200", `end "example.com"`}},
		{"a name that is not its", func(o *RequestOptions) { o.CA, o.ServerName = ca, "example.org" }, []string{"error ERR_TLS_CERT_ALTNAME_INVALID", "close"}},
		{"no trust", func(*RequestOptions) {}, []string{"error DEPTH_ZERO_SELF_SIGNED_CERT", "close"}},
		{"blind trust", func(o *RequestOptions) { o.InsecureSkipVerify = true }, []string{"response 200", `end ""`}},
	} {
		o := site
		c.configure(&o)
		var j journal
		drive(t, func() { j.follow(Request(o)).End() })
		assert.Equal(t, c.want, j.lines, c.title)
	}
}

func TestNativeClientUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	ln, err := net.Listen("unix", path)
	require.NoError(t, err)
	s := httptest.NewUnstartedServer(nethttp.HandlerFunc(echo))
	s.Listener = ln
	s.Start()
	t.Cleanup(s.Close)
	var j journal
	drive(t, func() { j.follow(Request(RequestOptions{SocketPath: path, Method: "POST"})).EndString("x") })
	assert.Equal(t, []string{"response 200", `end "x"`, "close"}, j.lines)
}

func TestNativeClientTimeout(t *testing.T) {
	site := peer(t, func(_ int, _ net.Conn, r *bufio.Reader) { _, _ = io.Copy(io.Discard, r) })
	var j journal
	drive(t, func() {
		r := j.follow(Request(site))
		r.SetTimeout(5*time.Millisecond, r.Abort)
		r.End()
	})
	assert.Equal(t, []string{"timeout", "close", "error ECONNRESET"}, j.lines)
}

// A server that does whatever servers do, and a client that aborts now and then: each request ends, in one way, with the body that
// was sent or an error, and the loop comes to its end.
func TestNativeUnreliableServer(t *testing.T) {
	site := peer(t, func(n int, c net.Conn, r *bufio.Reader) {
		random := rand.New(rand.NewPCG(uint64(n), 1))
		for {
			head := readHead(r)
			if head == "" {
				return
			}
			path := strings.Fields(head)[1]
			if i := strings.Index(head, "Content-Length: "); i >= 0 {
				size, _ := strconv.Atoi(strings.TrimSpace(strings.SplitN(head[i+16:], "\r\n", 2)[0]))
				_, _ = io.CopyN(io.Discard, r, int64(size))
			}
			answer := "HTTP/1.1 200 OK\r\nContent-Length: " + strconv.Itoa(len(path)) + "\r\n\r\n" + path
			switch random.IntN(12) {
			case 0:
				return
			case 1:
				answer = answer[:random.IntN(len(answer))]
				_, _ = io.WriteString(c, answer)
				return
			case 2:
				answer = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + path
				_, _ = io.WriteString(c, answer)
				return
			case 3:
				_ = c.(*net.TCPConn).SetLinger(0)
				return
			case 4:
				answer = "HTTP/1.1 103 Early Hints\r\n\r\n" + answer
			case 5:
				answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x", len(path)) + "\r\n" + path + "\r\n0\r\n\r\n"
			}
			cut := random.IntN(len(answer) + 1)
			_, _ = io.WriteString(c, answer[:cut])
			_, _ = io.WriteString(c, answer[cut:])
			if random.IntN(8) == 0 {
				return // without having said so
			}
		}
	})
	const requests = 3000
	ends := map[string]int{}
	drive(t, func() {
		random := rand.New(rand.NewPCG(0, 2))
		agent := NewAgent()
		agent.KeepAlive = true
		agent.KeepAliveTimeout = time.Millisecond
		left := requests
		var next func()
		next = func() {
			if left--; left < 0 {
				return
			}
			o := site
			o.Agent = agent
			o.Path = "/" + strconv.Itoa(left)
			if random.IntN(3) == 0 {
				o.Method = "POST"
			}
			terminal := 0
			over := func(how string) {
				ends[how]++
				if terminal++; terminal > 1 {
					assert.Fail(t, "it ends twice", how)
				}
				Post(next)
			}
			r := Request(o, func(res *ClientResponse) {
				var body []byte
				res.OnData(func(chunk []byte) { body = append(body, chunk...) })
				res.OnEnd(func() {
					assert.Equal(t, o.Path, string(body))
					over("end")
				})
				res.OnClose(func(error) { over("response close") })
			})
			r.OnError(func(err error) { over("error " + code(err)) })
			if random.IntN(20) == 0 {
				r.OnSocket(func(*portnet.Socket) { r.Abort() })
			}
			r.EndString(strings.Repeat("x", random.IntN(3)))
		}
		for range 20 {
			next()
		}
	})
	total := 0
	for _, n := range ends {
		total += n
	}
	assert.Equal(t, requests, total, "%v", ends)
	assert.Greater(t, ends["end"], requests/2, "%v", ends)
}

func TestNativeProxy(t *testing.T) {
	upstream := httpSite(t, echo)
	x := serve(t, func(req *ServerRequest, res *ServerResponse) {
		o := upstream
		o.Method, o.Path = req.Method(), req.URL()
		r := Request(o, func(answer *ClientResponse) {
			_ = res.WriteHead(answer.StatusCode())
			answer.Pipe(res)
		})
		r.OnError(func(err error) { res.Destroy() })
		req.Pipe(r)
	})
	body := strings.Repeat("0123456789abcdef", 1<<17)
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			answer, err := client(t).Post("http://"+x.addr+"/", "text/plain", strings.NewReader(body))
			if assert.NoError(t, err) {
				got, err := io.ReadAll(answer.Body)
				assert.NoError(t, err)
				assert.NoError(t, answer.Body.Close())
				assert.Equal(t, len(body), len(got))
				assert.True(t, body == string(got))
			}
		})
	}
	clients.Wait()
}
