package relay_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/portholehttp/porthole/host/internal/relay"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen. It only matters when a test fails.
const patience = 30 * time.Second

// given is a listener of connections that Attach is given.
type given struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newGiven() *given { return &given{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (g *given) Accept() (net.Conn, error) {
	select {
	case c := <-g.conns:
		return c, nil
	case <-g.closed:
		return nil, net.ErrClosed
	}
}
func (g *given) Close() error   { g.once.Do(func() { close(g.closed) }); return nil }
func (g *given) Addr() net.Addr { return &net.UnixAddr{Name: "given", Net: "unix"} }

func (g *given) attach(c net.Conn) error {
	select {
	case g.conns <- c:
		return nil
	case <-g.closed:
		_ = c.Close()
		return net.ErrClosed
	}
}

// chain starts a net/http server that passes all on to another one, which serves with f.
func chain(t *testing.T, f nethttp.HandlerFunc, wrap func(nethttp.Handler) nethttp.Handler) *httptest.Server {
	t.Helper()
	g := newGiven()
	far := httptest.NewUnstartedServer(f)
	require.NoError(t, far.Listener.Close())
	far.Listener = g
	far.Config.DisableGeneralOptionsHandler = true
	far.Start()
	r := &relay.Relay{Attach: g.attach}
	var h nethttp.Handler = r
	if wrap != nil {
		h = wrap(r)
	}
	near := httptest.NewUnstartedServer(h)
	near.Config.DisableGeneralOptionsHandler = true // net/http would answer OPTIONS * itself
	t.Cleanup(func() {
		near.CloseClientConnections()
		near.Close()
		r.Close()
		far.CloseClientConnections()
		far.Close()
	})
	return near
}

func start(t *testing.T, f nethttp.HandlerFunc) *httptest.Server {
	t.Helper()
	s := chain(t, f, nil)
	s.Start()
	return s
}

// dial makes a connection of its own to a server.
func dial(t *testing.T, s *httptest.Server) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	require.NoError(t, c.SetDeadline(time.Now().Add(patience)))
	t.Cleanup(func() { _ = c.Close() })
	return c, bufio.NewReader(c)
}

// ask sends a request as it is, and returns the final response with its body.
func ask(t *testing.T, s *httptest.Server, request string) (*nethttp.Response, string) {
	t.Helper()
	c, r := dial(t, s)
	_, err := io.WriteString(c, request)
	require.NoError(t, err)
	method, _, _ := strings.Cut(request, " ")
	response, err := nethttp.ReadResponse(r, &nethttp.Request{Method: method})
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response, string(body)
}

// seen describes a request as a handler sees it.
func seen(w nethttp.ResponseWriter, r *nethttp.Request) {
	body, err := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "text/plain")
	w.Header().Set("X-Length", fmt.Sprint(r.ContentLength, r.TransferEncoding))
	fmt.Fprintf(w, "%s %s %s %s\n%v\n%q %v %v", r.Method, r.RequestURI, r.Proto, r.Host, r.Header, body, err, r.Trailer)
}

func TestRequestsAreAsTheClientSentThem(t *testing.T) {
	s := start(t, seen)
	for _, c := range []struct{ request, want string }{
		{"GET /a//b/../c?x=%20;y&%zz HTTP/1.1\r\nHost: h:80\r\nX-A: 1\r\nX-A: 2\r\n\r\n", "GET /a//b/../c?x=%20;y&%zz HTTP/1.1 h:80\nmap[X-A:[1 2]]\n\"\" <nil> map[]"},
		{"GET http://h/abs HTTP/1.1\r\nHost: h\r\n\r\n", "GET http://h/abs HTTP/1.1 h\nmap[]\n\"\" <nil> map[]"},
		{"OPTIONS * HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "OPTIONS * HTTP/1.1 h\nmap[Connection:[close]]\n\"\" <nil> map[]"},
		{"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", "PUT / HTTP/1.1 h\nmap[Content-Length:[3]]\n\"abc\" <nil> map[]"},
		{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", "POST / HTTP/1.1 h\nmap[Content-Length:[0]]\n\"\" <nil> map[]"},
		{"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: Sum\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\nSum: 6\r\n\r\n", "POST / HTTP/1.1 h\nmap[]\n\"abc\" <nil> map[Sum:[6]]"},
		{"GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0 \nmap[]\n\"\" <nil> map[]"},
		{"BREW /pot HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: me\r\n\r\n", "BREW /pot HTTP/1.1 h\nmap[X-Forwarded-For:[me]]\n\"\" <nil> map[]"},
	} {
		response, body := ask(t, s, c.request)
		assert.Equal(t, 200, response.StatusCode)
		assert.Equal(t, c.want, body, "%q", c.request)
	}
	response, body := ask(t, s, "HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n")
	assert.Empty(t, body)
	assert.Equal(t, int64(len("HEAD /x HTTP/1.1 h\nmap[]\n\"\" <nil> map[]")), response.ContentLength)
}

