//go:build !wasip1

package http

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
	"github.com/portholehttp/porthole/guest/internal/port/porttest"
	"github.com/portholehttp/porthole/guest/net"
)

// What the engine does for a client exchange, by its handle.

// h is the handle of the first exchange of a test.
const h = porttest.FirstHandle

func giveSocket(exchange, socket uint64) {
	porttest.Event(abi.EventSocket, 0, exchange, binary.LittleEndian.AppendUint64(nil, socket), nil)
}

func connects(socket uint64) { porttest.Event(abi.EventConnected, 0, socket, nil, nil) }

func interim(exchange uint64, raw string) {
	porttest.Event(abi.EventInformation, 0, exchange, porttest.ResponseRecord(raw, 0, 0), nil)
}

func response(exchange uint64, flags uint32, raw, body string) {
	porttest.Event(abi.EventResponse, flags, exchange, porttest.ResponseRecord(raw, abi.ResponseKeepAlive, abi.BodyChunked), []byte(body))
}

// breaks fails an exchange.
func breaks(exchange uint64, text string) {
	porttest.Event(abi.EventError, abi.StatusFlags(abi.StatusInvalid), exchange, []byte(text), nil)
	porttest.Event(abi.EventClose, abi.EventDone, exchange, nil, nil)
}

const (
	ok   = "HTTP/1.1 200 OK\r\n\r\n"
	done = abi.EventEnd | abi.EventDone
)

// follow logs all events of a request and its response.
func (p *fakePort) follow(r *ClientRequest) *ClientRequest {
	r.OnSocket(func(*net.Socket) { p.Note("socket") })
	r.OnResponse(func(res *ClientResponse) {
		p.Note("response %d", res.StatusCode())
		res.OnData(func(chunk []byte) { p.Note("data %q", chunk) })
		res.OnEnd(func() { p.Note("end") })
		res.OnAborted(func() { p.Note("aborted") })
		res.OnClose(func(err error) { p.Note("response close: %v", err) })
	})
	r.OnConnect(func(res *ClientResponse, _ *net.Socket, head []byte) { p.Note("connect %d %q", res.StatusCode(), head) })
	r.OnUpgrade(func(res *ClientResponse, _ *net.Socket, head []byte) { p.Note("upgrade %d %q", res.StatusCode(), head) })
	r.OnContinue(func() { p.Note("continue") })
	r.OnInformation(func(i Information) { p.Note("information %d %s %v", i.StatusCode, i.HTTPVersion, i.Headers) })
	r.OnDrain(func() { p.Note("drain") })
	r.OnFinish(func() { p.Note("finish") })
	r.OnTimeout(func() { p.Note("timeout") })
	r.OnError(func(err error) { p.Note("error %v", err) })
	r.OnClose(func() { p.Note("close") })
	return r
}

// start makes a request that is followed.
func (p *fakePort) start(o RequestOptions) *ClientRequest {
	r := p.follow(Request(o))
	p.Take()
	return r
}

