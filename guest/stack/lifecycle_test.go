package stack

import (
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/portholehttp/porthole/abi"
	"github.com/stretchr/testify/require"
)

const (
	ms  = int64(1e6)
	sec = int64(1e9)
)

func TestTimeouts(t *testing.T) {
	const timedOut = "HTTP/1.1 408 Request Timeout\r\nDate: "
	post := "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
	for _, c := range []struct {
		name  string
		set   func(*abi.Options)
		run   func(*world, uint64)
		after int64 // from the last byte
		want  string
	}{
		{"a connection that says nothing", func(o *abi.Options) { o.HeadersTimeout = 7 * sec }, nil, 7 * sec, timedOut},
		{"half a head", func(o *abi.Options) { o.HeadersTimeout = 7 * sec }, func(w *world, s uint64) { w.data(s, "GET / HT") }, 7 * sec, timedOut},
		{"a dripping head", func(o *abi.Options) { o.HeadersTimeout = 7 * sec }, func(w *world, s uint64) {
			for _, p := range []string{"G", "E", "T"} {
				w.data(s, p)
				w.pass(2 * sec)
			}
		}, sec, timedOut},
		{"a second head", func(o *abi.Options) { o.HeadersTimeout = 7 * sec }, func(w *world, s uint64) {
			w.data(s, get)
			w.pass(3 * sec)
			w.data(s, "GET ")
		}, 7 * sec, timedOut},
		{"a whole request", func(o *abi.Options) { o.HeadersTimeout, o.RequestTimeout, o.BodyIdleTimeout = 7*sec, 9*sec, 5*sec }, func(w *world, s uint64) {
			w.data(s, post)
			for range 3 {
				w.pass(2 * sec)
				w.data(s, "x")
			}
		}, 3 * sec, timedOut},
		{"a body that stops", func(o *abi.Options) { o.BodyIdleTimeout = 5 * sec }, func(w *world, s uint64) {
			w.data(s, post)
			w.pass(4 * sec)
			w.data(s, "x")
		}, 5 * sec, timedOut},
		{"an idle connection", func(o *abi.Options) { o.KeepAliveTimeout = 3 * sec }, func(w *world, s uint64) { w.data(s, get) }, 3*sec + keepAliveBuffer, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, hello, c.set)
			s := w.connect()
			if c.run != nil {
				c.run(w, s)
			}
			before := len(w.sent(s))
			w.pass(c.after - ms)
			require.Len(t, w.sent(s), before)
			require.False(t, w.sockets[s].closed || w.sockets[s].shut, "too early")
			w.pass(ms)
			require.True(t, w.sockets[s].closed || w.sockets[s].shut, "too late")
			require.True(t, strings.HasPrefix(w.sent(s)[before:], c.want), w.sent(s)[before:])
			w.pass(sec)
			require.True(t, w.sockets[s].closed)
			require.Zero(t, w.timer)
		})
	}
}

// A peer that takes nothing is let go; one that takes a little now and then is not.
func TestWriteIdleTimeout(t *testing.T) {
	w := newWorld(t, onRequest(func(w *world, x uint64) { w.respond(x, 200, strings.Repeat("x", 1000)) }),
		func(o *abi.Options) { o.WriteIdleTimeout = 3 * sec })
	s := w.connect()
	w.sockets[s].room = 10
	w.data(s, get)
	for range 20 {
		w.pass(2 * sec)
		w.drain(s, 10)
	}
	require.False(t, w.sockets[s].closed)
	w.pass(3 * sec)
	require.True(t, w.sockets[s].reset)
	require.Equal(t, "close done", w.log[len(w.log)-1])
	require.Zero(t, w.engine.queued)
}

// Without a connection nothing is timed: a program that waits for nothing else can end.
func TestTimerEndsWithTheLastConnection(t *testing.T) {
	w := newWorld(t, hello)
	one, other := w.connect(), w.connect()
	w.data(one, get)
	w.end(one)
	require.NotZero(t, w.timer)
	w.end(other)
	require.Zero(t, w.live())
	require.Zero(t, w.timer)
	w.connect()
	require.NotZero(t, w.timer)
}