func TestMiddlewareIsHeeded(t *testing.T) {
	s := chain(t, seen, func(next nethttp.Handler) nethttp.Handler {
		return nethttp.StripPrefix("/app", nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
			r.Header.Set("X-User", "me\r\nX-Smuggled: 1")
			r.Header["bad name"] = []string{"x"}
			w.Header().Set("X-Frame-Options", "DENY")
			if r.URL.RawQuery == "bad" {
				r.URL.RawQuery = "a b\r\n"
			}
			next.ServeHTTP(w, r)
		}))
	})
	s.Start()
	response, body := ask(t, s, "GET /app/x?y HTTP/1.1\r\nHost: h\r\n\r\n")
	assert.Equal(t, "GET /x?y HTTP/1.1 h\nmap[X-User:[me  X-Smuggled: 1]]\n\"\" <nil> map[]", body)
	assert.Equal(t, "DENY", response.Header.Get("X-Frame-Options"))
	response, _ = ask(t, s, "GET /app/x?bad HTTP/1.1\r\nHost: h\r\n\r\n")
	assert.Equal(t, 400, response.StatusCode)
}

func TestResponses(t *testing.T) {
	s := start(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		h := w.Header()
		switch r.URL.Path {
		case "/bare":
			h["Date"], h["Content-Type"] = nil, nil
			w.WriteHeader(299)
			_, _ = io.WriteString(w, "<html>")
		case "/hints":
			h.Set("Link", "</a>")
			w.WriteHeader(103)
			h.Del("Link")
			_, _ = io.WriteString(w, "done")
		case "/announced":
			h.Set("Trailer", "Sum")
			_, _ = io.WriteString(w, "abc")
			h.Set("Sum", "6")
		case "/unannounced":
			_, _ = io.WriteString(w, "abc")
			w.(nethttp.Flusher).Flush()
			h.Set(nethttp.TrailerPrefix+"Sum", "6")
		case "/none":
			w.WriteHeader(204)
		case "/close":
			h.Set("Connection", "close")
		}
	})
	response, body := ask(t, s, "GET /bare HTTP/1.1\r\nHost: h\r\n\r\n")
	assert.Equal(t, 299, response.StatusCode)
	assert.Equal(t, "<html>", body)
	assert.Equal(t, nethttp.Header{"Content-Length": {"6"}}, response.Header)

	for _, path := range []string{"/announced", "/unannounced"} {
		response, body = ask(t, s, "GET "+path+" HTTP/1.1\r\nHost: h\r\n\r\n")
		assert.Equal(t, "abc", body)
		assert.Equal(t, nethttp.Header{"Sum": {"6"}}, response.Trailer, path)
	}
	response, _ = ask(t, s, "GET /none HTTP/1.1\r\nHost: h\r\n\r\n")
	assert.Equal(t, 204, response.StatusCode)
	response, _ = ask(t, s, "GET /close HTTP/1.1\r\nHost: h\r\n\r\n")
	assert.True(t, response.Close)

	var hints []string
	trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
		hints = append(hints, fmt.Sprint(code, h["Link"]))
		return nil
	}}
	request, err := nethttp.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), "GET", s.URL+"/hints", nil)
	require.NoError(t, err)
	response, err = s.Client().Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, []string{"103 [</a>]"}, hints)
	assert.Empty(t, response.Header.Get("Link"), "it was of the hint only")
}