func TestRequestDefaults(t *testing.T) {
	const global = " agent 1 sockets 5 headers 1000"
	for _, c := range []struct {
		title      string
		options    RequestOptions
		open, head string
	}{
		{"nothing", RequestOptions{}, "localhost:80" + global, "GET / {Host: localhost}"},
		{"host and port", RequestOptions{Host: "example.org", Port: 8080, Path: "/index.html?page=12"}, "example.org:8080" + global, "GET /index.html?page=12 {Host: example.org:8080}"},
		{"the default port", RequestOptions{Host: "example.org", Port: 80}, "example.org:80" + global, "GET / {Host: example.org}"},
		{"hostname is preferred", RequestOptions{Host: "a:1", Hostname: "b"}, "b:80" + global, "GET / {Host: b}"},
		{"method in upper case", RequestOptions{Method: "pRopfind"}, "localhost:80" + global, "PROPFIND / {Host: localhost}"},
		{"an unknown method", RequestOptions{Method: "x-y"}, "localhost:80" + global, "X-Y / {Host: localhost}"},
		{"local address", RequestOptions{LocalAddress: "127.0.0.2"}, `localhost:80` + global + ` local "127.0.0.2"`, "GET / {Host: localhost}"},
		{"IPv6", RequestOptions{Host: "::1"}, "::1:80" + global, "GET / {Host: [::1]}"},
		{"IPv6 in brackets, with a port", RequestOptions{Hostname: "[::1]", Port: 81}, "::1:81" + global, "GET / {Host: [::1]:81}"},
		{"IPv6 with a zone", RequestOptions{Host: "fe80::1%eth0"}, "fe80::1%eth0:80" + global, "GET / {Host: [fe80::1]}"},
		{"https", RequestOptions{Protocol: "https:", Host: "a"}, "a:443 TLS" + global, "GET / {Host: a}"},
		{"https on another port", RequestOptions{Protocol: "https:", Host: "a", Port: 80}, "a:80 TLS" + global, "GET / {Host: a:80}"},
		{"https with all", RequestOptions{Protocol: "https:", Host: "a", ServerName: "b", CA: []byte("ca"), Cert: []byte("cert"), Key: []byte("key"), InsecureSkipVerify: true},
			`a:443 TLS INSECURE` + global + ` name "b" roots "ca" cert "cert" key "key"`, "GET / {Host: a}"},
		{"http with what is for https", RequestOptions{ServerName: "b", CA: []byte("ca"), InsecureSkipVerify: true}, "localhost:80" + global, "GET / {Host: localhost}"},
		{"no agent", RequestOptions{Agent: NoAgent}, "localhost:80 headers 1000", "GET / {Host: localhost}"},
		{"a Unix socket", RequestOptions{SocketPath: "/run/x.sock", Host: "a", Port: 8080}, "unix:/run/x.sock headers 1000", "GET / {Host: a}"},
		{"a Unix socket with an agent", RequestOptions{SocketPath: "/run/x.sock", Agent: GlobalAgent}, "unix:/run/x.sock" + global, "GET / {Host: localhost}"},
		{"headers in order, then Host", RequestOptions{Headers: Headers{{"X-b", "1"}, {"a", ""}, {"x-B", "2"}}}, "localhost:80" + global, "GET / {X-b: 1, a: , x-B: 2, Host: localhost}"},
		{"Host of the caller", RequestOptions{Headers: Headers{{"hOST", "me"}, {"A", "1"}}}, "localhost:80" + global, "GET / {hOST: me, A: 1}"},
		{"auth", RequestOptions{Auth: "user:password", Headers: Headers{{"A", "1"}}}, "localhost:80" + global, "GET / {A: 1, Host: localhost, Authorization: Basic dXNlcjpwYXNzd29yZA==}"},
		{"auth in three bytes", RequestOptions{Auth: "a:b"}, "localhost:80" + global, "GET / {Host: localhost, Authorization: Basic YTpi}"},
		{"Authorization of the caller", RequestOptions{Auth: "a:b", Headers: Headers{{"authorization", "Bearer x"}}}, "localhost:80" + global, "GET / {authorization: Bearer x, Host: localhost}"},
		{"CONNECT goes by its target", RequestOptions{Host: "proxy", Port: 3128, Method: "connect", Path: "example.org:443"}, "proxy:3128" + global, "CONNECT example.org:443 {Host: example.org:443}"},
		{"so does an absolute form", RequestOptions{Host: "proxy", Port: 3128, Path: "http://u:p@example.org:81/a?b=http://c/"}, "proxy:3128" + global, "GET http://u:p@example.org:81/a?b=http://c/ {Host: example.org:81}"},
		{"a URL in a query is none", RequestOptions{Path: "/?u=http://example.org/"}, "localhost:80" + global, "GET /?u=http://example.org/ {Host: localhost}"},
		{"bytes of 0x80 and above", RequestOptions{Path: "/é"}, "localhost:80" + global, "GET /é {Host: localhost}"},
		{"limits and leniency", RequestOptions{MaxHeaderSize: 1 << 20, MaxHeadersCount: 5, LenientObsFold: true, LenientBareLF: true, LenientHeaderNames: true},
			"localhost:80 agent 1 sockets 5 header-bytes 1048576 headers 5 lenient 14", "GET / {Host: localhost}"},
		{"all headers", RequestOptions{MaxHeadersCount: -1}, "localhost:80 agent 1 sockets 5", "GET / {Host: localhost}"},
	} {
		p := newPort(t)
		r := Request(c.options)
		r.End()
		assert.Equal(t, []string{"request open " + c.open, `request send 101 HEAD|END ` + c.head + ` ""`}, p.Take(), c.title)
		assert.Equal(t, strings.Fields(c.head)[0], r.Method(), c.title)
		assert.Equal(t, strings.Fields(c.head)[1], r.Path(), c.title)
	}
}

