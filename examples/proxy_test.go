package examples

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	nethttp "net/http"
	"net/http/httptrace"
	"net/textproto"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// reported answers with the header that the origin has got.
func reported(w nethttp.ResponseWriter, r *nethttp.Request) {
	w.Header().Add("Set-Cookie", "a=1")
	w.Header().Add("Set-Cookie", "b=2")
	w.Header().Set("Connection", "x-hop")
	w.Header().Set("X-Hop", "of the origin's connection")
	w.Header().Set("Via", "1.0 origin")
	fmt.Fprintf(w, "%s %s\nHost: %s\n", r.Method, r.RequestURI, r.Host)
	for name, values := range r.Header {
		fmt.Fprintf(w, "%s: %s\n", name, strings.Join(values, " | "))
	}
}

func TestProxy(t *testing.T) {
	eachWay(t, func(t *testing.T, serve serve) {
		o := newOrigin(t, reported)
		s := serve(t, "proxy", local, o.port())
		for _, test := range []struct {
			name string
			run  func(*testing.T, *origin, *site)
		}{
			{"fields", proxyFields},
			{"bodies", proxyBodies},
			{"back-pressure", proxyBackPressure},
			{"trailers", proxyTrailers},
			{"interim responses", proxyInterim},
			{"aborts", proxyAborts},
			{"concurrency", proxyConcurrency},
			{"upgrade", proxyUpgrade},
			{"failures", proxyFailures}, // the last: it closes the server
		} {
			t.Run(test.name, func(t *testing.T) { test.run(t, o, s) })
		}
	})
}

func proxyFields(t *testing.T, _ *origin, s *site) {
	conn := s.dial(t)
	_, err := io.WriteString(conn, "GET http://example.org/a?b HTTP/1.1\r\nHost: other.example\r\nAccept: a\r\nAccept: b\r\n"+
		"Connection: close, x-mine, host\r\nX-Mine: of this connection\r\nKeep-Alive: 5\r\nTE: trailers\r\nProxy-Connection: x\r\n"+
		"Via: 1.0 fred\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n\r\n")
	require.NoError(t, err)
	response, err := nethttp.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{
		"GET /a?b", "Host: example.org", "Accept: a | b", "Via: 1.0 fred, 1.1 porthole", "X-Forwarded-For: 192.0.2.1, 127.0.0.1",
		"X-Forwarded-Host: example.org", "X-Forwarded-Proto: http", "Connection: keep-alive",
	}, strings.Split(strings.TrimSpace(string(body)), "\n"))
	assert.Equal(t, []string{"a=1", "b=2"}, response.Header.Values("Set-Cookie"))
	assert.Equal(t, "1.0 origin, 1.1 porthole", response.Header.Get("Via"))
	assert.Empty(t, response.Header.Values("X-Hop"))
	assert.True(t, response.Close, "of the client's connection")
}

// sum reads a body and describes it.
func sum(t *testing.T, body io.Reader) string {
	t.Helper()
	hash := sha256.New()
	n, err := io.Copy(hash, body)
	assert.NoError(t, err)
	return fmt.Sprintf("%d %x", n, hash.Sum(nil))
}

// noise is a body that no mistake leaves as it is.
func noise(seed uint64, size int) []byte {
	b := make([]byte, size)
	source := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	_, _ = source.Read(b) // it never fails
	return b
}

func proxyBodies(t *testing.T, o *origin, s *site) {
	big := noise(1, 32<<20)
	o.handle(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		switch r.URL.Path {
		case "/sum":
			_, _ = io.WriteString(w, sum(t, r.Body)+" "+strconv.FormatInt(r.ContentLength, 10)) // to a client that waits
		case "/big":
			_, _ = w.Write(big)
		case "/echo":
			assert.NoError(t, nethttp.NewResponseController(w).EnableFullDuplex())
			_, _ = io.Copy(w, r.Body)
		}
	})
	do := func(method, path string, body io.Reader) *nethttp.Response {
		request, err := nethttp.NewRequest(method, "http://"+s.addr+path, body)
		require.NoError(t, err)
		response, err := s.client.Do(request)
		require.NoError(t, err)
		t.Cleanup(func() { _ = response.Body.Close() })
		return response
	}
	text := func(response *nethttp.Response) string {
		b, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return string(b)
	}

	want := sum(t, bytes.NewReader(big))
	assert.Equal(t, want+" "+strconv.Itoa(len(big)), text(do("POST", "/sum", bytes.NewReader(big))))
	assert.Equal(t, want+" -1", text(do("PUT", "/sum", io.MultiReader(bytes.NewReader(big)))))
	assert.Equal(t, want, sum(t, do("GET", "/big", nil).Body))
	assert.Equal(t, want, sum(t, do("POST", "/echo", bytes.NewReader(big)).Body))
	empty := sum(t, strings.NewReader(""))
	assert.Equal(t, empty+" 0", text(do("POST", "/sum", nil)))
	assert.Equal(t, empty+" 0", text(do("DELETE", "/sum", nil)))
	head := do("HEAD", "/big", nil)
	assert.Equal(t, 200, head.StatusCode)
	assert.Empty(t, text(head))
}

