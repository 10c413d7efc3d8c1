package stack

import (
	"strings"
	"testing"

	"github.com/portholehttp/porthole/abi"
	"github.com/stretchr/testify/require"
)

const (
	upgradeRequest = "GET /chat HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
	chunkedPost    = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
	connectRequest = "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"
)

// listening has the handler of the host's listeners listen to optional events.
func listening(w *world, mask uint32) *world {
	status, _ := w.later(abi.OpServerListeners, 0, mask, nil, "")
	require.Equal(w.t, abi.StatusOK, status)
	return w
}

// naming is a handler that names sockets, and does f.
func naming(f func(*world, Event)) func(*world, Event) {
	return func(w *world, ev Event) {
		switch ev.Kind {
		case abi.EventUpgrade, abi.EventConnect, abi.EventConnection, abi.EventClientError:
			w.name(ev.Target, "socket")
		}
		if f != nil {
			f(w, ev)
		}
	}
}

func (w *world) socketHandle(socket uint64) uint64 { return w.engine.conn(socket).handle }

func TestUpgrade(t *testing.T) {
	for request, want := range map[string]string{
		upgradeRequest: `upgrade GET /chat "first"`, connectRequest: `connect CONNECT a:443 "first"`,
	} {
		w := listening(newWorld(t, naming(nil)), abi.ListenUpgrade|abi.ListenConnect)
		s := w.connect()
		w.data(s, request+"first")
		require.Equal(t, []string{want}, w.log)
		h := w.socketHandle(s)
		w.log = nil
		status, _ := w.later(abi.OpSocketSend, h, 0, nil, "HTTP/1.1 101 Go\r\n\r\n")
		require.Equal(t, abi.StatusOK, status)
		w.data(s, "second")
		w.data(s, get) // HTTP is nothing any more
		w.pass(1000 * sec)
		w.end(s)
		status, _ = w.later(abi.OpSocketSend, h, 0, nil, "third")
		require.Equal(t, abi.StatusOK, status, "half open")
		w.later(abi.OpSocketSend, h, abi.SendEnd, nil, "")
		require.Equal(t, []string{`socket: data "second"`, "socket: data " + strings.ReplaceAll(`"`+get+`"`, "\r\n", `\r\n`), "socket: data end", "socket: close done"}, w.log)
		require.Equal(t, "HTTP/1.1 101 Go\r\n\r\nthird", w.sent(s))
		for _, op := range []abi.Operation{abi.OpSocketSend, abi.OpSocketSet, abi.OpRequestPause, abi.OpExchangeAbort} {
			status, _ = w.later(op, h, 0, nil, "")
			require.Equal(t, abi.StatusClosed, status)
		}
		w.atRest()
	}
}

// Without a listener the connection closes; with IgnoreUpgrade the request is a plain one.
func TestUpgradeNobodyListens(t *testing.T) {
	for _, c := range []struct {
		request string
		mask    uint32
		lenient uint32
		want    []string
	}{
		{upgradeRequest, 0, 0, nil},
		{upgradeRequest, abi.ListenConnect, 0, nil},
		{connectRequest, abi.ListenUpgrade, 0, nil},
		{connectRequest, 0, abi.IgnoreUpgrade, nil},
		{upgradeRequest, 0, abi.IgnoreUpgrade, []string{"request GET /chat end"}},
		{upgradeRequest, abi.ListenUpgrade, abi.IgnoreUpgrade, []string{"upgrade GET /chat"}},
	} {
		w := listening(newWorld(t, nil, func(o *abi.Options) { o.Lenient = c.lenient }), c.mask)
		s := w.connect()
		w.data(s, c.request)
		require.Equal(t, c.want, w.log, "%q", c.request)
		if c.want == nil {
			require.True(t, w.sockets[s].shut)
			require.Empty(t, w.sent(s))
		}
	}
}

