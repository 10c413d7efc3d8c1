package stack

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/portholehttp/porthole/abi"
	"github.com/stretchr/testify/require"
)

// destination makes the record of a destination.
func destination(change ...func(*abi.Destination)) []byte {
	d := abi.Destination{Port: 80, Agent: 1, MaxSockets: 5, MaxFreeSockets: 2, MaxHeadersCount: 1000, HostSize: 4}
	for _, f := range change {
		f(&d)
	}
	return append(abi.Append(nil, &d), "host"...)
}

func ownConnection(d *abi.Destination) { d.Agent = 0 }
func oneSocket(d *abi.Destination)     { d.MaxSockets = 1 }
func pooled(d *abi.Destination)        { d.Flags |= abi.DestinationPool }

// open begins a request under a name.
func (w *world) open(name string, change ...func(*abi.Destination)) uint64 {
	x, status := w.engine.Handle(abi.OpRequestOpen, 7<<32, destination(change...))
	require.Equal(w.t, abi.StatusOK, status)
	w.name(x, name)
	w.turnOver()
	return x
}

// turnOver gives the engine the turn that follows each Handle.
func (w *world) turnOver() {
	w.turn = true
	w.engine.enter(w.now)
	w.deliver()
}

// request sends a whole request.
func (w *world) request(x uint64, method, target, body string, fields ...string) (abi.Status, bool) {
	return w.later(abi.OpRequestSend, x, abi.SendHead|abi.SendEnd, clientHead(method, target, fields...), body)
}

// clientHead makes an abi.ClientRequestHead of names and values in turn.
func clientHead(method, target string, fields ...string) []byte {
	table, text := fieldTable(method+target, fields)
	r := abi.ClientRequestHead{
		TextOffset: uint32(abi.ClientRequestHeadSize + len(table)*abi.FieldSize), FieldCount: uint32(len(table)),
		MethodSize: uint32(len(method)), TargetOffset: uint32(len(method)), TargetSize: uint32(len(target)),
	}
	return append(abi.AppendFields(abi.Append(nil, &r), table), text...)
}

// accept lets the i-th connection that the engine asked for succeed, and names its handle.
func (w *world) accept(i int) uint64 {
	require.Greater(w.t, len(w.outgoing), i, "no connection was asked for")
	s := w.outgoing[i]
	if c := w.engine.conn(s); c != nil {
		w.name(c.handle, fmt.Sprint("s", i))
	}
	w.engine.Connect(s, abi.StatusOK, nil, w.now)
	w.deliver()
	return s
}

// take returns the log so far, but for what is told of sockets, and begins a new one.
func (w *world) take() []string {
	var log []string
	for _, line := range w.log {
		if !socketLine.MatchString(line) {
			log = append(log, line)
		}
	}
	w.log = nil
	return log
}

var socketLine = regexp.MustCompile(`^(s\d+: |.*: socket |close done$)`)

func newClient(t *testing.T) *world { return newWorld(t, nil) }

// atRest fails if the engine keeps anything.
func (w *world) atRest() {
	w.t.Helper()
	e := w.engine
	require.Zero(w.t, w.live())
	require.Empty(w.t, e.agents)
	require.Zero(w.t, e.requests)
	require.Zero(w.t, e.remembered)
	require.Zero(w.t, e.queued)
	require.Zero(w.t, e.live)
	require.Zero(w.t, w.timer)
	for i := range e.handles.slots {
		s := &e.handles.slots[i]
		require.True(w.t, s.conn == nil && (s.exchange == nil || s.exchange.handle == 0), "a handle is left open")
	}
	require.Len(w.t, e.handles.free, len(e.handles.slots))
}

const okResponse = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

func TestClientHello(t *testing.T) {
	w := newClient(t)
	x := w.open("a")
	status, done := w.request(x, "GET", "/x?y", "", "Host", "host", "X-A", "b")
	require.Equal(t, abi.StatusQueued, status)
	require.False(t, done)
	s := w.accept(0)
	require.Equal(t, "GET /x?y HTTP/1.1\r\nHost: host\r\nX-A: b\r\nConnection: keep-alive\r\n\r\n", w.sent(s))
	w.data(s, okResponse)
	require.Equal(t, []string{"a: socket ", "s0: connected", "a: finish", "a: response 200 \"hi\" end done", "s0: close done"}, w.log)
	w.atRest()
}