func TestRequestOptionErrors(t *testing.T) {
	for _, c := range []struct {
		title, code string
		options     RequestOptions
		answers     []abi.Status
	}{
		{"protocol", "ERR_INVALID_PROTOCOL", RequestOptions{Protocol: "ftp:"}, nil},
		{"protocol without its colon", "ERR_INVALID_PROTOCOL", RequestOptions{Protocol: "http"}, nil},
		{"port too large", "ERR_SOCKET_BAD_PORT", RequestOptions{Port: 65536}, nil},
		{"negative port", "ERR_SOCKET_BAD_PORT", RequestOptions{Port: -1}, nil},
		{"method", "ERR_INVALID_HTTP_TOKEN", RequestOptions{Method: "GET /x"}, nil},
		{"path with a space", "ERR_UNESCAPED_CHARACTERS", RequestOptions{Path: "/a b"}, nil},
		{"path that ends the line", "ERR_UNESCAPED_CHARACTERS", RequestOptions{Path: "/ HTTP/1.1\r\nX: y\r\n\r\n"}, nil},
		{"path with DEL", "ERR_UNESCAPED_CHARACTERS", RequestOptions{Path: "/\x7f"}, nil},
		{"header name", "ERR_INVALID_HTTP_TOKEN", RequestOptions{Headers: Headers{{"a b", "x"}}}, nil},
		{"header value", "ERR_INVALID_CHAR", RequestOptions{Headers: Headers{{"a", "x\r\ny: z"}}}, nil},
		{"host that ends its line", "ERR_INVALID_CHAR", RequestOptions{Host: "a\r\nX: y"}, nil},
		{"host with NUL", "ERR_INVALID_CHAR", RequestOptions{Hostname: "a\x00"}, nil},
		{"header size", "ERR_OUT_OF_RANGE", RequestOptions{MaxHeaderSize: 1<<20 + 1}, nil},
		{"negative header size", "ERR_OUT_OF_RANGE", RequestOptions{MaxHeaderSize: -1}, nil},
		{"timeout", "ERR_OUT_OF_RANGE", RequestOptions{Timeout: -1}, nil},
		{"certificates", "ERR_OUT_OF_RANGE", RequestOptions{Protocol: "https:", CA: make([]byte, 256<<10)}, nil},
		{"agent's sockets", "ERR_OUT_OF_RANGE", RequestOptions{Agent: &Agent{MaxSockets: -1}}, nil},
		{"agent's free sockets", "ERR_OUT_OF_RANGE", RequestOptions{Agent: &Agent{MaxFreeSockets: -1}}, nil},
		{"agent's timeout", "ERR_OUT_OF_RANGE", RequestOptions{Agent: &Agent{KeepAliveTimeout: -1}}, nil},
		{"too many requests", "EMFILE", RequestOptions{}, []abi.Status{abi.StatusLimit}},
		{"destination", "ERR_INVALID_ARG_VALUE", RequestOptions{}, []abi.Status{abi.StatusInvalid}},
	} {
		p := newPort(t)
		p.Answers = c.answers
		r := Request(c.options, func(*ClientResponse) { p.Note("response") })
		p.Take()
		var got error
		r.OnError(func(err error) { got = err; p.Note("error") })
		r.OnClose(func() { p.Note("close") })
		port.RunTicks()
		assert.ErrorIs(t, got, &Error{Code: c.code}, c.title)
		r.Abort()
		r.SetNoDelay()
		assert.False(t, r.WriteString("x"))
		r.End()
		port.RunTicks()
		assert.Equal(t, []string{"error", "close"}, p.Take(), "%s: a listener that was added after the call is told, once", c.title)
		assert.Zero(t, port.Bindings(), c.title)
	}
}

func TestUncaughtError(t *testing.T) {
	newPort(t)
	Request(RequestOptions{Protocol: "gopher:"})
	assert.PanicsWithError(t, `ERR_INVALID_PROTOCOL: protocol is neither http: nor https: "gopher:"`, port.RunTicks)
}

func TestRequestURL(t *testing.T) {
	p := newPort(t)
	RequestURL("https://me:s%3Acret@[::1]:8443?q#f").End()
	GetURL("http://example.org/a")
	Get(RequestOptions{Host: "b", Method: "POST"})
	assert.Equal(t, []string{
		"request open ::1:8443 TLS agent 1 sockets 5 headers 1000",
		`request send 101 HEAD|END GET /?q {Host: [::1]:8443, Authorization: Basic bWU6czpjcmV0} ""`,
		"request open example.org:80 agent 1 sockets 5 headers 1000",
		`request send 102 HEAD|END GET /a {Host: example.org} ""`,
		"request open b:80 agent 1 sockets 5 headers 1000",
		`request send 103 HEAD|END GET / {Host: b} ""`,
	}, p.Take())
	var got []error
	for _, url := range []string{"", "example.org", "ftp://a/", "http://a b/"} {
		GetURL(url).OnError(func(err error) { got = append(got, err) })
	}
	port.RunTicks()
	require.Len(t, got, 4)
	for i, code := range []string{"ERR_INVALID_URL", "ERR_INVALID_URL", "ERR_INVALID_PROTOCOL", "ERR_INVALID_URL"} {
		assert.ErrorIs(t, got[i], &Error{Code: code})
	}
	assert.Empty(t, p.Take())
}

func TestClientRequestHeadIsHeldBack(t *testing.T) {
	p := newPort(t)
	r := p.start(RequestOptions{Method: "POST", Headers: Headers{{"A", "1"}}})
	require.NoError(t, r.SetHeader("B", "2", "3"))
	require.NoError(t, r.SetHeader("host", "other"))
	require.NoError(t, r.RemoveHeader("a"))
	assert.Equal(t, "other", r.GetHeader("Host"))
	assert.Equal(t, []string{"2", "3"}, r.GetHeaderValues("b"))
	assert.False(t, r.HeadersSent())
	assert.Empty(t, p.Take())
	giveSocket(h, 7)
	p.Take()
	p.Answers = []abi.Status{abi.StatusQueued}
	assert.False(t, r.WriteString("a"))
	assert.ErrorIs(t, r.SetHeader("B", "4"), &Error{Code: "ERR_HTTP_HEADERS_SENT"})
	assert.ErrorIs(t, r.RemoveHeader("B"), &Error{Code: "ERR_HTTP_HEADERS_SENT"})
	porttest.Event(abi.EventDrain, 0, h, nil, nil)
	assert.True(t, r.Write([]byte("b")))
	r.EndString("Yw==", "base64")
	r.End()
	port.RunTicks()
	assert.Equal(t, []string{
		`request send 101 HEAD POST / {host: other, B: 2, B: 3} "a"`, "drain",
		`request send 101 "b"`, `request send 101 END "c"`, "finish",
	}, p.Take())
}