// An Upgrade with a body is served as a plain request: RFC 9110 §7.8. CONNECT with one is refused.
func TestUpgradeWithBody(t *testing.T) {
	w := listening(newWorld(t, hello), abi.ListenUpgrade|abi.ListenConnect)
	s := w.connect()
	w.data(s, strings.Replace(upgradeRequest, "\r\n\r\n", "\r\nContent-Length: 3\r\n\r\nabc", 1))
	require.Equal(t, []string{`request GET /chat "abc" end`}, w.log)
	s = w.connect()
	w.data(s, strings.Replace(connectRequest, "\r\n\r\n", "\r\nContent-Length: 3\r\n\r\nabc", 1))
	require.Contains(t, w.sent(s), "HTTP/1.1 400 ")
}

// The requests before an upgrade are answered before it.
func TestUpgradeBehindRequests(t *testing.T) {
	var held uint64
	w := listening(newWorld(t, naming(func(w *world, ev Event) {
		if ev.Kind == abi.EventRequest {
			held = ev.Target
		}
	})), abi.ListenUpgrade)
	s := w.connect()
	w.data(s, get+upgradeRequest+"first")
	require.Equal(t, []string{"request GET / end"}, w.log)
	require.True(t, w.sockets[s].paused)
	w.pass(10000 * sec) // the handler may take its time
	w.sockets[s].room = 10
	w.log = nil
	w.later(abi.OpResponseSend, held, abi.SendHead|abi.SendEnd, responseHead(200), "hello")
	require.Empty(t, w.log)
	w.drain(s, -1)
	require.Equal(t, []string{"finish done", `upgrade GET /chat "first"`}, w.log)
	require.False(t, w.sockets[s].paused)
	require.Equal(t, helloHead+"hello", strings.Replace(w.sent(s), w.sent(s)[23:52], testDate, 1)[:len(helloHead)+5])

	// Unless one of them closes the connection.
	w = listening(newWorld(t, naming(func(w *world, ev Event) {
		if ev.Kind == abi.EventRequest {
			w.respond(ev.Target, 200, "", "Connection", "close")
		}
	})), abi.ListenUpgrade)
	w.data(w.connect(), get+upgradeRequest)
	require.Equal(t, []string{"request GET / end"}, w.log)
}

func TestRawBackPressure(t *testing.T) {
	w := listening(newWorld(t, naming(nil)), abi.ListenUpgrade)
	s := w.connect()
	w.data(s, upgradeRequest)
	h := w.socketHandle(s)
	w.log = nil
	w.later(abi.OpRequestPause, h, 0, nil, "")
	require.True(t, w.sockets[s].paused)
	w.data(s, "a")
	w.data(s, strings.Repeat("b", maxEventBody))
	w.end(s)
	require.Empty(t, w.log)
	w.later(abi.OpRequestResume, h, 0, nil, "")
	require.False(t, w.sockets[s].paused)
	require.Len(t, w.log, 3, "an event carries 64 KiB at most")
	require.Equal(t, []string{`socket: data "b"`, "socket: data end"}, w.log[1:])

	w.log = nil
	w.sockets[s].room = 3
	status, _ := w.later(abi.OpSocketSend, h, 0, nil, "hello")
	require.Equal(t, abi.StatusQueued, status)
	status, _ = w.later(abi.OpSocketSend, h, 0, nil, "world")
	require.Equal(t, abi.StatusQueued, status)
	w.drain(s, 4)
	require.Empty(t, w.log)
	w.drain(s, 100)
	require.Equal(t, []string{"socket: drain"}, w.log)
	w.sockets[s].room = 0
	status, _ = w.later(abi.OpSocketSend, h, abi.SendEnd, nil, "bye")
	require.Equal(t, abi.StatusQueued, status)
	require.False(t, w.sockets[s].shut)
	status, _ = w.later(abi.OpSocketSend, h, 0, nil, "more")
	require.Equal(t, abi.StatusState, status)
	w.drain(s, -1)
	require.Equal(t, []string{"socket: drain", "socket: finish", "socket: close done"}, w.log)
	require.Equal(t, "helloworldbye", w.sent(s))
	w.atRest()
}