// The framing of a request: RFC 9112 §6, RFC 9110 §8.6.
func TestRequestFraming(t *testing.T) {
	for _, c := range []struct {
		method, body string
		fields       []string
		want         string // after the request line
	}{
		{"GET", "", nil, "Connection: keep-alive\r\n\r\n"},
		{"DELETE", "", nil, "Connection: keep-alive\r\n\r\n"},
		{"POST", "", nil, "Connection: keep-alive\r\nContent-Length: 0\r\n\r\n"},
		{"QUERY", "", nil, "Connection: keep-alive\r\nContent-Length: 0\r\n\r\n"},
		{"POST", "abc", nil, "Connection: keep-alive\r\nContent-Length: 3\r\n\r\nabc"},
		{"GET", "abc", nil, "Connection: keep-alive\r\nContent-Length: 3\r\n\r\nabc"},
		{"PUT", "abc", []string{"Content-Length", "3"}, "Content-Length: 3\r\nConnection: keep-alive\r\n\r\nabc"},
		{"PUT", "abc", []string{"Transfer-Encoding", "Chunked"}, "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"},
		{"POST", "", []string{"connection", "close"}, "connection: close\r\nContent-Length: 0\r\n\r\n"},
		{"GET", "", []string{"Connection", "Upgrade", "Upgrade", "x"}, "Connection: Upgrade\r\nUpgrade: x\r\n\r\n"},
		{"CONNECT", "", nil, "Connection: keep-alive\r\n\r\n"},
	} {
		w := newClient(t)
		w.request(w.open("a"), c.method, "/", c.body, c.fields...)
		require.Equal(t, c.method+" / HTTP/1.1\r\n"+c.want, w.sent(w.accept(0)))
	}
	// A head alone: of a GET it is all there is.
	for method, want := range map[string]string{"GET": "Connection: keep-alive\r\n\r\n", "POST": "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"} {
		w := newClient(t)
		x := w.open("a")
		s := w.accept(0)
		w.later(abi.OpRequestSend, x, abi.SendHead, clientHead(method, "/"), "")
		require.Equal(t, method+" / HTTP/1.1\r\n"+want, w.sent(s))
		status, _ := w.later(abi.OpRequestSend, x, 0, nil, "body")
		if method == "GET" {
			require.Equal(t, abi.StatusBodyLength, status)
			require.NotContains(t, w.sent(s), "body")
		}
	}
	w := newClient(t)
	w.request(w.open("a", ownConnection), "GET", "/", "")
	require.Equal(t, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", w.sent(w.accept(0)))
}

// A request in pieces, with trailers.
func TestRequestPieces(t *testing.T) {
	w := newClient(t)
	x := w.open("a")
	s := w.accept(0)
	status, _ := w.later(abi.OpRequestSend, x, abi.SendHead, clientHead("POST", "/"), "")
	require.Equal(t, abi.StatusOK, status)
	require.Equal(t, "POST / HTTP/1.1\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n", w.sent(s))
	w.later(abi.OpRequestSend, x, 0, nil, "hello")
	w.sockets[s].room = 3
	status, _ = w.later(abi.OpRequestSend, x, 0, nil, "world")
	require.Equal(t, abi.StatusQueued, status)
	w.drain(s, -1)
	require.Equal(t, "a: drain", w.log[len(w.log)-1])
	w.sockets[s].room = 0
	status, _ = w.later(abi.OpRequestSend, x, abi.SendEnd|abi.SendTrailers, trailers("A", "b"), "")
	require.Equal(t, abi.StatusQueued, status)
	w.drain(s, -1)
	require.Equal(t, "a: finish", w.log[len(w.log)-1])
	require.True(t, strings.HasSuffix(w.sent(s), "5\r\nhello\r\n5\r\nworld\r\n0\r\nA: b\r\n\r\n"), w.sent(s))
	for _, flags := range []uint32{0, abi.SendEnd} {
		status, _ = w.later(abi.OpRequestSend, x, flags, nil, "more")
		require.Equal(t, abi.StatusState, status)
	}
}

// A body is what its Content-Length says, or the connection is lost: the server must not take it for whole.
func TestRequestBodyLength(t *testing.T) {
	w := newClient(t)
	x := w.open("a")
	s := w.accept(0)
	w.later(abi.OpRequestSend, x, abi.SendHead, clientHead("PUT", "/", "Content-Length", "3"), "")
	status, _ := w.later(abi.OpRequestSend, x, 0, nil, "abcd")
	require.Equal(t, abi.StatusBodyLength, status)
	require.True(t, strings.HasSuffix(w.sent(s), "\r\n\r\nabc"))
	w.later(abi.OpRequestSend, x, abi.SendEnd, nil, "")
	w.data(s, okResponse)
	require.True(t, w.sockets[s].closed, "it is not used again")
	w.atRest()

	x = w.open("b") // what waits is told once: by finish
	w.later(abi.OpRequestSend, x, abi.SendHead, clientHead("PUT", "/", "Content-Length", "3"), "ab")
	w.take()
	w.later(abi.OpRequestSend, x, abi.SendEnd, nil, "cd")
	s = w.accept(1)
	require.Equal(t, []string{"b: finish"}, w.take())
	w.data(s, okResponse)
	w.atRest()

	x = w.open("b")
	s = w.accept(2)
	w.take()
	w.later(abi.OpRequestSend, x, abi.SendHead, clientHead("PUT", "/", "Content-Length", "3"), "ab")
	status, _ = w.later(abi.OpRequestSend, x, abi.SendEnd, nil, "")
	require.Equal(t, abi.StatusBodyLength, status)
	require.Equal(t, []string{"b: error ECONNRESET socket hang up", "b: close done"}, w.take())
	require.True(t, w.sockets[s].closed)
	w.atRest()
}

func TestRequestRefused(t *testing.T) {
	w := newClient(t)
	x := w.open("a")
	for name, head := range map[string][]byte{
		"a method that is no token":  clientHead("GE T", "/"),
		"no method":                  clientHead("", "/"),
		"a line end in the target":   clientHead("GET", "/\r\nX: y"),
		"a space in the target":      clientHead("GET", "/ HTTP/1.1"),
		"no target":                  clientHead("GET", ""),
		"a name that is no token":    clientHead("GET", "/", "a b", "c"),
		"a line end in a value":      clientHead("GET", "/", "a", "b\r\nc: d"),
		"two lengths":                clientHead("PUT", "/", "Content-Length", "1", "content-length", "1"),
		"a length and chunked":       clientHead("PUT", "/", "Content-Length", "1", "Transfer-Encoding", "chunked"),
		"another coding":             clientHead("PUT", "/", "Transfer-Encoding", "gzip"),
		"chunked twice":              clientHead("PUT", "/", "Transfer-Encoding", "chunked", "Transfer-Encoding", "chunked"),
		"no length":                  clientHead("PUT", "/", "Content-Length", "-1"),
		"CONNECT with a length":      clientHead("CONNECT", "a:1", "Content-Length", "1"),
		"a record that is too short": clientHead("GET", "/")[:20],
	} {
		status, _ := w.later(abi.OpRequestSend, x, abi.SendHead|abi.SendEnd, head, "")
		require.Equal(t, abi.StatusInvalid, status, name)
	}
	status, _ := w.later(abi.OpRequestSend, x, abi.SendEnd, nil, "")
	require.Equal(t, abi.StatusState, status, "without a head")
	status, _ = w.later(abi.OpResponseSend, x, abi.SendHead|abi.SendEnd, responseHead(200), "")
	require.Equal(t, abi.StatusInvalid, status, "a response to nobody")
	status, _ = w.request(x, "GET", "/", "")
	require.Equal(t, abi.StatusQueued, status)
	require.Equal(t, "GET / HTTP/1.1\r\nConnection: keep-alive\r\n\r\n", w.sent(w.accept(0)))

	_, bad := w.engine.Handle(abi.OpRequestOpen, 7<<32, []byte("x"))
	require.Equal(t, abi.StatusInvalid, bad)
}

// However a response is split, the events are the same.
func TestResponseSplits(t *testing.T) {
	const input = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: u\r\n\r\n"
	run := func(pieces ...string) string {
		heads := ""
		w := newWorld(t, func(_ *world, ev Event) { heads += string(ev.Head) })
		w.request(w.open("a", pooled), "GET", "/", "")
		s := w.accept(0)
		w.log = nil
		for _, p := range pieces {
			w.data(s, p)
		}
		require.False(t, w.sockets[s].closed)
		return strings.ReplaceAll(strings.Join(w.log, "\n"), "\na: data end", " end") + heads
	}
	want := strings.ReplaceAll(run(input), "\" \"", "")
	require.Contains(t, want, "a: information 103\na: response 200")
	norm := func(s string) string {
		return strings.ReplaceAll(strings.ReplaceAll(s, "\na: data \"", " \""), "\" \"", "")
	}
	for i := 1; i < len(input); i++ {
		require.Equal(t, norm(want), norm(run(input[:i], input[i:])), "split at %d", i)
	}
	require.Equal(t, norm(want), norm(run(strings.Split(input, "")...)))
}

// The end of the connection in every place of a response.
func TestResponseEnds(t *testing.T) {
	const early, middle = "ECONNRESET socket hang up", "ECONNRESET aborted"
	for _, c := range []struct {
		response  string
		fin, rst  []string
		fieldsEnd bool
	}{
		{"", []string{"a: error " + early, "a: close done"}, []string{"a: error ECONNRESET read ECONNRESET", "a: close done"}, false},
		{"HTTP/1.1 200 OK\r\nContent", []string{"a: error " + early, "a: close done"}, []string{"a: error ECONNRESET read ECONNRESET", "a: close done"}, false},
		{"HTTP/1.1 100 Continue\r\n\r\n", []string{"a: information 100", "a: error " + early, "a: close done"},
			[]string{"a: information 100", "a: error ECONNRESET read ECONNRESET", "a: close done"}, false},
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi", []string{"a: response 200 \"hi\"", "a: error " + middle, "a: close done"},
			[]string{"a: response 200 \"hi\"", "a: error " + middle, "a: close done"}, false},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", []string{"a: response 200 \"hi\"", "a: error " + middle, "a: close done"},
			[]string{"a: response 200 \"hi\"", "a: error " + middle, "a: close done"}, false},
		{"HTTP/1.1 200 OK\r\n\r\nhi", []string{"a: response 200 \"hi\"", "a: data end done"},
			[]string{"a: response 200 \"hi\"", "a: error " + middle, "a: close done"}, false},
	} {
		for _, rst := range []bool{false, true} {
			w := newClient(t)
			w.request(w.open("a"), "GET", "/", "")
			s := w.accept(0)
			w.take()
			if c.response != "" {
				w.data(s, c.response)
			}
			want := c.fin
			if rst {
				w.broken(s)
				want = c.rst
			} else {
				w.end(s)
			}
			require.Equal(t, want, w.take(), "%q %v", c.response, rst)
			w.atRest()
		}
	}
}