// Memory is not what makes up for a side that does not read.
func proxyBackPressure(t *testing.T, o *origin, s *site) {
	const plenty = 64 << 20 // more than all kernels on the way take
	filled, stopped := make(chan struct{}), make(chan struct{})
	o.handle(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if r.URL.Path == "/up" {
			<-filled // nothing is read before
			return
		}
		control := nethttp.NewResponseController(w)
		n := fill(t, plenty, func(piece []byte) (int, error) {
			assert.NoError(t, control.SetWriteDeadline(soon()))
			return w.Write(piece)
		})
		assert.Less(t, n, plenty, "of a download")
		close(stopped)
	})

	conn := s.dial(t)
	_, err := fmt.Fprintf(conn, "POST /up HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", plenty)
	require.NoError(t, err)
	n := fill(t, plenty, func(piece []byte) (int, error) {
		require.NoError(t, conn.SetWriteDeadline(soon()))
		return conn.Write(piece)
	})
	assert.Less(t, n, plenty, "of an upload")
	require.NoError(t, conn.Close())
	close(filled)

	conn = s.dial(t)
	_, err = io.WriteString(conn, "GET /down HTTP/1.1\r\nHost: x\r\n\r\n")
	require.NoError(t, err)
	<-stopped
}

func proxyTrailers(t *testing.T, o *origin, s *site) {
	o.handle(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		w.Header().Set("Trailer", "X-Sum")
		_, _ = w.Write(body) // to a client that the test waits for
		w.Header().Set("X-Sum", "of "+r.Trailer.Get("X-Sum"))
	})
	request, err := nethttp.NewRequest("POST", "http://"+s.addr+"/", io.MultiReader(strings.NewReader("body")))
	require.NoError(t, err)
	request.Trailer = nethttp.Header{"X-Sum": {"7"}}
	response, body := s.send(t, request)
	assert.Equal(t, "body", body)
	assert.Equal(t, nethttp.Header{"X-Sum": {"of 7"}}, response.Trailer)
}

func proxyInterim(t *testing.T, o *origin, s *site) {
	o.handle(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if r.URL.Path == "/refuse" {
			w.WriteHeader(403)
			return
		}
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(103)
		body, err := io.ReadAll(r.Body) // and with that 100
		assert.NoError(t, err)
		_, _ = w.Write(body) // to a client that the test waits for
	})
	s.client.Transport.(*nethttp.Transport).ExpectContinueTimeout = patience
	post := func(path string) (interim []int, response *nethttp.Response, body string) {
		request, err := nethttp.NewRequest("POST", "http://"+s.addr+path, strings.NewReader("body"))
		require.NoError(t, err)
		request.Header.Set("Expect", "100-continue")
		trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, _ textproto.MIMEHeader) error {
			interim = append(interim, code)
			return nil
		}}
		response, body = s.send(t, request.WithContext(httptrace.WithClientTrace(t.Context(), trace)))
		return interim, response, body
	}
	interim, _, body := post("/")
	assert.Equal(t, []int{103, 100}, interim)
	assert.Equal(t, "body", body)
	interim, response, _ := post("/refuse")
	assert.Empty(t, interim)
	assert.Equal(t, 403, response.StatusCode)
}

// A client that goes away takes its request along.
func proxyAborts(t *testing.T, o *origin, s *site) {
	begun, gone := make(chan struct{}), make(chan struct{})
	o.handle(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if r.URL.Path == "/begun" {
			w.WriteHeader(200)
			assert.NoError(t, nethttp.NewResponseController(w).Flush())
		}
		begun <- struct{}{}
		<-r.Context().Done()
		gone <- struct{}{}
	})
	for _, path := range []string{"/", "/begun"} {
		conn := s.dial(t)
		_, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n")
		require.NoError(t, err)
		<-begun
		require.NoError(t, conn.SetLinger(0))
		require.NoError(t, conn.Close())
		<-gone
	}
}

func proxyFailures(t *testing.T, o *origin, s *site) {
	o.handle(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if r.URL.Path == "/late" {
			w.Header().Set("Content-Length", "10")
			_, _ = io.WriteString(w, "half")
			assert.NoError(t, nethttp.NewResponseController(w).Flush())
		}
		panic(nethttp.ErrAbortHandler)
	})
	response, body := s.get(t, "/")
	assert.Equal(t, 502, response.StatusCode)
	assert.Contains(t, body, "ECONNRESET")

	response, err := s.client.Get("http://" + s.addr + "/late")
	require.NoError(t, err)
	_, err = io.ReadAll(response.Body)
	assert.Error(t, err, "a part does not look like the whole")
	require.NoError(t, response.Body.Close())

	o.Close()
	response, body = s.get(t, "/")
	assert.Equal(t, 502, response.StatusCode)
	assert.Contains(t, body, "ECONNREFUSED")
	assert.Equal(t, 502, s.handshake(t, s.dial(t)).StatusCode)
}