func TestRawFaults(t *testing.T) {
	open := func() (*world, uint64, uint64) {
		w := listening(newWorld(t, naming(nil)), abi.ListenUpgrade)
		s := w.connect()
		w.data(s, upgradeRequest)
		w.log = nil
		return w, s, w.socketHandle(s)
	}
	w, s, _ := open()
	w.broken(s)
	require.Equal(t, []string{"socket: error ECONNRESET read ECONNRESET", "socket: close done"}, w.log)
	w.atRest()

	w, s, h := open()
	w.sockets[s].fail = true
	status, _ := w.later(abi.OpSocketSend, h, 0, nil, "x")
	require.Equal(t, abi.StatusReset, status)
	require.Equal(t, []string{"socket: error ECONNRESET write ECONNRESET", "socket: close done"}, w.log)
	w.atRest()

	w, s, h = open()
	w.later(abi.OpExchangeAbort, h, 0, nil, "")
	require.Equal(t, []string{"socket: close done"}, w.log)
	require.True(t, w.sockets[s].closed)
	require.False(t, w.sockets[s].reset, "with a FIN")
	w.atRest()

	w, s, h = open()
	w.sockets[s].room = 0
	w.later(abi.OpSocketSend, h, 0, nil, "x")
	w.later(abi.OpExchangeAbort, h, 0, nil, "")
	require.True(t, w.sockets[s].reset, "the peer does not get all")
	w.atRest()

	w, s, h = open()
	w.later(abi.OpExchangeFail, h, 0, nil, "")
	require.Empty(t, w.log, "its handler is dead")
	require.True(t, w.sockets[s].reset)
	w.atRest()

	w, s, h = open()
	w.sockets[s].room = 0
	for range abi.DefaultOptions.MaxQueuedBytes>>20 + 1 {
		w.engine.Operation(abi.OpSocketSend, h, 0, nil, make([]byte, 1<<20), 0)
	}
	status, _ = w.later(abi.OpSocketSend, h, 0, nil, "x")
	require.Equal(t, abi.StatusLimit, status)
	require.Equal(t, []string{"socket: close done"}, w.log)
	w.atRest()

	w, s, h = open()
	w.sockets[s].room = 0
	w.later(abi.OpSocketSend, h, 0, nil, "x")
	w.pass(abi.DefaultOptions.WriteIdleTimeout)
	require.True(t, w.sockets[s].reset, "a peer that takes nothing")
	w.atRest()

	w, _, h = open()
	for _, c := range []struct {
		flags uint32
		rest  int64
	}{{abi.SendHead, 0}, {abi.SendTrailers, 0}, {1 << 9, 0}, {abi.SendMore, 0}, {0, 1}} {
		r := w.engine.Operation(abi.OpSocketSend, h, c.flags, nil, nil, c.rest)
		require.Equal(t, abi.StatusInvalid, abi.Status(r&abi.ResultStatusMask), c)
	}
	for option, values := range map[abi.SocketOption][]int64{
		abi.SocketNoDelay: {-1, 2}, abi.SocketKeepAlive: {-2}, abi.SocketTimeout: {-1}, abi.SocketAgentRemove: {0}, 0: {0}, 99: {0},
	} {
		for _, v := range values {
			r := w.engine.Operation(abi.OpSocketSet, h, uint32(option), nil, nil, v)
			require.Equal(t, abi.StatusInvalid, abi.Status(r&abi.ResultStatusMask), option)
		}
	}
	w.engine.Operation(abi.OpSocketSet, h, uint32(abi.SocketKeepAlive), nil, nil, 5)
	require.Equal(t, []string{"2=5"}, w.sockets[w.engine.handles.socket(h).socket].options)
}