// echo answers piece by piece, while the request goes on.
func echo(w nethttp.ResponseWriter, r *nethttp.Request) {
	c := nethttp.NewResponseController(w)
	_ = c.EnableFullDuplex()
	p := make([]byte, 100)
	for {
		n, err := r.Body.Read(p)
		if _, err := w.Write(p[:n]); err != nil || c.Flush() != nil {
			return
		}
		if err != nil {
			return
		}
	}
}

func TestBothDirectionsStream(t *testing.T) {
	s := start(t, echo)
	c, r := dial(t, s)
	_, err := io.WriteString(c, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n0\r\n")
	require.NoError(t, err)
	response, err := nethttp.ReadResponse(r, nil)
	require.NoError(t, err)
	piece := make([]byte, 1)
	for i := range 10 {
		_, err = io.ReadFull(response.Body, piece)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(i), string(piece))
		if i < 9 {
			_, err = fmt.Fprintf(c, "1\r\n%d\r\n", i+1)
			require.NoError(t, err)
		}
	}
	_, err = io.WriteString(c, "0\r\n\r\n")
	require.NoError(t, err)
	_, err = response.Body.Read(piece)
	assert.Equal(t, io.EOF, err)
}

func TestLargeBodies(t *testing.T) {
	s := start(t, echo)
	text := strings.Repeat("0123456789", 300_000)
	response, err := s.Client().Post(s.URL, "text/plain", strings.NewReader(text))
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.True(t, text == string(body))
}

func TestExpect(t *testing.T) {
	s := start(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if r.URL.Path == "/refuse" {
			w.WriteHeader(417)
			return
		}
		seen(w, r)
	})
	c, r := dial(t, s)
	_, err := io.WriteString(c, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
	require.NoError(t, err)
	response, err := nethttp.ReadResponse(r, nil)
	require.NoError(t, err)
	require.Equal(t, 100, response.StatusCode)
	_, err = io.WriteString(c, "abc")
	require.NoError(t, err)
	response, err = nethttp.ReadResponse(r, nil)
	require.NoError(t, err)
	body, _ := io.ReadAll(response.Body)
	assert.Contains(t, string(body), `"abc" <nil>`)

	response, _ = ask(t, s, "PUT /refuse HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
	assert.Equal(t, 417, response.StatusCode)
}

// upgrade speaks a protocol of its own: it echoes lines, and says so when the client has ended.
func upgrade(w nethttp.ResponseWriter, r *nethttp.Request) {
	conn, rw, err := nethttp.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	status := "HTTP/1.1 101 Over To You\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"
	if r.Method == "CONNECT" {
		status = "HTTP/1.1 200 " + r.RequestURI + "\r\n\r\n"
	}
	_, _ = io.WriteString(conn, status)
	_, _ = io.Copy(conn, rw)
	_, _ = io.WriteString(conn, "bye")
}

func TestTunnels(t *testing.T) {
	s := start(t, upgrade)
	for request, status := range map[string]string{
		"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n": "101 Over To You",
		"CONNECT host.test:443 HTTP/1.1\r\nHost: host.test:443\r\n\r\n":             "200 host.test:443",
	} {
		c, r := dial(t, s)
		_, err := io.WriteString(c, request+"at once")
		require.NoError(t, err)
		line, err := r.ReadString('\n')
		require.NoError(t, err)
		assert.Equal(t, "HTTP/1.1 "+status+"\r\n", line)
		for line != "\r\n" {
			line, err = r.ReadString('\n')
			require.NoError(t, err)
		}
		got := make([]byte, len("at once"))
		_, err = io.ReadFull(r, got)
		require.NoError(t, err)
		assert.Equal(t, "at once", string(got))
		require.NoError(t, c.(*net.TCPConn).CloseWrite())
		rest, err := io.ReadAll(r)
		require.NoError(t, err)
		assert.Equal(t, "bye", string(rest), "the other direction goes on")
	}
}

// The client's leaving is seen by the other server, also in the midst of a body.
func TestClientLeaves(t *testing.T) {
	for _, request := range []string{
		"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc",
	} {
		come, gone := make(chan struct{}), make(chan error, 1)
		s := start(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
			close(come)
			_, err := io.ReadAll(r.Body)
			if err == nil {
				<-r.Context().Done()
				err = r.Context().Err()
			}
			gone <- err
		})
		c, _ := dial(t, s)
		_, err := io.WriteString(c, request)
		require.NoError(t, err)
		<-come
		require.NoError(t, c.Close())
		select {
		case err := <-gone:
			assert.Error(t, err)
		case <-time.After(patience):
			require.Fail(t, "it was not noticed")
		}
	}
}