// Timeouts of zero are none.
func TestNoTimeouts(t *testing.T) {
	w := newWorld(t, hello, func(o *abi.Options) {
		o.HeadersTimeout, o.RequestTimeout, o.KeepAliveTimeout, o.BodyIdleTimeout, o.WriteIdleTimeout = 0, 0, 0, 0, 0
	})
	s := w.connect()
	w.pass(1e6 * sec)
	w.data(s, get+"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
	w.pass(1e6 * sec)
	require.False(t, w.sockets[s].shut)
	require.NotContains(t, w.sent(s), "Keep-Alive")
	require.Zero(t, w.timer)
}

func TestMaxRequests(t *testing.T) {
	w := newWorld(t, hello, func(o *abi.Options) { o.MaxRequests = 3 })
	s := w.connect()
	w.data(s, strings.Repeat(get, 5))
	require.Equal(t, 3, strings.Count(w.sent(s), "hello"))
	require.Equal(t, 2, strings.Count(w.sent(s), "Keep-Alive: timeout=5, max=3\r\n"))
	require.Equal(t, 1, strings.Count(w.sent(s), "Connection: close\r\n"))
	require.Len(t, w.log, 3)
	require.True(t, w.sockets[s].shut)
}

func TestOptionsAreChecked(t *testing.T) {
	w := newWorld(t, nil)
	for i, change := range []func(*abi.Options){
		func(o *abi.Options) { o.HeadersTimeout = o.RequestTimeout + 1 },
		func(o *abi.Options) { o.LingerTimeout = -1 },
		func(o *abi.Options) { o.MaxHeaderBytes = 0 },
		func(o *abi.Options) { o.MaxHeaderBytes = abi.MaxHeaderBytesLimit + 1 },
		func(o *abi.Options) { o.MaxPipelined = 0 },
		func(o *abi.Options) { o.MaxQueuedBytes = 0 },
	} {
		o := abi.DefaultOptions
		change(&o)
		require.Equal(t, abi.StatusInvalid, w.engine.ListenerOpen(77, &o), i)
	}
	o := abi.DefaultOptions
	require.Equal(t, abi.StatusInvalid, w.engine.ListenerOpen(testListener, &o), "opened twice")
	require.Equal(t, abi.StatusInvalid, w.engine.ListenerOpen(0, &o))
}

// A connection of a listener nobody knows is closed.
func TestAcceptUnknownListener(t *testing.T) {
	w := newWorld(t, nil)
	w.sockets[5] = &fakeSocket{}
	w.engine.Accept(5, 99, w.now)
	require.True(t, w.sockets[5].closed)
}

func TestCloseListener(t *testing.T) {
	var held []uint64
	w := newWorld(t, func(w *world, ev Event) { held = append(held, ev.Target) })
	idle, busy, half := w.connect(), w.connect(), w.connect()
	w.data(busy, get)
	w.data(half, "GET / HTTP/1.1\r\n")
	status, _ := w.later(abi.OpListenerClose, testListener, 0, nil, "")
	require.Equal(t, abi.StatusOK, status)
	require.True(t, w.sockets[idle].closed)
	require.False(t, w.sockets[busy].closed)
	w.data(half, "Host: x\r\n\r\n")
	require.Len(t, held, 2)
	for _, x := range held {
		w.later(abi.OpResponseSend, x, abi.SendHead|abi.SendEnd, responseHead(200), "")
	}
	for _, s := range []uint64{busy, half} {
		require.Contains(t, w.sent(s), "Connection: close")
		w.end(s)
	}
	require.Zero(t, w.live())
	require.Empty(t, w.engine.listeners)
	status, _ = w.later(abi.OpListenerClose, testListener, 0, nil, "")
	require.Equal(t, abi.StatusInvalid, status)
}

// A response that had promised keep-alive ends its connection all the same when the listener closes.
func TestCloseListenerMidResponse(t *testing.T) {
	var x uint64
	w := newWorld(t, func(w *world, ev Event) { x = ev.Target })
	s := w.connect()
	w.data(s, get)
	w.later(abi.OpResponseSend, x, abi.SendHead, responseHead(200), "part")
	w.later(abi.OpListenerClose, testListener, 0, nil, "")
	require.False(t, w.sockets[s].closed)
	w.later(abi.OpResponseSend, x, abi.SendEnd, nil, "")
	require.True(t, w.sockets[s].closed)
}

// listenRecord is the head of server_listen.
func listenRecord(change func(*abi.ListenRequest), host string) []byte {
	r := abi.ListenRequest{Options: abi.DefaultOptions, Port: 80, HostSize: uint32(len(host))}
	if change != nil {
		change(&r)
	}
	return append(abi.Append(nil, &r), host...)
}

// takeOver is the change of a record to that of a server that takes over the listener of another.
func takeOver(r *abi.ListenRequest) { r.Kind, r.Number = abi.ListenServer, 1 }

// Idle connections, above all those that have not asked for anything yet, go to the server that has taken over their listener, with its terms.
func TestIdleConnectionsAreInherited(t *testing.T) {
	const server, heir = 3<<32 | 1, 3<<32 | 2
	var servers []uint32
	w := newWorld(t, func(w *world, ev Event) {
		switch ev.Kind {
		case abi.EventConnection:
			servers = append(servers, 100)
		case abi.EventRequest:
			servers = append(servers, decodeRequest(t, ev.Head).server)
			w.respond(ev.Target, 200, "hello")
		}
	})
	listen := func(server uint64, change func(*abi.ListenRequest)) {
		status, _ := w.later(abi.OpServerListen, server, 0, listenRecord(change, ""), "")
		require.Equal(t, abi.StatusOK, status)
	}
	listen(server, nil)
	handle := w.engine.server(server).handle
	const fresh, used, begun = 4, 5, 6
	for _, s := range []uint64{fresh, used, begun} {
		w.sockets[s] = &fakeSocket{room: -1}
		w.engine.Accept(s, handle, w.now)
	}
	w.data(used, get)
	w.data(begun, get[:10])
	listen(heir, func(r *abi.ListenRequest) {
		takeOver(r)
		r.Options.HeadersTimeout, r.Options.KeepAliveTimeout = 7e9, 2e9
	})
	status, _ := w.later(abi.OpServerListeners, heir, abi.ListenConnection, nil, "")
	require.Equal(t, abi.StatusOK, status)
	status, _ = w.later(abi.OpServerClose, server, 0, nil, "")
	require.Equal(t, abi.StatusOK, status)
	require.Equal(t, []uint32{1, 100, 100}, servers, "they are new to the handler")
	w.data(begun, get[10:])
	require.True(t, w.sockets[begun].shut, "it has finished what it began")
	w.end(begun)
	require.Equal(t, "server_close", w.log[len(w.log)-1], "nothing holds the first server")
	w.data(used, get)
	w.data(fresh, get)
	require.Equal(t, []uint32{1, 100, 100, 1, 2, 2}, servers)

	w.pass(4e9) // the heir's time to stay idle
	require.True(t, w.sockets[used].closed)
	require.True(t, w.sockets[fresh].closed)
}

// A connection that a handler has been shown is its own: another server does not get it.
func TestShownConnectionsAreNotInherited(t *testing.T) {
	const server, heir = 3<<32 | 1, 3<<32 | 2
	w := newWorld(t, hello)
	for _, r := range []struct {
		server uint64
		change func(*abi.ListenRequest)
	}{{server, nil}, {heir, takeOver}} {
		if r.server == heir {
			w.sockets[4] = &fakeSocket{room: -1}
			w.engine.Accept(4, w.engine.server(server).handle, w.now)
		}
		status, _ := w.later(abi.OpServerListen, r.server, 0, listenRecord(r.change, ""), "")
		require.Equal(t, abi.StatusOK, status)
		status, _ = w.later(abi.OpServerListeners, r.server, abi.ListenConnection, nil, "")
		require.Equal(t, abi.StatusOK, status)
	}
	status, _ := w.later(abi.OpServerClose, server, 0, nil, "")
	require.Equal(t, abi.StatusOK, status)
	require.True(t, w.sockets[4].closed)
}

func TestServerListen(t *testing.T) {
	const server = 3<<32 | 1
	w := newWorld(t, hello)
	for i, bad := range [][]byte{
		nil,
		listenRecord(nil, "")[:50],
		append(listenRecord(nil, ""), 'x'),
		listenRecord(func(r *abi.ListenRequest) { r.HostSize = 1 << 31 }, ""),
		listenRecord(func(r *abi.ListenRequest) { r.Kind = 9 }, ""),
		listenRecord(func(r *abi.ListenRequest) { r.Options.MaxPipelined = 0 }, ""),
	} {
		status, _ := w.later(abi.OpServerListen, server, 0, bad, "")
		require.Equal(t, abi.StatusInvalid, status, i)
	}
	listen := func() abi.Status {
		status, _ := w.later(abi.OpServerListen, server, 0, listenRecord(nil, "localhost"), "")
		return status
	}
	status, _ := w.later(abi.OpServerListen, 3<<32, 0, listenRecord(nil, ""), "")
	require.Equal(t, abi.StatusInvalid, status, "server 0 is the host's")
	require.Equal(t, abi.StatusOK, listen())
	require.Equal(t, abi.StatusInUse, listen())
	l := w.engine.server(server)
	require.NotNil(t, l)

	// Its requests say whose they are, and its own listeners count.
	status, _ = w.later(abi.OpServerListeners, server, abi.ListenCheckContinue, nil, "")
	require.Equal(t, abi.StatusOK, status)
	status, _ = w.later(abi.OpServerListeners, 9, 1, nil, "")
	require.Equal(t, abi.StatusInvalid, status)
	w.sockets[4] = &fakeSocket{room: -1}
	w.engine.Accept(4, l.handle, w.now)
	var got request
	w.handler = func(w *world, ev Event) {
		if ev.Kind == abi.EventCheckContinue {
			got = decodeRequest(t, ev.Head)
			w.respond(ev.Target, 200, "")
		}
	}
	w.data(4, "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
	require.EqualValues(t, 1, got.server)
	w.end(4)

	// Another server takes its connections over.
	const heir = 3<<32 | 2
	handle := l.handle
	status, _ = w.later(abi.OpServerListen, heir, 0, listenRecord(takeOver, ""), "")
	require.Equal(t, abi.StatusOK, status)
	w.sockets[5] = &fakeSocket{room: -1}
	w.engine.Accept(5, handle, w.now)
	w.handler = func(w *world, ev Event) {
		if ev.Kind == abi.EventRequest {
			got = decodeRequest(t, ev.Head)
			w.respond(ev.Target, 200, "")
		}
	}
	w.data(5, get)
	require.EqualValues(t, 2, got.server)
	status, _ = w.later(abi.OpServerClose, heir, 0, nil, "")
	require.Equal(t, abi.StatusOK, status)

	status, _ = w.later(abi.OpServerClose, server, 0, nil, "")
	require.Equal(t, abi.StatusOK, status)
	require.Equal(t, "server_close", w.log[len(w.log)-1])
	status, _ = w.later(abi.OpServerClose, server, 0, nil, "")
	require.Equal(t, abi.StatusInvalid, status)
	require.Equal(t, abi.StatusOK, listen())
}

func TestRequestRecord(t *testing.T) {
	var got request
	w := newWorld(t, func(w *world, ev Event) { got = decodeRequest(t, ev.Head); hello(w, ev) }, func(o *abi.Options) { o.MaxHeadersCount = 3 })
	s := w.connect()
	w.data(s, "\r\nPOST http://b.example/p?q HTTP/1.1\r\nHost: a.example\r\nX-CaSe:  v\t\r\nContent-Length: 0\r\nDropped: 1\r\n\r\n")
	require.Equal(t, request{method: "POST", target: "http://b.example/p?q", minor: 1, hasBody: true,
		fields: []string{"Host: b.example", "X-CaSe: v", "Content-Length: 0"}}, got)
	w.data(s, "GET /x HTTP/1.0\r\n\r\n")
	require.Equal(t, request{method: "GET", target: "/x"}, got)
}

// In steady state a keep-alive exchange allocates nothing.
func TestNoAllocation(t *testing.T) {
	w := newWorld(t, nil)
	s := w.connect()
	head := responseHead(200, "Content-Type", "text/plain")
	body, in, buf := []byte("hello"), []byte(get+get), make([]byte, 256)
	allocs := testing.AllocsPerRun(1000, func() {
		w.now += ms
		w.sockets[s].sent = w.sockets[s].sent[:0]
		w.engine.Data(s, buf[:copy(buf, in)], w.now)
		var turn int64
		for _, ev := range w.engine.Events() {
			turn |= w.engine.Operation(abi.OpResponseSend, ev.Target, abi.SendHead|abi.SendEnd, head, body, 0)
		}
		if turn&abi.ResultTurn != 0 {
			w.engine.Turn(w.now)
		}
	})
	require.Zero(t, allocs)
	require.Contains(t, w.sent(s), "hello")
}

// An idle connection owns no buffer.
func TestIdleOwnsNothing(t *testing.T) {
	w := newWorld(t, hello)
	s := w.connect()
	for _, p := range strings.Split(get+"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", "") {
		w.sockets[s].room = 0
		w.data(s, p)
		w.drain(s, 1<<20)
	}
	c := w.engine.conn(s)
	require.True(t, c.idle())
	require.Nil(t, c.in.bytes)
	require.Nil(t, c.out.bytes)
	require.Zero(t, w.engine.queued)
}

// A handler may die while the body of a request still comes that it has answered: the rest of it must not
// reach the exchange that is opened next.
func TestFailInBody(t *testing.T) {
	var x uint64
	w := newWorld(t, func(w *world, ev Event) {
		if x = ev.Target; ev.Kind == abi.EventRequest {
			w.respond(x, 200, "early")
		}
	})
	s, other := w.connect(), w.connect()
	w.data(s, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc")
	_, done := w.later(abi.OpExchangeFail, x, 0, nil, "")
	require.True(t, done)
	w.data(other, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n")
	w.data(s, "poison")
	require.NotContains(t, strings.Join(w.log, "\n"), "poison")
	w.data(other, "mybody")
	require.Contains(t, w.log[len(w.log)-1], "mybody")
}

// TestSimulation drives many connections with random input, splits, back-pressure, pauses, aborts
// and failures. Whatever happens: no byte of an exchange reaches another, in either direction; every
// request is answered at most once and in order; every exchange comes to its end; nothing is left behind.
func TestSimulation(t *testing.T) {
	for seed := range uint64(300) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) { simulate(t, rand.New(rand.NewPCG(seed, 1))) })
	}
}

func simulate(t *testing.T, r *rand.Rand) {
	open := map[uint64]bool{}                              // exchanges, and whether the head is out
	number := map[uint64]int{}                             // of an exchange's request, which is in its target
	from := []uint64{0}                                    // the socket that each request was sent on, by number
	letter := func(n int) byte { return byte('A' + n%26) } // what a request's body is made of
	body := func(x uint64) string { return strings.Repeat("<"+strconv.Itoa(number[x])+">", r.IntN(70)) }
	w := newWorld(t, nil, func(o *abi.Options) { o.MaxPipelined = uint32(1 + r.IntN(5)) })
	delivering := false
	act := func(x uint64) {
		send := func(flags uint32, body string) {
			var head []byte
			if !open[x] {
				flags |= abi.SendHead
				head = responseHead(200)
			}
			status, done := w.op(abi.OpResponseSend, x, flags, head, []byte(body))
			switch {
			case done:
				delete(open, x)
			case status.OK():
				open[x] = true
			}
		}
		switch n := r.IntN(20); {
		case n < 8:
			send(abi.SendEnd, body(x))
		case n < 13:
			send(0, body(x))
		case n < 15:
			w.op(abi.OpRequestPause, x, 0, nil, nil)
		case n < 17:
			w.op(abi.OpRequestResume, x, 0, nil, nil)
		case n == 17:
			w.op(abi.OpResponseInform, x, 0, responseHead(103), nil)
		case n == 18 && r.IntN(5) == 0:
			w.op(abi.OpExchangeAbort, x, 0, nil, nil)
		case n == 19 && !delivering: // else events for x may be on their way
			if _, done := w.op(abi.OpExchangeFail, x, 0, nil, nil); done {
				delete(open, x)
			}
		}
	}
	w.handler = func(w *world, ev Event) {
		switch {
		case ev.Kind == abi.EventRequest:
			require.NotContains(t, open, ev.Target)
			open[ev.Target] = false
			n, err := strconv.Atoi(decodeRequest(t, ev.Head).target[1:])
			require.NoError(t, err)
			number[ev.Target] = n
		case ev.Kind == abi.EventServerClose:
			return
		default:
			require.Contains(t, open, ev.Target, "%s for an exchange that is over", w.describe(ev))
		}
		for _, b := range ev.Body {
			require.Equal(t, letter(number[ev.Target]), b, "a body of another request")
		}
		if ev.Flags&abi.EventDone != 0 {
			delete(open, ev.Target)
			return
		}
		if r.IntN(3) > 0 {
			delivering = true
			act(ev.Target)
			delivering = false
		}
	}
	request := func(n int) string {
		target, b := " /"+strconv.Itoa(n)+" HTTP/1.1\r\nHost: x\r\n", strings.Repeat(string(letter(n)), 10)
		return []string{
			"GET" + target + "\r\n",
			"HEAD" + target + "\r\n",
			"POST" + target + "Content-Length: 10\r\n\r\n" + b,
			"PUT" + target + "Transfer-Encoding: chunked\r\n\r\n5\r\n" + b[:5] + "\r\n3;a=b\r\n" + b[:3] + "\r\n0\r\nT: u\r\n\r\n",
		}[r.IntN(4)]
	}
	rest := map[uint64]string{}
	for range 400 {
		switch socks := liveSockets(w); {
		case len(socks) < 2 || r.IntN(30) == 0:
			s := w.connect()
			for range r.IntN(8) {
				rest[s] += request(len(from))
				from = append(from, s)
			}
			if r.IntN(4) == 0 {
				rest[s] += "garbage\r\n\r\n"
			}
		default:
			s := socks[r.IntN(len(socks))]
			switch n := r.IntN(20); {
			case n < 9 && rest[s] != "" && !w.sockets[s].paused:
				k := 1 + r.IntN(len(rest[s]))
				p := rest[s][:k]
				rest[s] = rest[s][k:]
				w.data(s, p)
			case n < 11:
				w.sockets[s].room = r.IntN(400)
			case n < 14:
				w.drain(s, r.IntN(1000))
			case n == 14 && rest[s] == "":
				w.end(s)
			case n == 15 && r.IntN(4) == 0:
				w.broken(s)
			case n == 16:
				w.pass(int64(r.IntN(3)) * sec)
			default:
				if xs := slices.Sorted(maps.Keys(open)); len(xs) > 0 {
					w.engine.enter(w.now)
					act(xs[r.IntN(len(xs))])
					w.deliver()
				}
			}
		}
	}
	// Let everything come to an end.
	status, _ := w.later(abi.OpListenerClose, testListener, 0, nil, "")
	require.Equal(t, abi.StatusOK, status)
	for i := 0; w.live() > 0; i++ {
		require.Less(t, i, 1000, "connections that never end")
		for _, s := range liveSockets(w) {
			w.drain(s, 1<<20)
			if !w.sockets[s].paused {
				w.end(s)
			}
		}
		w.pass(400 * sec)
		for _, x := range slices.Sorted(maps.Keys(open)) {
			w.later(abi.OpRequestResume, x, 0, nil, "")
			if _, done := w.later(abi.OpExchangeFail, x, 0, nil, ""); done {
				delete(open, x)
			}
		}
	}
	require.Empty(t, open, "exchanges without an end")
	for s, socket := range w.sockets {
		last := 0
		for _, m := range regexp.MustCompile(`<(\d+)>`).FindAllSubmatch(socket.sent, -1) {
			n, err := strconv.Atoi(string(m[1]))
			require.NoError(t, err)
			require.Equal(t, from[n], s, "an answer to a request of another connection")
			require.GreaterOrEqual(t, n, last, "out of order")
			last = n
		}
	}
	require.Zero(t, w.engine.queued)
	require.Empty(t, w.engine.listeners)
	require.Len(t, w.engine.handles.free, len(w.engine.handles.slots))
}

func liveSockets(w *world) (live []uint64) {
	for h := uint64(1); h <= w.next; h++ {
		for i := range uint64(64) {
			if s := w.sockets[h<<32|i]; s != nil && !s.closed {
				live = append(live, h<<32|i)
			}
		}
	}
	return live
}