// A socket that the handler opened.
func TestSocketOpen(t *testing.T) {
	open := func() (*world, uint64) {
		w := newWorld(t, nil)
		h, status := w.engine.Handle(abi.OpSocketOpen, 7<<32, destination(ownConnection))
		require.Equal(t, abi.StatusOK, status)
		w.name(h, "socket")
		w.turnOver()
		require.Empty(t, w.log)
		return w, h
	}
	w, h := open()
	status, _ := w.later(abi.OpSocketSend, h, 0, nil, "early")
	require.Equal(t, abi.StatusQueued, status)
	s := w.outgoing[0]
	w.engine.Connect(s, abi.StatusOK, nil, w.now)
	w.deliver()
	require.Equal(t, []string{"socket: connected", "socket: drain"}, w.log)
	require.Equal(t, "early", w.sent(s))
	got, status := w.engine.Handle(abi.OpHostSocket, h, nil)
	require.Equal(t, abi.StatusOK, status)
	require.Equal(t, s, got)
	w.later(abi.OpSocketSend, h, abi.SendEnd, nil, "")
	w.end(s)
	w.atRest()

	w, h = open()
	w.sockets[w.outgoing[0]].closed = true
	w.engine.Connect(w.outgoing[0], abi.StatusDenied, []byte("EACCES not granted"), w.now)
	require.Equal(t, abi.StatusDenied, abi.FlagsStatus(w.engine.Events()[0].Flags))
	w.deliver()
	require.Equal(t, []string{"socket: error EACCES not granted", "socket: close done"}, w.log)
	w.atRest()
	_, status = w.engine.Handle(abi.OpHostSocket, h, nil)
	require.Equal(t, abi.StatusClosed, status)

	w, h = open() // ended before it is there
	w.later(abi.OpSocketSend, h, abi.SendEnd, nil, "")
	require.False(t, w.sockets[w.outgoing[0]].shut)
	w.engine.Connect(w.outgoing[0], abi.StatusOK, nil, w.now)
	w.deliver()
	require.True(t, w.sockets[w.outgoing[0]].shut)
	require.Equal(t, []string{"socket: connected", "socket: finish"}, w.log)

	w.refuse = abi.StatusLimit
	_, status = w.engine.Handle(abi.OpSocketOpen, 7<<32, destination(ownConnection))
	require.Equal(t, abi.StatusLimit, status)
	_, status = w.engine.Handle(abi.OpSocketOpen, 7<<32, nil)
	require.Equal(t, abi.StatusInvalid, status)
	_, status = w.engine.Handle(abi.OpRequestSend, 7<<32, nil)
	require.Equal(t, abi.StatusInvalid, status)
}

// The socket of a connection is the same for all its requests, from 'connection' to its end.
func TestConnectionSocket(t *testing.T) {
	var requests []uint64
	w := listening(newWorld(t, naming(func(w *world, ev Event) {
		if ev.Kind == abi.EventRequest {
			requests = append(requests, ev.Target)
		}
	})), abi.ListenConnection)
	s := w.connect()
	require.Equal(t, []string{"connection"}, w.log)
	h := w.socketHandle(s)
	w.data(s, get+get)
	for _, x := range requests {
		got, status := w.engine.Handle(abi.OpSocketOf, x, nil)
		require.Equal(t, abi.StatusOK, status)
		require.Equal(t, h, got)
	}
	for _, op := range []abi.Operation{abi.OpSocketSend, abi.OpRequestPause, abi.OpRequestResume} {
		status, _ := w.later(op, h, 0, nil, "")
		require.Equal(t, abi.StatusState, status, "HTTP is spoken on it")
	}
	for _, x := range requests {
		w.later(abi.OpResponseSend, x, abi.SendHead|abi.SendEnd, responseHead(200), "x")
	}
	w.log = nil
	w.end(s)
	require.Equal(t, []string{"socket: close done"}, w.log)
	_, status := w.engine.Handle(abi.OpSocketOf, requests[0], nil)
	require.Equal(t, abi.StatusClosed, status)
	w.atRest()

	// Destroyed by its handle, and of a handler that died.
	s = w.connect()
	w.log = nil
	w.data(s, get)
	w.later(abi.OpExchangeAbort, w.socketHandle(s), 0, nil, "")
	require.Equal(t, []string{"request GET / end", "close done", "socket: close done"}, w.log)
	s = w.connect()
	w.engine.Operation(abi.OpSocketSet, w.socketHandle(s), uint32(abi.SocketTimeout), nil, nil, sec)
	w.later(abi.OpExchangeFail, w.socketHandle(s), 0, nil, "")
	require.False(t, w.sockets[s].closed, "the next handler goes on with it")
	w.log = nil
	w.pass(2 * sec)
	w.end(s)
	require.Empty(t, w.log)
	w.atRest()
}