// What is no response, or none that was asked for, ends the connection and is told once.
func TestResponseRefused(t *testing.T) {
	for response, want := range map[string]string{
		"SSH-2.0-x\r\n": "HPE_INVALID_CONSTANT",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx":            "HPE_UNEXPECTED_CONTENT_LENGTH",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx":                        "HPE_INVALID_CHUNK_SIZE",
		"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n": "HPE_INVALID_STATUS",
		"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 20000) + "\r\n\r\n":              "HPE_HEADER_OVERFLOW",
	} {
		w := newClient(t)
		w.request(w.open("a"), "GET", "/", "")
		s := w.accept(0)
		w.take()
		w.data(s, response)
		log := w.take()
		require.Contains(t, log[len(log)-2], "a: error "+want)
		require.Equal(t, "a: close done", log[len(log)-1])
		require.True(t, w.sockets[s].closed)
		w.atRest()
	}
}

// Bytes behind a response belong to nobody: they do not answer the next request.
func TestSurplus(t *testing.T) {
	w := newClient(t)
	w.request(w.open("a", pooled, oneSocket), "GET", "/", "")
	w.request(w.open("b", pooled, oneSocket), "GET", "/", "")
	s := w.accept(0)
	w.take()
	w.data(s, okResponse+okResponse)
	require.Equal(t, []string{`a: response 200 "hi" end done`}, w.take())
	require.True(t, w.sockets[s].closed)
	second := w.accept(1)
	w.data(second, okResponse)
	require.Equal(t, []string{"b: finish", `b: response 200 "hi" end done`}, w.take())
	require.False(t, w.sockets[second].closed, "idle")
	w.data(second, okResponse)
	require.True(t, w.sockets[second].closed, "nobody asked")
	require.Empty(t, w.take())

	x := w.open("c", pooled)
	third := w.accept(2)
	w.data(third, okResponse)
	require.Equal(t, []string{"c: error " + surplusReply, "c: close done"}, w.take(), "before the request was sent")
	status, _ := w.request(x, "GET", "/", "")
	require.Equal(t, abi.StatusClosed, status)
	w.atRest()
}