// What can be set when the program is built.
func TestProxySettings(t *testing.T) {
	eachWay(t, func(t *testing.T, serve serve) {
		o := newOrigin(t, reported)
		s := serve(t, "proxy", local, o.port(), "authority=inner.example", "silence=100ms")
		_, body := s.get(t, "/")
		assert.Contains(t, body, "\nHost: inner.example\n")
		assert.Contains(t, body, "\nX-Forwarded-Host: "+s.addr+"\n")

		o.handle(func(w nethttp.ResponseWriter, r *nethttp.Request) {
			if r.URL.Path == "/late" {
				_, _ = io.WriteString(w, "half")
				assert.NoError(t, nethttp.NewResponseController(w).Flush())
			}
			<-r.Context().Done()
		})
		response, body := s.get(t, "/")
		assert.Equal(t, 504, response.StatusCode)
		assert.Equal(t, "the server is silent\n", body)

		response, err := s.client.Get("http://" + s.addr + "/late")
		require.NoError(t, err)
		_, err = io.ReadAll(response.Body)
		assert.Error(t, err)
		require.NoError(t, response.Body.Close())

		assert.Equal(t, 504, s.handshake(t, s.dial(t)).StatusCode)
	})
}

func proxyConcurrency(t *testing.T, o *origin, s *site) {
	const clients, rounds = 100, 5
	o.handle(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		_, _ = w.Write(append(body, r.URL.RawQuery...)) // to a client that the test waits for
	})
	s.client.Transport.(*nethttp.Transport).MaxIdleConnsPerHost = clients
	before := o.connections.Load()
	var running sync.WaitGroup
	for client := range clients {
		running.Go(func() {
			for round := range rounds {
				number := strconv.Itoa(client*rounds + round)
				body := noise(uint64(client*rounds+round), 20_000)
				response, err := s.client.Post("http://"+s.addr+"/?"+number, "text/plain", bytes.NewReader(body))
				if !assert.NoError(t, err) {
					return
				}
				got, err := io.ReadAll(response.Body)
				assert.NoError(t, err)
				assert.NoError(t, response.Body.Close())
				assert.True(t, string(body)+number == string(got))
			}
		})
	}
	running.Wait()
	assert.LessOrEqual(t, o.connections.Load()-before, int64(clients), "connections are pooled")
}

// handshake asks for the protocol "echo" and returns the answer.
func (s *site) handshake(t *testing.T, conn net.Conn) *nethttp.Response {
	t.Helper()
	_, err := io.WriteString(conn, "GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	require.NoError(t, err)
	response, err := nethttp.ReadResponse(bufio.NewReaderSize(conn, 16), nil)
	require.NoError(t, err)
	return response
}

func proxyUpgrade(t *testing.T, o *origin, s *site) {
	o.handle(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if r.URL.Path == "/no" {
			w.WriteHeader(403)
			fmt.Fprint(w, "not here")
			return
		}
		assert.Equal(t, "echo", r.Header.Get("Upgrade"))
		conn, in, err := nethttp.NewResponseController(w).Hijack()
		if !assert.NoError(t, err) {
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\nX-A: b\r\n\r\nhello ")
		_, _ = io.Copy(conn, in) // the test sees what is missing
	})
	conn := s.dial(t)
	_, err := io.WriteString(conn, "GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly ")
	require.NoError(t, err)
	in := bufio.NewReader(conn)
	response, err := nethttp.ReadResponse(in, nil)
	require.NoError(t, err)
	assert.Equal(t, 101, response.StatusCode)
	assert.Equal(t, "echo", response.Header.Get("Upgrade"))
	assert.Equal(t, "b", response.Header.Get("X-A"))
	big := noise(2, 8<<20)
	failed := make(chan error, 1)
	go func() {
		_, err := conn.Write(big)
		if err == nil {
			err = conn.CloseWrite()
		}
		failed <- err
	}()
	all, err := io.ReadAll(in)
	require.NoError(t, err)
	require.NoError(t, <-failed)
	assert.True(t, "hello early "+string(big) == string(all))

	conn = s.dial(t)
	_, err = io.WriteString(conn, "GET /no HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	require.NoError(t, err)
	response, err = nethttp.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	assert.Equal(t, 403, response.StatusCode)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	assert.Equal(t, "not here", string(body))
}