func TestClientError(t *testing.T) {
	const bad = "GET / HTTP/1.1\r\nHost : x\r\n\r\n"
	run := func(answer string) *world {
		w := listening(newWorld(t, naming(func(w *world, ev Event) {
			switch {
			case ev.Kind == abi.EventClientError && answer != "":
				status, _ := w.op(abi.OpSocketSend, ev.Target, abi.SendEnd, nil, []byte(answer))
				require.Equal(t, abi.StatusOK, status)
			case ev.Kind == abi.EventRequest && ev.Flags&abi.EventEnd != 0:
				w.respond(ev.Target, 200, "hello")
			}
		})), abi.ListenClientError)
		return w
	}
	const refusal = "HTTP/1.1 400 Bad\r\n\r\n"
	w := run(refusal)
	s := w.connect()
	w.data(s, bad)
	require.Equal(t, []string{"client_error HPE_INVALID_HEADER_TOKEN Parse Error: invalid character in a field name"}, w.log)
	require.Equal(t, refusal, w.sent(s), "the handler's words alone")
	require.True(t, w.sockets[s].shut)
	w.end(s)
	w.atRest()

	// Behind a good request, which is answered first.
	w = run(refusal)
	s = w.connect()
	w.data(s, get+bad)
	require.True(t, strings.HasSuffix(w.sent(s), "hello"+refusal))

	// A body that goes wrong, and its exchange.
	w = run(refusal)
	s = w.connect()
	w.data(s, chunkedPost+"x")
	require.Equal(t, []string{"client_error HPE_INVALID_CHUNK_SIZE Parse Error: invalid chunk size", "close done"}, w.log[len(w.log)-2:])
	require.Equal(t, refusal, w.sent(s))

	// The end in the midst of a message, a timeout, a reset.
	w = run("")
	s = w.connect()
	w.data(s, "GET /")
	w.end(s)
	require.Equal(t, "client_error HPE_INVALID_EOF_STATE Parse Error: the connection ended inside a message", w.log[0])
	require.False(t, w.sockets[s].closed)
	w.pass(abi.DefaultOptions.BodyIdleTimeout)
	require.True(t, w.sockets[s].closed, "a handler that does nothing does not keep it for ever")
	w.atRest()

	w = run("")
	w.connect()
	w.pass(abi.DefaultOptions.HeadersTimeout)
	require.Equal(t, []string{"client_error ERR_HTTP_REQUEST_TIMEOUT Request timeout"}, w.log)

	w = run("")
	s = w.connect()
	w.broken(s)
	require.Equal(t, []string{"client_error ECONNRESET read ECONNRESET", "socket: close done"}, w.log)
	w.atRest()

	// A response that has begun: the rest of it would be taken for part of that.
	w = listening(newWorld(t, naming(func(w *world, ev Event) {
		if ev.Kind == abi.EventRequest {
			w.op(abi.OpResponseSend, ev.Target, abi.SendHead, responseHead(200), []byte("half"))
		}
	})), abi.ListenClientError)
	s = w.connect()
	w.data(s, chunkedPost)
	w.data(s, "x")
	require.True(t, w.sockets[s].reset)
	require.Equal(t, []string{"client_error HPE_INVALID_CHUNK_SIZE Parse Error: invalid chunk size", "close done", "socket: close done"}, w.log[1:])
	w.atRest()
}