func TestQueue(t *testing.T) {
	w := newClient(t)
	for _, name := range []string{"a", "b", "c"} {
		w.request(w.open(name, oneSocket), "GET", "/"+name, "")
	}
	require.Len(t, w.outgoing, 1)
	s := w.accept(0)
	for _, name := range []string{"a", "b", "c"} {
		require.Contains(t, w.sent(s), "GET /"+name)
		require.False(t, w.sockets[s].closed)
		w.take()
		w.data(s, okResponse)
		require.Equal(t, name+`: response 200 "hi" end done`, w.take()[0])
	}
	require.True(t, w.sockets[s].closed, "nobody waits")
	require.Len(t, w.outgoing, 1)
	w.atRest()

	// A connection that closes lets the next one wait no longer.
	w.request(w.open("a", oneSocket), "GET", "/", "")
	w.request(w.open("b", oneSocket), "GET", "/", "")
	s = w.accept(1)
	w.data(s, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
	require.Len(t, w.outgoing, 3)
	w.data(w.accept(2), okResponse)
	w.atRest()
}

// The last used connection is used first; one too many closes, and each after its time.
func TestPool(t *testing.T) {
	w := newClient(t)
	keep := func(d *abi.Destination) { pooled(d); d.PoolTimeout = 4 * sec }
	for _, name := range []string{"a", "b", "c"} {
		w.request(w.open(name, keep), "GET", "/", "")
	}
	for i := range 3 {
		w.accept(i)
	}
	for i := range 3 {
		w.data(w.outgoing[i], okResponse)
		w.pass(sec)
	}
	require.True(t, w.sockets[w.outgoing[0]].closed, "two stay")
	require.Equal(t, 2, w.live())
	w.request(w.open("d", keep), "GET", "/d", "")
	require.Contains(t, w.sent(w.outgoing[2]), "/d")
	w.pass(2 * sec)
	require.True(t, w.sockets[w.outgoing[1]].closed, "its time is over")
	require.False(t, w.sockets[w.outgoing[1]].reset)
	w.data(w.outgoing[2], okResponse)
	w.pass(4*sec - ms)
	require.Equal(t, 1, w.live())
	w.pass(ms)
	w.atRest()

	// Destinations are kept apart by all but their limits.
	w.request(w.open("a", keep), "GET", "/", "")
	w.data(w.accept(3), okResponse)
	w.request(w.open("b", keep, func(d *abi.Destination) { d.Port = 81 }), "GET", "/", "")
	require.Len(t, w.outgoing, 5)
	w.request(w.open("c", keep, func(d *abi.Destination) { d.Agent = 2 }), "GET", "/", "")
	require.Len(t, w.outgoing, 6)
	w.request(w.open("d", keep, func(d *abi.Destination) { d.MaxSockets = 9 }), "GET", "/", "")
	require.Len(t, w.outgoing, 6)
	w.data(w.accept(4), okResponse)
	status, _ := w.later(abi.OpDrain, 0, 0, nil, "")
	require.Equal(t, abi.StatusOK, status)
	require.True(t, w.sockets[w.outgoing[4]].closed)
	require.False(t, w.sockets[w.outgoing[4]].reset)
	for _, i := range []int{3, 5} {
		w.accept(i)
		w.data(w.outgoing[i], okResponse)
	}
	w.atRest()
}

// An idle connection that the server closed at the same time costs no idempotent request, and only once.
func TestRetry(t *testing.T) {
	first := func(t *testing.T, d ...func(*abi.Destination)) (*world, uint64) {
		w := newClient(t)
		w.request(w.open("first", append(d, pooled)...), "GET", "/", "")
		s := w.accept(0)
		w.data(s, okResponse)
		w.take()
		return w, s
	}
	for _, how := range []string{"FIN", "RST", "write"} {
		w, s := first(t)
		if how == "write" {
			w.sockets[s].fail = true
		}
		w.request(w.open("a", pooled), "PUT", "/a", "body")
		switch how {
		case "FIN":
			w.end(s)
		case "RST":
			w.broken(s)
		}
		require.NotContains(t, strings.Join(w.take(), "\n"), "error", how)
		second := w.accept(1)
		require.Equal(t, "PUT /a HTTP/1.1\r\nConnection: keep-alive\r\nContent-Length: 4\r\n\r\nbody", w.sent(second), how)
		w.take()
		w.data(second, okResponse)
		require.Equal(t, []string{`a: response 200 "hi" end done`}, w.take(), how)
		w.end(second)
		w.atRest()
	}

	w, s := first(t)
	w.request(w.open("a", pooled), "POST", "/a", "body")
	w.end(s)
	require.Contains(t, w.take(), "a: error ECONNRESET socket hang up", "not idempotent")
	w.atRest()

	w, s = first(t)
	w.request(w.open("a", pooled), "GET", "/a", "")
	w.data(s, "HTTP/1.1")
	w.end(s)
	require.Contains(t, w.take(), "a: error ECONNRESET socket hang up", "it was answered")
	w.atRest()

	w, s = first(t)
	w.request(w.open("a", pooled), "PUT", "/a", strings.Repeat("x", maxReplay))
	w.end(s)
	require.Contains(t, w.take(), "a: error ECONNRESET socket hang up", "too long")
	w.atRest()

	w, s = first(t)
	w.request(w.open("a", pooled), "GET", "/a", "")
	w.end(s)
	w.end(w.accept(1))
	require.Contains(t, w.take(), "a: error ECONNRESET socket hang up", "a second time")
	w.atRest()

	w = newClient(t)
	w.request(w.open("a", pooled), "GET", "/a", "")
	w.end(w.accept(0))
	require.Contains(t, w.take(), "a: error ECONNRESET socket hang up", "a fresh connection")
	w.atRest()

	// A request that is still being sent goes on where it was.
	w, s = first(t)
	x := w.open("a", pooled)
	w.later(abi.OpRequestSend, x, abi.SendHead, clientHead("PUT", "/"), "one")
	w.end(s)
	w.later(abi.OpRequestSend, x, abi.SendEnd, nil, "two")
	require.Equal(t, "PUT / HTTP/1.1\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n", w.sent(w.accept(1)))
}

// While a request waits to be sent again, its handler goes on with it as if nothing had happened.
func TestRetryWhileSending(t *testing.T) {
	w := newClient(t)
	w.request(w.open("first", pooled), "GET", "/", "")
	s := w.accept(0)
	w.data(s, okResponse)
	x := w.open("a", pooled)
	w.sockets[s].fail = true
	w.take()
	for _, piece := range []string{"one", "two"} {
		flags, head := uint32(0), []byte(nil)
		if piece == "one" {
			flags, head = abi.SendHead, clientHead("PUT", "/")
		}
		status, _ := w.op(abi.OpRequestSend, x, flags, head, []byte(piece))
		require.Equal(t, abi.StatusQueued, status, piece)
		status, _ = w.op(abi.OpRequestPause, x, 0, nil, nil)
		require.Equal(t, abi.StatusOK, status)
	}
	w.turnOver()
	w.later(abi.OpRequestResume, x, 0, nil, "")
	second := w.accept(1)
	require.Equal(t, []string{"a: drain"}, w.take())
	status, _ := w.later(abi.OpRequestSend, x, abi.SendEnd, nil, "")
	require.Equal(t, abi.StatusOK, status)
	require.True(t, strings.HasSuffix(w.sent(second), "\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"))
	w.data(second, okResponse)
	require.Equal(t, []string{`a: response 200 "hi" end done`}, w.take())
	w.end(second)
	w.atRest()
}

// That a request has left is told once, however often it is sent.
func TestRetryAfterFinish(t *testing.T) {
	w := newClient(t)
	w.request(w.open("first", pooled, oneSocket), "GET", "/", "")
	w.request(w.open("a", pooled, oneSocket), "GET", "/a", "") // it waits
	w.data(w.accept(0), okResponse)
	require.Contains(t, w.take(), "a: finish")
	w.end(w.outgoing[0])
	w.data(w.accept(1), okResponse)
	require.Equal(t, []string{`a: response 200 "hi" end done`}, w.take())
	w.end(w.outgoing[1])
	w.atRest()
}

// A request on a connection that was taken off its agent comes back to that agent when it is sent again.
func TestRetryAfterAgentRemove(t *testing.T) {
	w := newClient(t)
	w.request(w.open("first", pooled, oneSocket), "GET", "/", "")
	s := w.accept(0)
	w.data(s, okResponse)
	a := w.open("a", pooled, oneSocket)
	w.request(a, "GET", "/a", "")
	w.remove(a)
	w.request(w.open("b", pooled, oneSocket), "GET", "/b", "")
	second := w.accept(1)
	w.end(s)
	require.Len(t, w.outgoing, 2, "one at a time")
	w.request(w.open("c", pooled, oneSocket), "GET", "/c", "")
	w.data(second, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
	third := w.accept(2)
	require.Contains(t, w.sent(third), "/a")
	w.data(third, okResponse)
	require.Contains(t, w.sent(third), "/c")
	w.data(third, okResponse)
	w.end(third)
	w.atRest()
}

// A request that an idle connection has failed gets a new one, and one that is idle makes room for it.
func TestRetryMakesRoom(t *testing.T) {
	w := newClient(t)
	w.request(w.open("first", pooled, oneSocket), "GET", "/", "")
	s := w.accept(0)
	w.data(s, okResponse)
	a := w.open("a", pooled, oneSocket)
	w.request(a, "GET", "/a", "")
	w.remove(a)
	w.request(w.open("b", pooled, oneSocket), "GET", "/b", "")
	w.request(w.open("c", pooled, oneSocket), "GET", "/c", "")
	second := w.accept(1)
	w.end(s) // a is to be sent again, before c
	require.Len(t, w.outgoing, 2)
	w.data(second, okResponse)
	require.True(t, w.sockets[second].closed)
	third := w.accept(2)
	require.Contains(t, w.sent(third), "/a")
	require.Equal(t, 1, w.live())
	w.data(third, okResponse)
	require.Contains(t, w.sent(third), "/c")
	w.end(third)
	w.end(w.accept(3)) // c, again
	w.atRest()
}

// A connection that breaks when it is given a request is not left on the list of those that have work.
func TestBreakInTheTurn(t *testing.T) {
	w := newClient(t)
	w.request(w.open("first", pooled), "GET", "/", "")
	s := w.accept(0)
	w.data(s, okResponse)
	w.turnOver()
	w.sockets[s].fail = true
	x, _ := w.engine.Handle(abi.OpRequestOpen, 7<<32, destination(pooled))
	w.name(x, "a")
	w.take()
	w.request(x, "POST", "/", "")
	require.Equal(t, []string{"a: error ECONNRESET write ECONNRESET", "a: close done"}, w.take())
	require.Empty(t, w.engine.work)

	y := w.open("b", pooled) // its connection takes the place of the other
	w.accept(1)
	w.take()
	w.later(abi.OpExchangeAbort, y, 0, nil, "")
	require.Equal(t, []string{"b: error ECONNRESET socket hang up", "b: close done"}, w.take())
	w.atRest()
}

// Abort at every stage ends the exchange once, and its connection.
func TestClientAbort(t *testing.T) {
	stages := []string{"open", "sent", "connected", "head", "body"}
	for i, stage := range stages {
		w := newClient(t)
		x := w.open("a", oneSocket)
		other := w.open("b", oneSocket)
		if i >= 1 {
			w.request(x, "GET", "/", "")
		}
		if i >= 2 {
			w.accept(0)
		}
		if i >= 3 {
			w.data(w.outgoing[0], "HTTP/1.1 20")
		}
		if i >= 4 {
			w.data(w.outgoing[0], "0 OK\r\nContent-Length: 9\r\n\r\nbody")
		}
		w.take()
		status, _ := w.later(abi.OpExchangeAbort, x, 0, nil, "")
		require.Equal(t, abi.StatusOK, status)
		text := "socket hang up"
		if i >= 4 {
			text = "aborted"
		}
		require.Equal(t, []string{"a: error ECONNRESET " + text, "a: close done"}, w.take(), stage)
		require.True(t, w.sockets[w.outgoing[0]].closed, stage)
		require.Equal(t, i == 1, w.sockets[w.outgoing[0]].reset, "what was not sent is dropped: %s", stage)
		status, _ = w.later(abi.OpExchangeAbort, x, 0, nil, "")
		require.Equal(t, abi.StatusClosed, status)
		w.request(other, "GET", "/", "")
		w.data(w.accept(1), okResponse)
		w.atRest()
	}

	w := newClient(t)
	w.open("a", oneSocket)
	w.open("b", oneSocket)
	x := w.open("c", oneSocket)
	w.request(w.open("d", oneSocket), "GET", "/d", "")
	w.take()
	w.later(abi.OpExchangeAbort, x, 0, nil, "")
	require.Equal(t, []string{"c: error ECONNRESET socket hang up", "c: close done"}, w.take(), "from the midst of the queue")
	w.end(w.accept(0))
	w.end(w.accept(1))
	require.Contains(t, w.sent(w.accept(2)), "/d")
	w.end(w.outgoing[2])
	w.atRest()
}

// A socket may get the index of one that is closed, while the engine has not let go of that yet.
func TestIndexUsedAgain(t *testing.T) {
	w := newClient(t)
	first, second := w.open("a", ownConnection), w.open("b", ownConnection)
	w.op(abi.OpExchangeAbort, second, 0, nil, nil)
	w.op(abi.OpExchangeAbort, first, 0, nil, nil)
	x := w.open("c", ownConnection) // between the two in the next turn
	w.request(x, "GET", "/", "")
	require.Equal(t, uint32(w.outgoing[0]), uint32(w.outgoing[2]))
	w.data(w.accept(2), okResponse)
	require.Contains(t, w.take(), `c: response 200 "hi" end done`)
	w.atRest()
}

func TestConnectFails(t *testing.T) {
	w := newClient(t)
	w.request(w.open("a", oneSocket), "GET", "/", "")
	w.request(w.open("b", oneSocket), "GET", "/", "")
	w.take()
	w.sockets[w.outgoing[0]].closed = true
	w.engine.Connect(w.outgoing[0], abi.StatusFailed, []byte("ECONNREFUSED connect ECONNREFUSED 127.0.0.1:80"), w.now)
	w.deliver()
	require.Equal(t, []string{"a: error ECONNREFUSED connect ECONNREFUSED 127.0.0.1:80", "a: close done"}, w.take())
	require.Len(t, w.outgoing, 2, "the next one is tried")
	w.data(w.accept(1), okResponse)
	w.atRest()

	w.refuse = abi.StatusLimit
	w.open("c")
	require.Equal(t, []string{`b: response 200 "hi" end done`, "c: error EMFILE connect EMFILE: too many connections", "c: close done"}, w.take()[1:])
	w.atRest()
}

// A response may come before the request has been sent.
func TestEarlyServerAnswer(t *testing.T) {
	w := newClient(t)
	x := w.open("a", pooled)
	s := w.accept(0)
	w.later(abi.OpRequestSend, x, abi.SendHead, clientHead("POST", "/"), "part")
	w.take()
	w.data(s, okResponse)
	require.Equal(t, []string{`a: response 200 "hi" end`}, w.take())
	status, done := w.later(abi.OpRequestSend, x, abi.SendEnd, nil, "rest")
	require.Equal(t, abi.StatusOK, status)
	require.True(t, done)
	require.Empty(t, w.take())
	require.False(t, w.sockets[s].closed, "it is used again")
	w.request(w.open("b", pooled), "GET", "/b", "")
	require.True(t, strings.HasSuffix(w.sent(s), "0\r\n\r\nGET /b HTTP/1.1\r\nConnection: keep-alive\r\n\r\n"))
	w.data(s, okResponse)
	w.end(s)
	w.atRest()

	x = w.open("c", pooled)
	s = w.accept(1)
	w.later(abi.OpRequestSend, x, abi.SendHead, clientHead("POST", "/"), "part")
	w.take()
	w.sockets[s].room = 0
	w.data(s, okResponse)
	status, done = w.later(abi.OpRequestSend, x, abi.SendEnd, nil, "rest")
	require.Equal(t, abi.StatusQueued, status)
	require.False(t, done)
	w.drain(s, -1)
	require.Equal(t, []string{`c: response 200 "hi" end`, "c: finish done"}, w.take())
	w.end(s)
	w.atRest()

	x = w.open("d", pooled)
	s = w.accept(2)
	w.later(abi.OpRequestSend, x, abi.SendHead, clientHead("POST", "/"), "part")
	w.take()
	w.data(s, "HTTP/1.1 413 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
	require.Equal(t, []string{"d: response 413 end done"}, w.take(), "nobody reads the rest")
	status, _ = w.later(abi.OpRequestSend, x, abi.SendEnd, nil, "")
	require.Equal(t, abi.StatusClosed, status)
	w.atRest()
}

// A second response, while the request is still being sent, is one that nobody asked for.
func TestSurplusBeforeTheRequestEnds(t *testing.T) {
	for _, surplus := range []string{okResponse, "HTTP/1.1 103 Early Hints\r\n\r\n", "x"} {
		w := newClient(t)
		x := w.open("a", pooled)
		s := w.accept(0)
		w.later(abi.OpRequestSend, x, abi.SendHead, clientHead("POST", "/"), "part")
		w.data(s, okResponse)
		w.take()
		w.data(s, surplus)
		require.Equal(t, []string{"a: error " + surplusReply, "a: close done"}, w.take())
		require.True(t, w.sockets[s].closed)
		w.atRest()
	}
}

// A drain lets a request be sent to its end that was answered early.
func TestDrainInARequest(t *testing.T) {
	w := newClient(t)
	x := w.open("a", pooled)
	s := w.accept(0)
	w.later(abi.OpRequestSend, x, abi.SendHead, clientHead("POST", "/"), "part")
	w.later(abi.OpDrain, 0, 0, nil, "")
	w.take()
	w.data(s, okResponse)
	require.Equal(t, []string{`a: response 200 "hi" end`}, w.take())
	require.False(t, w.sockets[s].closed)
	_, done := w.later(abi.OpRequestSend, x, abi.SendEnd, nil, "rest")
	require.True(t, done)
	require.True(t, strings.HasSuffix(w.sent(s), "4\r\nrest\r\n0\r\n\r\n"))
	w.atRest()
}

// The handler answers the response from within the event that brings its end.
func TestEndWithinTheLastEvent(t *testing.T) {
	for _, whole := range []bool{true, false} {
		var w *world
		var x uint64
		w = newWorld(t, func(w *world, ev Event) {
			if ev.Kind == abi.EventResponse {
				w.op(abi.OpRequestSend, x, abi.SendEnd, nil, nil)
			}
		})
		x = w.open("a", pooled)
		s := w.accept(0)
		w.later(abi.OpRequestSend, x, abi.SendHead, clientHead("POST", "/"), "part")
		w.take()
		if whole {
			w.data(s, okResponse)
			require.Equal(t, []string{`a: response 200 "hi" end`}, w.take())
		} else {
			w.data(s, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nT: u\r\n\r\n")
			require.Equal(t, []string{`a: response 200 "hi"`, "a: data end", "a: finish done"}, w.take())
		}
		w.end(s)
		w.atRest()
	}
}

func TestResponsePause(t *testing.T) {
	w := newClient(t)
	x := w.open("a", pooled)
	w.request(x, "GET", "/", "")
	s := w.accept(0)
	w.data(s, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nab")
	w.take()
	w.later(abi.OpRequestPause, x, 0, nil, "")
	require.True(t, w.sockets[s].paused)
	w.data(s, "cdef") // it was read before
	w.end(s)
	require.Empty(t, w.take())
	w.later(abi.OpRequestResume, x, 0, nil, "")
	require.Equal(t, []string{`a: data "cdef" end done`}, w.take())
	w.atRest()
}

// HEAD, 204 and 304 have no body whatever they say.
func TestBodilessResponses(t *testing.T) {
	for method, response := range map[string]string{
		"HEAD": "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
		"GET":  "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
		"POST": "HTTP/1.1 204 No Content\r\n\r\n",
	} {
		w := newClient(t)
		w.request(w.open("a", pooled), method, "/", "")
		s := w.accept(0)
		w.data(s, response)
		require.Contains(t, w.take()[1], "end done")
		require.False(t, w.sockets[s].closed)
	}
}

func TestClientSwitch(t *testing.T) {
	for _, c := range []struct {
		method, response, want string
		fields                 []string
	}{
		{"GET", "HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", `a: upgrade 101 "first" done`, []string{"Connection", "Upgrade", "Upgrade", "x"}},
		{"CONNECT", "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", `a: connect 200 "first" done`, nil},
	} {
		w := newClient(t)
		x := w.open("a", oneSocket)
		w.open("b", oneSocket)
		w.request(x, c.method, "a:1", "", c.fields...)
		s := w.accept(0)
		w.take()
		w.data(s, c.response+"first")
		require.Equal(t, []string{c.want}, w.take())
		require.Len(t, w.outgoing, 2, "the agent has let go of it")
		raw := w.engine.conn(s).handle
		w.name(raw, "tunnel")
		status, _ := w.later(abi.OpSocketSend, raw, 0, nil, "mine")
		require.Equal(t, abi.StatusOK, status)
		w.data(s, "yours")
		w.end(s)
		w.later(abi.OpSocketSend, raw, abi.SendEnd, nil, "bye")
		require.Equal(t, []string{`tunnel: data "yours"`, "tunnel: data end", "tunnel: close done"}, w.take())
		require.True(t, strings.HasSuffix(w.sent(s), "minebye"))
		w.end(w.accept(1))
		w.atRest()
	}
	// Another answer than the one that switches is a plain one.
	w := newClient(t)
	w.request(w.open("a"), "CONNECT", "a:1", "")
	w.data(w.accept(0), "HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno")
	require.Contains(t, w.take(), `a: response 407 "no" end done`)
	w.atRest()
}

// remove takes the connection of x off its agent.
func (w *world) remove(x uint64) uint64 {
	socket, status := w.engine.Handle(abi.OpSocketOf, x, nil)
	require.Equal(w.t, abi.StatusOK, status)
	status, _ = w.later(abi.OpSocketSet, socket, uint32(abi.SocketAgentRemove), nil, "")
	require.Equal(w.t, abi.StatusOK, status)
	return socket
}

func TestAgentRemove(t *testing.T) {
	w := newClient(t)
	x := w.open("a", oneSocket, pooled)
	w.request(x, "GET", "/", "")
	w.open("b", oneSocket, pooled)
	s := w.accept(0)
	require.Equal(t, w.engine.conn(s).handle, w.remove(x))
	require.Len(t, w.outgoing, 2, "it does not count")
	w.data(s, okResponse)
	require.True(t, w.sockets[s].closed, "it is not used again")
	w.end(w.accept(1))
	w.atRest()
}

// A handler that dies takes its requests along, without an event.
func TestClientExchangeFail(t *testing.T) {
	for _, connected := range []bool{false, true} {
		w := newClient(t)
		x, y := w.open("a", oneSocket), w.open("b", oneSocket)
		w.request(x, "GET", "/", "")
		if connected {
			w.data(w.accept(0), "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
		}
		w.take()
		for _, h := range []uint64{x, y} {
			_, done := w.later(abi.OpExchangeFail, h, 0, nil, "")
			require.True(t, done)
		}
		require.Empty(t, w.take())
		w.atRest()
	}
}

func TestClientLimits(t *testing.T) {
	w := newClient(t)
	for range MaxRequests {
		_, status := w.engine.Handle(abi.OpRequestOpen, 7<<32, destination(oneSocket))
		require.Equal(t, abi.StatusOK, status)
	}
	_, status := w.engine.Handle(abi.OpRequestOpen, 7<<32, destination(oneSocket))
	require.Equal(t, abi.StatusLimit, status)

	// Long destinations, of agents and not.
	long := func(agent uint32) []byte {
		d := abi.Destination{Port: 80, Agent: agent, MaxSockets: 1, HostSize: 1, RootsSize: 60 << 10}
		return append(abi.Append(nil, &d), make([]byte, d.HostSize+d.RootsSize)...)
	}
	w = newClient(t)
	count := uint32(0)
	for ; status == abi.StatusOK || count == 0; count++ {
		_, status = w.engine.Handle(abi.OpRequestOpen, 7<<32, long(count*min(count%3, 1)))
	}
	require.Equal(t, abi.StatusLimit, status)
	require.InDelta(t, MaxDestinations/(60<<10), count, 10)
	w.turnOver()
	for i := range w.outgoing {
		w.end(w.accept(i))
	}
	w.atRest()

	w = newClient(t)
	x := w.open("a")
	w.later(abi.OpRequestSend, x, abi.SendHead, clientHead("POST", "/"), "")
	piece := make([]byte, 1<<20)
	for range abi.DefaultOptions.MaxQueuedBytes >> 20 {
		w.engine.Operation(abi.OpRequestSend, x, 0, nil, piece, 0)
	}
	got, _ := w.later(abi.OpRequestSend, x, 0, nil, "x")
	require.Equal(t, abi.StatusLimit, got)
	require.Contains(t, w.take(), "a: error ECONNRESET socket hang up")
	w.atRest()
}

// Timeouts of a socket are told, and nothing else happens.
func TestSocketTimeout(t *testing.T) {
	w := newClient(t)
	x := w.open("a")
	w.request(x, "GET", "/", "")
	s := w.accept(0)
	socket, _ := w.engine.Handle(abi.OpSocketOf, x, nil)
	set := func(d int64) abi.Status {
		r := w.engine.Operation(abi.OpSocketSet, socket, uint32(abi.SocketTimeout), nil, nil, d)
		return abi.Status(r & abi.ResultStatusMask)
	}
	require.Equal(t, abi.StatusInvalid, set(-1))
	require.Equal(t, abi.StatusOK, set(3*sec))
	w.log = nil
	w.pass(2 * sec)
	w.data(s, "HTTP/1.1 200 OK\r\n")
	w.pass(3*sec - ms)
	require.Empty(t, w.log)
	w.pass(ms)
	require.Equal(t, []string{"s0: timeout"}, w.log)
	w.pass(100 * sec)
	require.Len(t, w.log, 1)
	w.data(s, "Content-Length: 5\r\n\r\n")
	require.Equal(t, abi.StatusOK, set(0))
	w.pass(100 * sec)
	require.NotContains(t, w.log[1:], "s0: timeout")
	for i := range 1000 { // lists that nobody uses any more are dropped
		set(sec + int64(i))
	}
	require.Less(t, len(w.engine.durations), 100)
}