func TestClientTrailers(t *testing.T) {
	p := newPort(t)
	r := p.start(RequestOptions{Method: "PUT", Headers: Headers{{"Trailer", "Sum"}}})
	require.NoError(t, r.AddTrailers(Header{"Sum", "1"}))
	assert.ErrorIs(t, r.AddTrailers(Header{"Host", "1"}), &Error{Code: "ERR_HTTP_TRAILER_INVALID"})
	r.EndString("x")
	assert.Equal(t, []string{
		`request send 101 HEAD PUT / {Trailer: Sum, Host: localhost} "x"`,
		`request send 101 END|TRAILERS {Sum: 1} ""`,
	}, p.Take())
}

func TestExpectSendsTheHeadAtOnce(t *testing.T) {
	p := newPort(t)
	r := Request(RequestOptions{Method: "POST", Headers: Headers{{"expect", "100-continue"}}})
	assert.Equal(t, []string{
		"request open localhost:80 agent 1 sockets 5 headers 1000",
		`request send 101 HEAD POST / {expect: 100-continue, Host: localhost} ""`,
	}, p.Take())
	assert.Error(t, r.SetHeader("A", "1"))
	p.follow(r)
	giveSocket(h, 7)
	p.Take()
	r.OnContinue(func() { r.EndString("now") })
	interim(h, "HTTP/1.1 100 Continue\r\n\r\n")
	assert.Equal(t, []string{"continue", `request send 101 END "now"`, "finish"}, p.Take())
}