// What the other server cuts is cut for the client.
func TestServerCuts(t *testing.T) {
	s := start(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if r.URL.Path == "/half" {
			_, _ = io.WriteString(w, "half")
			_ = nethttp.NewResponseController(w).Flush()
		}
		panic(nethttp.ErrAbortHandler)
	})
	_, err := s.Client().Get(s.URL + "/nothing")
	assert.ErrorIs(t, err, io.EOF)
	response, err := s.Client().Get(s.URL + "/half")
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	assert.Error(t, err)
	assert.Equal(t, "half", string(body))
	require.NoError(t, response.Body.Close())
}

func TestServerIsClosed(t *testing.T) {
	w := httptest.NewRecorder()
	r := &relay.Relay{Attach: func(c net.Conn) error {
		_ = c.Close()
		return errors.New("closed")
	}}
	r.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	assert.Equal(t, 503, w.Code)
}

// A handler sees the client's addresses, and requests of one client, and of no other, come on one connection.
func TestClientsAreToldApart(t *testing.T) {
	s := start(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		fmt.Fprint(w, r.RemoteAddr, " ", r.Context().Value(nethttp.LocalAddrContextKey))
	})
	for range 3 {
		c, reader := dial(t, s)
		for range 3 {
			_, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
			require.NoError(t, err)
			response, err := nethttp.ReadResponse(reader, nil)
			require.NoError(t, err)
			body, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			assert.Equal(t, c.LocalAddr().String()+" "+c.RemoteAddr().String(), string(body))
		}
	}
}

func TestLinksAreKept(t *testing.T) {
	type peer struct{}
	conns := 0
	g := newGiven()
	r := &relay.Relay{Attach: func(c net.Conn) error { conns++; return g.attach(c) }}
	far := &nethttp.Server{
		Handler:     nethttp.HandlerFunc(seen),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, peer{}, c) },
	}
	served := make(chan error, 1)
	go func() { served <- far.Serve(g) }()
	one := func(remote string) {
		request := httptest.NewRequest("GET", "/", nil)
		request.RemoteAddr = remote
		w := httptest.NewRecorder()
		r.ServeHTTP(w, request)
		assert.Equal(t, 200, w.Code)
	}
	for range 3 {
		one("192.0.2.1:1")
	}
	assert.Equal(t, 1, conns)
	one("192.0.2.1:2")
	assert.Equal(t, 2, conns)
	for range 3 {
		one("@") // Unix sockets have no name of their own
	}
	assert.Equal(t, 5, conns)
	r.Close()
	require.NoError(t, far.Close())
	assert.ErrorIs(t, <-served, nethttp.ErrServerClosed)
}

func TestHTTP2(t *testing.T) {
	s := chain(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if r.Method == "CONNECT" {
			upgrade(w, r)
			return
		}
		seen(w, r)
	}, nil)
	s.EnableHTTP2 = true
	s.StartTLS()
	response, err := s.Client().Post(s.URL+"/two?x", "text/plain", struct{ io.Reader }{strings.NewReader("of unknown length")})
	require.NoError(t, err)
	assert.Equal(t, 2, response.ProtoMajor)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Contains(t, string(body), "POST /two?x HTTP/1.1 127.0.0.1")
	assert.Contains(t, string(body), `"of unknown length" <nil>`)

	in, out := io.Pipe()
	request, err := nethttp.NewRequest("CONNECT", s.URL, in)
	require.NoError(t, err)
	request.Host = "host.test:443"
	response, err = s.Client().Do(request)
	require.NoError(t, err)
	assert.Equal(t, 200, response.StatusCode)
	_, err = io.WriteString(out, "over")
	require.NoError(t, err)
	got := make([]byte, 4)
	_, err = io.ReadFull(response.Body, got)
	require.NoError(t, err)
	assert.Equal(t, "over", string(got))
	require.NoError(t, out.Close())
	rest, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	assert.Equal(t, "bye", string(rest))
	require.NoError(t, response.Body.Close())
}