func TestClientEventOrder(t *testing.T) {
	hangUp := func() { breaks(h, "ECONNRESET socket hang up") }
	for _, c := range []struct {
		title string
		do    func(r *ClientRequest)
		want  []string
	}{
		{"an exchange", func(r *ClientRequest) {
			giveSocket(h, 7)
			connects(7)
			response(h, 0, ok, "a")
			porttest.Event(abi.EventData, 0, h, nil, []byte("b"))
			porttest.Event(abi.EventData, done, h, nil, []byte("c"))
		}, []string{"socket", "response 200", `data "a"`, `data "b"`, `data "c"`, "end"}},
		{"all at once", func(*ClientRequest) { giveSocket(h, 7); response(h, done, ok, "abc") },
			[]string{"socket", "response 200", `data "abc"`, "end"}},
		{"without a body", func(*ClientRequest) { giveSocket(h, 7); response(h, done, "HTTP/1.0 404 Not Found\r\n\r\n", "") },
			[]string{"socket", "response 404", "end"}},
		{"interim responses", func(*ClientRequest) {
			giveSocket(h, 7)
			interim(h, "HTTP/1.1 100 Continue\r\n\r\n")
			interim(h, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
			interim(h, "HTTP/1.1 102 Processing\r\n\r\n")
			response(h, done, ok, "")
		}, []string{"socket", "continue", "information 103 1.1 [{link </a>}]", "information 102 1.1 []", "response 200", "end"}},
		{"sent a second time", func(*ClientRequest) { giveSocket(h, 7); giveSocket(h, 8); response(h, done, ok, "") },
			[]string{"socket", "response 200", "end"}},
		{"refused", func(*ClientRequest) { giveSocket(h, 7); breaks(h, "ECONNREFUSED connect ECONNREFUSED 127.0.0.1:80") },
			[]string{"socket", "error ECONNREFUSED: connect ECONNREFUSED 127.0.0.1:80", "close"}},
		{"not granted", func(*ClientRequest) { breaks(h, "EACCES no grant to connect there") },
			[]string{"error EACCES: no grant to connect there", "close"}},
		{"hung up", func(*ClientRequest) { giveSocket(h, 7); hangUp() },
			[]string{"socket", "error ECONNRESET: socket hang up", "close"}},
		{"hung up after an interim response", func(*ClientRequest) { interim(h, "HTTP/1.1 100 Continue\r\n\r\n"); hangUp() },
			[]string{"continue", "error ECONNRESET: socket hang up", "close"}},
		{"no HTTP", func(*ClientRequest) { breaks(h, "HPE_INVALID_CONSTANT Parse Error") },
			[]string{"error HPE_INVALID_CONSTANT: Parse Error", "close"}},
		{"truncated", func(*ClientRequest) { response(h, 0, ok, "a"); breaks(h, "ECONNRESET aborted") },
			[]string{"response 200", `data "a"`, "close", "aborted", "response close: ECONNRESET: aborted"}},
		{"no HTTP in the body", func(*ClientRequest) { response(h, 0, ok, "a"); breaks(h, "HPE_INVALID_CHUNK_SIZE Parse Error") },
			[]string{"response 200", `data "a"`, "error HPE_INVALID_CHUNK_SIZE: Parse Error", "close", "aborted", "response close: ECONNRESET: aborted"}},
		{"broken while the request goes on after the response", func(*ClientRequest) { response(h, abi.EventEnd, ok, "a"); hangUp() },
			[]string{"response 200", `data "a"`, "end", "close"}},
		{"aborted before the socket", func(r *ClientRequest) { r.Abort(); r.Abort(); hangUp() },
			[]string{"abort 101", "close", "error ECONNRESET: socket hang up"}},
		{"aborted before the response", func(r *ClientRequest) { giveSocket(h, 7); r.Abort(); hangUp() },
			[]string{"socket", "abort 101", "close", "error ECONNRESET: socket hang up"}},
		{"aborted in the response", func(r *ClientRequest) {
			response(h, 0, ok, "a")
			r.Abort()
			porttest.Event(abi.EventData, 0, h, nil, []byte("on its way"))
			hangUp()
		}, []string{"response 200", `data "a"`, "abort 101", "close", "aborted", "response close: ECONNRESET: aborted"}},
		{"aborted while a whole response is on its way", func(r *ClientRequest) { r.Abort(); response(h, done, ok, "a") },
			[]string{"abort 101", "close", "error ECONNRESET: socket hang up"}},
		{"aborted while the upgrade is on its way", func(r *ClientRequest) {
			giveSocket(h, 7)
			r.Abort()
			porttest.Event(abi.EventUpgrade, abi.EventDone, h, porttest.ResponseRecord("HTTP/1.1 101 Switching Protocols\r\n\r\n", 0, 0), nil)
		}, []string{"socket", "abort 101", "abort 7", "close", "error ECONNRESET: socket hang up"}},
		{"aborted by the listener of a whole response", func(r *ClientRequest) {
			r.OnResponse(func(*ClientResponse) { r.Abort() })
			response(h, done, ok, "a")
		}, []string{"response 200", "close", "aborted", "response close: ECONNRESET: aborted"}},
		{"aborted by the listener of the last data", func(r *ClientRequest) {
			r.OnResponse(func(res *ClientResponse) { res.OnData(func([]byte) { r.Abort() }) })
			response(h, done, ok, "a")
		}, []string{"response 200", `data "a"`, "close", "aborted", "response close: ECONNRESET: aborted"}},
		{"aborted by the listener of the end", func(r *ClientRequest) {
			r.OnResponse(func(res *ClientResponse) { res.OnEnd(r.Abort) })
			response(h, done, ok, "a")
		}, []string{"response 200", `data "a"`, "end"}},
		{"aborted after the exchange", func(r *ClientRequest) { response(h, done, ok, "a"); r.Abort(); port.RunTicks() },
			[]string{"response 200", `data "a"`, "end"}},
		{"aborted when all has come but is held back", func(r *ClientRequest) {
			r.OnResponse(func(res *ClientResponse) { res.Pause() })
			response(h, done, ok, "a")
			r.Abort()
			port.RunTicks()
			r.res.Resume()
			port.RunTicks()
		}, []string{"response 200", "close", "aborted", "response close: ECONNRESET: aborted"}},
		{"upgrade", func(*ClientRequest) {
			giveSocket(h, 7)
			porttest.Event(abi.EventUpgrade, abi.EventDone, h, porttest.ResponseRecord("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", 0, 0), []byte("first"))
		}, []string{"socket", `upgrade 101 "first"`, "close"}},
		{"connect", func(*ClientRequest) {
			giveSocket(h, 7)
			porttest.Event(abi.EventConnect, abi.EventDone, h, porttest.ResponseRecord(ok, 0, 0), nil)
		}, []string{"socket", `connect 200 ""`, "close"}},
	} {
		t.Run(c.title, func(t *testing.T) {
			p := newPort(t)
			r := p.start(RequestOptions{})
			p.Answers = []abi.Status{abi.StatusQueued}
			r.End()
			port.RunTicks()
			p.Take()
			c.do(r)
			assert.Equal(t, c.want, p.Take())
			assert.Nil(t, underWay.first)
			assert.True(t, r.over)
			hangUp()
			response(h, done, ok, "late")
			assert.Empty(t, p.Take(), "nothing comes after the end")
		})
	}
}

func TestFinishOfTheRequestCanComeLast(t *testing.T) {
	p := newPort(t)
	r := p.start(RequestOptions{Method: "POST"})
	p.Answers = []abi.Status{abi.StatusQueued}
	r.EndString("x")
	response(h, abi.EventEnd, ok, "")
	assert.False(t, r.over)
	porttest.Event(abi.EventFinish, abi.EventDone, h, nil, nil)
	assert.Equal(t, []string{`request send 101 HEAD|END POST / {Host: localhost} "x"`, "response 200", "end", "finish"}, p.Take())
	assert.True(t, r.over)
}

func TestCloseOfAConnectionThatIsNotKept(t *testing.T) {
	kept := porttest.ResponseRecord(ok, abi.ResponseKeepAlive, 1)
	for _, c := range []struct {
		title   string
		options RequestOptions
		head    []byte
	}{
		{"no agent", RequestOptions{Agent: NoAgent, Headers: Headers{{"Connection", "keep-alive"}}}, kept},
		{"a Unix socket", RequestOptions{SocketPath: "/x"}, kept},
		{"the request says so", RequestOptions{Headers: Headers{{"Connection", "x, \tClose"}}}, kept},
		{"the server says so", RequestOptions{}, porttest.ResponseRecord(ok, 0, 1)},
	} {
		p := newPort(t)
		r := p.start(c.options)
		r.End()
		port.RunTicks()
		p.Take()
		r.OnResponse(func(res *ClientResponse) { res.Pause() })
		porttest.Event(abi.EventResponse, done, h, slices.Clone(c.head), []byte("a"))
		assert.Equal(t, []string{"response 200"}, p.Take(), c.title)
		r.res.Resume()
		port.RunTicks()
		assert.Equal(t, []string{`data "a"`, "end", "close"}, p.Take(), c.title)

		r = p.start(c.options)
		r.WriteString("x")
		p.Take()
		porttest.Event(abi.EventResponse, abi.EventEnd, h+1, slices.Clone(c.head), nil)
		r.End()
		port.RunTicks()
		assert.Equal(t, []string{"response 200", "end", `request send 102 END ""`, "finish", "close"}, p.Take(), c.title)

		r = p.start(c.options)
		r.WriteString("x")
		p.Take()
		porttest.Event(abi.EventResponse, abi.EventEnd, h+2, slices.Clone(c.head), nil)
		breaks(h+2, "ECONNRESET socket hang up")
		assert.Equal(t, []string{"response 200", "end", "close"}, p.Take(), c.title)
	}
}

// An idle connection takes a request before 'socket' can tell so.
func TestFinishComesAfterSocket(t *testing.T) {
	for _, late := range []bool{false, true} {
		p := newPort(t)
		r := Request(RequestOptions{})
		finish := func() { r.OnFinish(func() { p.Note("finish") }) }
		r.OnSocket(func(*net.Socket) { p.Note("socket") })
		if !late {
			finish()
		}
		r.End()
		if late {
			finish()
		}
		port.RunTicks()
		p.Take()
		giveSocket(h, 7)
		giveSocket(h, 8)
		assert.Equal(t, []string{"socket", "finish"}, p.Take())
	}
}

func TestRequestEndsAfterItsResponse(t *testing.T) {
	p := newPort(t)
	r := p.start(RequestOptions{Method: "POST"})
	r.WriteString("x")
	response(h, abi.EventEnd, ok, "")
	r.End()
	assert.True(t, r.over, "no event says so")
	assert.Zero(t, port.Bindings())
	r.Abort()
	port.RunTicks()
	assert.Equal(t, []string{`request send 101 HEAD POST / {Host: localhost} "x"`, "response 200", "end", `request send 101 END ""`, "finish"}, p.Take())
}

func TestResponseHead(t *testing.T) {
	p := newPort(t)
	var res *ClientResponse
	r := Request(RequestOptions{}, func(x *ClientResponse) { res = x })
	p.Take()
	response(h, 0, "HTTP/1.0 418 I'm a teapot\r\nX-Mixed: 1\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nx-mixed: \xe9\r\nContent-Type: a\r\ncontent-type: b\r\n\r\n", "")
	assert.Equal(t, 418, res.StatusCode())
	assert.Equal(t, "I'm a teapot", res.StatusMessage())
	assert.Equal(t, "1.0", res.HTTPVersion())
	assert.Equal(t, 1, res.HTTPVersionMajor())
	assert.Equal(t, 0, res.HTTPVersionMinor())
	assert.Equal(t, "1, \xe9", res.Headers().Get("X-Mixed"))
	assert.Equal(t, []string{"a=1", "b=2"}, res.Headers().Values("set-cookie"))
	assert.Equal(t, "a", res.Headers().Get("content-type"))
	assert.Equal(t, Header{"X-Mixed", "1"}, res.RawHeaders()[0])
	assert.Equal(t, Header{"x-mixed", "1"}, res.Headers()[0])
	assert.Same(t, r, res.Request())
	assert.False(t, res.Complete())
	assert.Empty(t, res.Trailers())
	porttest.Event(abi.EventData, done, h, porttest.TrailersRecord("X-Sum: 1\r\n"), nil)
	assert.True(t, res.Complete())
	assert.Equal(t, Headers{{"x-sum", "1"}}, res.Trailers())
	res.Destroy()
	assert.Empty(t, p.Take())
}

func TestResponseNobodyListensToIsDiscarded(t *testing.T) {
	p := newPort(t)
	Request(RequestOptions{}).End()
	p.Take()
	response(h, 0, ok, "a")
	porttest.Event(abi.EventData, done, h, nil, []byte("b"))
	assert.Empty(t, p.Take(), "neither paused nor aborted: the connection can be used again")
	assert.Zero(t, port.Bindings())
}

func TestPauseOfAResponse(t *testing.T) {
	p := newPort(t)
	r := p.start(RequestOptions{})
	r.End()
	response(h, 0, ok, "a")
	p.Take()
	r.res.Pause()
	porttest.Event(abi.EventData, 0, h, nil, []byte("\xe2\x82"))
	porttest.Event(abi.EventData, done, h, nil, []byte("\xac"))
	require.NoError(t, r.res.SetEncoding("utf8"))
	r.res.Resume()
	port.RunTicks()
	assert.Equal(t, []string{"pause 101", `data "€"`, "end"}, p.Take())
}

func TestPipeOfAResponse(t *testing.T) {
	p := newPort(t)
	CreateServer(func(_ *ServerRequest, res *ServerResponse) {
		Get(RequestOptions{}, func(answer *ClientResponse) { answer.Pipe(res) })
	})
	request(7, get)
	p.Take()
	p.Answers = []abi.Status{abi.StatusQueued}
	response(h, 0, ok, "a")
	porttest.Event(abi.EventData, 0, h, nil, []byte("b"))
	porttest.Event(abi.EventDrain, 0, 7, nil, nil)
	porttest.Event(abi.EventData, done, h, nil, []byte("c"))
	assert.Equal(t, []string{`send 7 HEAD 200 {} "a"`, "pause 101", "pipe 101 to 7", "resume 101", `send 7 "b"`, "pipe 101 to 7", `send 7 END "c"`}, p.Take())
}

// The last piece of a pipe waits for the end, but for nothing else, and no longer than it is there.
func TestPipeOfTheLastPiece(t *testing.T) {
	for _, c := range []struct {
		title string
		begin func(*ServerResponse, *ClientResponse)
		want  []string
	}{
		{"alone", func(res *ServerResponse, answer *ClientResponse) { answer.Pipe(res) }, []string{`send 7 HEAD|END 200 {Content-Length: 4} "last"`}},
		{"of no known length, which is not to become known", func(res *ServerResponse, answer *ClientResponse) {
			assert.NoError(t, res.RemoveHeader("Content-Length"))
			answer.Pipe(res)
		}, []string{`send 7 HEAD 200 {} "last"`, `send 7 END ""`}},
		{"a write before the end", func(res *ServerResponse, answer *ClientResponse) {
			answer.OnEnd(func() { res.WriteString("more") })
			answer.Pipe(res)
		}, []string{`send 7 HEAD 200 {Content-Length: 4} "last"`, `send 7 "more"`, `send 7 END ""`}},
		{"another listener that writes", func(res *ServerResponse, answer *ClientResponse) {
			answer.Pipe(res)
			answer.OnData(func(chunk []byte) { res.Write(chunk) })
		}, []string{`send 7 HEAD 200 {Content-Length: 4} "last"`, `send 7 "last"`, `send 7 END ""`}},
		{"another end", func(res *ServerResponse, answer *ClientResponse) {
			answer.OnEnd(func() { res.EndString("end") })
			answer.Pipe(res)
		}, []string{`send 7 HEAD 200 {Content-Length: 4} "last"`, `send 7 END "end"`}},
		{"flushed", func(res *ServerResponse, answer *ClientResponse) {
			answer.OnEnd(func() { assert.True(t, res.HeadersSent()); res.FlushHeaders() })
			answer.Pipe(res)
		}, []string{`send 7 HEAD 200 {Content-Length: 4} "last"`, `send 7 END ""`}},
		{"paused before the end", func(res *ServerResponse, answer *ClientResponse) {
			answer.Pipe(res)
			answer.OnData(func([]byte) { answer.Pause() })
		}, []string{`send 7 HEAD 200 {Content-Length: 4} "last"`}},
		{"trailers", func(res *ServerResponse, answer *ClientResponse) {
			assert.NoError(t, res.RemoveHeader("Content-Length"))
			answer.OnEnd(func() { assert.NoError(t, res.AddTrailers(Header{"A", "b"})) })
			answer.Pipe(res)
		}, []string{`send 7 HEAD 200 {} "last"`, `send 7 END|TRAILERS {A: b} ""`}},
		{"two pipes", func(res *ServerResponse, answer *ClientResponse) {
			answer.Pipe(res)
			answer.Pipe(res)
		}, []string{`send 7 HEAD 200 {Content-Length: 4} "last"`, `send 7 "last"`, `send 7 END ""`}},
		{"a head that is refused", func(res *ServerResponse, answer *ClientResponse) {
			res.OnError(func(error) {})
			res.StatusCode = 1
			answer.Pipe(res)
		}, nil},
	} {
		p := newPort(t)
		CreateServer(func(_ *ServerRequest, res *ServerResponse) {
			assert.NoError(t, res.SetHeader("Content-Length", "4"))
			Get(RequestOptions{}, func(answer *ClientResponse) { c.begin(res, answer) })
		})
		request(7, get)
		p.Take()
		response(h, done, ok, "last")
		assert.Equal(t, c.want, p.Take(), c.title)
	}
}

// Each option and each field of the agent counts anew for each request.
func TestDestinationsThatAreAlike(t *testing.T) {
	agent := NewAgent()
	base := RequestOptions{Host: "a", Agent: agent}
	for i, change := range []func(*RequestOptions){
		func(o *RequestOptions) { o.Host = "b" },
		func(o *RequestOptions) { o.Hostname = "b" },
		func(o *RequestOptions) { o.Port = 81 },
		func(o *RequestOptions) { o.Protocol = "https:" },
		func(o *RequestOptions) { o.LocalAddress = "127.0.0.2" },
		func(o *RequestOptions) { o.SocketPath = "/run/x" },
		func(o *RequestOptions) { o.MaxHeaderSize = 100 },
		func(o *RequestOptions) { o.MaxHeadersCount = 10 },
		func(o *RequestOptions) { o.LenientBareLF = true },
		func(o *RequestOptions) { o.LenientObsFold = true },
		func(o *RequestOptions) { o.LenientHeaderNames = true },
		func(o *RequestOptions) { o.Protocol, o.InsecureSkipVerify = "https:", true },
		func(o *RequestOptions) { o.Protocol, o.ServerName = "https:", "c" },
		func(o *RequestOptions) { o.Protocol, o.CA = "https:", []byte("ca") },
		func(o *RequestOptions) { o.Protocol, o.Cert = "https:", []byte("cert") },
		func(o *RequestOptions) { o.Protocol, o.Key = "https:", []byte("key") },
		func(o *RequestOptions) { o.Agent = &Agent{MaxSockets: 7} },
		func(o *RequestOptions) { o.Agent = NoAgent },
		func(*RequestOptions) { agent.MaxSockets++ },
		func(*RequestOptions) { agent.KeepAlive = true },
		func(*RequestOptions) { agent.MaxFreeSockets++ },
		func(*RequestOptions) { agent.KeepAliveTimeout++ },
	} {
		p := newPort(t)
		opened := func(o RequestOptions) string {
			p.Take()
			Request(o)
			return p.Take()[0]
		}
		first := opened(base)
		assert.Equal(t, first, opened(base), i)
		changed := base
		change(&changed)
		second := opened(changed)
		assert.NotEqual(t, first, second, i)
		if changed.Agent == agent {
			agent.known = nil
			assert.Equal(t, second, opened(changed), "%d: as if there had been no other", i)
		}
	}
}

func TestHandOverWithoutListenerClosesTheConnection(t *testing.T) {
	for _, kind := range []abi.EventKind{abi.EventUpgrade, abi.EventConnect} {
		p := newPort(t)
		r := Request(RequestOptions{})
		r.OnClose(func() { p.Note("close") })
		r.End()
		p.Take()
		giveSocket(h, 7)
		porttest.Event(kind, abi.EventDone, h, porttest.ResponseRecord(ok, 0, 0), nil)
		assert.Equal(t, []string{"abort 7", "close"}, p.Take())
	}
}

func TestClientMisuse(t *testing.T) {
	for _, c := range []struct {
		title, code string
		answers     []abi.Status
		do          func(*ClientRequest)
		aborts      bool
	}{
		{"write after end", "ERR_STREAM_WRITE_AFTER_END", nil, func(r *ClientRequest) { r.End(); assert.False(t, r.WriteString("x")) }, false},
		{"end with data after end", "ERR_STREAM_WRITE_AFTER_END", nil, func(r *ClientRequest) { r.End(); r.EndString("x") }, false},
		{"unknown encoding", "ERR_UNKNOWN_ENCODING", nil, func(r *ClientRequest) { r.WriteString("x", "no") }, true},
		{"unknown encoding at the end", "ERR_UNKNOWN_ENCODING", nil, func(r *ClientRequest) { r.EndString("x", "no") }, true},
		{"too many bytes", "ERR_HTTP_CONTENT_LENGTH_MISMATCH", []abi.Status{abi.StatusBodyLength}, func(r *ClientRequest) { r.WriteString("xy") }, false},
		{"too few bytes", "ERR_HTTP_CONTENT_LENGTH_MISMATCH", []abi.Status{abi.StatusBodyLength}, func(r *ClientRequest) { r.End() }, false},
		{"refused head", "ERR_INVALID_ARG_VALUE", []abi.Status{abi.StatusInvalid}, func(r *ClientRequest) { r.End() }, true},
		{"trailers with Content-Length", "ERR_HTTP_TRAILER_INVALID", nil, func(r *ClientRequest) {
			require.NoError(t, r.SetHeader("Trailer", "X"))
			require.NoError(t, r.SetHeader("Content-Length", "1"))
			r.EndString("x")
		}, true},
		{"two Hosts", "ERR_INVALID_ARG_VALUE", nil, func(r *ClientRequest) {
			require.NoError(t, r.SetHeader("Host", "a", "b"))
			r.End()
		}, true},
		{"queue full", "ENOBUFS", []abi.Status{abi.StatusLimit}, func(r *ClientRequest) { r.WriteString("x") }, true},
	} {
		p := newPort(t)
		r := Request(RequestOptions{Method: "POST"})
		p.Answers = c.answers
		c.do(r)
		var got []error
		r.OnError(func(err error) { got = append(got, err) })
		r.OnClose(func() { p.Note("close") })
		port.RunTicks()
		if assert.Len(t, got, 1, c.title) {
			assert.ErrorIs(t, got[0], &Error{Code: c.code}, c.title)
		}
		log := p.Take()
		if c.aborts {
			assert.Contains(t, log, "abort 101", c.title)
		} else {
			assert.NotContains(t, log, "abort 101", c.title)
		}
		breaks(h, "ECONNRESET socket hang up")
		assert.Equal(t, []string{"close"}, p.Take(), c.title)
		if c.code == "ERR_STREAM_WRITE_AFTER_END" {
			assert.Len(t, got, 2, "the request itself was not at fault")
		} else {
			assert.Len(t, got, 1, c.title)
		}
	}
}

func TestCreateClient(t *testing.T) {
	p := newPort(t)
	c := CreateClient(8080, "example.org")
	c.OnError(func(err error) { p.Note("client error %v", err) })
	r := c.Request("POST", "/x", Headers{{"A", "1"}})
	r.End()
	c.Request("", "", nil).OnError(func(err error) { p.Note("error %v", err) })
	assert.Equal(t, []string{
		"request open example.org:8080 agent 1 sockets 1 headers 1000",
		`request send 101 HEAD|END POST /x {A: 1, Host: example.org:8080} ""`,
		"request open example.org:8080 agent 1 sockets 1 headers 1000",
	}, p.Take())
	port.RunTicks()
	breaks(h, "ECONNREFUSED connect")
	breaks(h+1, "ECONNRESET socket hang up")
	assert.Equal(t, []string{"client error ECONNREFUSED: connect", "error ECONNRESET: socket hang up", "client error ECONNRESET: socket hang up"}, p.Take())
}
