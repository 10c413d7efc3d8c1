package stack

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/portholehttp/porthole/abi"
	"github.com/stretchr/testify/require"
)

const (
	get    = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	headOf = "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"
	date   = "Date: " + testDate + "\r\n"
	keep   = "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n"
)

// onRequest makes a handler of what it does with a new exchange.
func onRequest(f func(w *world, x uint64)) func(*world, Event) {
	return func(w *world, ev Event) {
		if ev.Kind == abi.EventRequest {
			f(w, ev.Target)
		}
	}
}

// What is discarded of a request leaves no hole in what its handler gets.
func TestResumeAfterResponse(t *testing.T) {
	var x uint64
	w := newWorld(t, onRequest(func(_ *world, target uint64) { x = target }))
	s := w.connect()
	w.data(s, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc")
	w.later(abi.OpRequestPause, x, 0, nil, "")
	w.later(abi.OpResponseSend, x, abi.SendHead|abi.SendEnd, responseHead(200), "early")
	w.log = nil
	w.data(s, "def")
	w.later(abi.OpRequestResume, x, 0, nil, "")
	w.data(s, "ghi"+get)
	require.Equal(t, []string{"data end done", "request GET / end"}, w.log)
}

func TestFraming(t *testing.T) {
	send := func(flags uint32, head []byte, body string) func(*world, uint64) {
		return func(w *world, x uint64) {
			status, _ := w.op(abi.OpResponseSend, x, flags, head, []byte(body))
			require.Equal(w.t, abi.StatusOK, status)
		}
	}
	whole := func(head []byte, body string) func(*world, uint64) {
		return send(abi.SendHead|abi.SendEnd, head, body)
	}
	streamed := func(head []byte, body ...string) func(*world, uint64) {
		return func(w *world, x uint64) {
			send(abi.SendHead, head, "")(w, x)
			for _, b := range body {
				send(0, nil, b)(w, x)
			}
			send(abi.SendEnd, nil, "")(w, x)
		}
	}
	ok := responseHead(200)
	const tooClose = date + "Connection: close\r\n"
	for _, c := range []struct {
		name, input string
		answer      func(*world, uint64)
		want        string
	}{
		{"whole", get, whole(ok, "abc"), "200 OK\r\n" + date + keep + "Content-Length: 3\r\n\r\nabc"},
		{"empty", get, whole(ok, ""), "200 OK\r\n" + date + keep + "Content-Length: 0\r\n\r\n"},
		{"streamed", get, streamed(ok, "abc", "0123456789abcdef"), "200 OK\r\n" + date + keep + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n"},
		{"empty writes", get, streamed(ok, "", ""), "200 OK\r\n" + date + keep + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		{"declared", get, streamed(responseHead(200, "Content-Length", "3"), "a", "bc"), "200 OK\r\nContent-Length: 3\r\n" + date + keep + "\r\nabc"},
		{"chunked by the handler", get, whole(responseHead(200, "transfer-encoding", "Chunked"), "abc"), "200 OK\r\n" + date + keep + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"},
		{"HEAD", headOf, whole(ok, "abc"), "200 OK\r\n" + date + keep + "Content-Length: 3\r\n\r\n"},
		{"HEAD without a body", headOf, whole(ok, ""), "200 OK\r\n" + date + keep + "\r\n"},
		{"HEAD, declared", headOf, whole(responseHead(200, "Content-Length", "99"), ""), "200 OK\r\nContent-Length: 99\r\n" + date + keep + "\r\n"},
		{"HEAD, chunked", headOf, streamed(responseHead(200, "Transfer-Encoding", "chunked"), "abc"), "200 OK\r\n" + date + keep + "Transfer-Encoding: chunked\r\n\r\n"},
		{"204", get, whole(responseHead(204), "abc"), "204 No Content\r\n" + date + keep + "\r\n"},
		{"204, declared", get, whole(responseHead(204, "Content-Length", "3"), "abc"), "204 No Content\r\n" + date + keep + "\r\n"},
		{"204, chunked", get, whole(responseHead(204, "Transfer-Encoding", "chunked"), ""), "204 No Content\r\n" + tooClose + "\r\n"},
		{"205", get, whole(responseHead(205, "Content-Length", "3"), "abc"), "205 Reset Content\r\n" + date + keep + "Content-Length: 0\r\n\r\n"},
		{"205, streamed", get, streamed(responseHead(205), "abc"), "205 Reset Content\r\n" + date + keep + "Content-Length: 0\r\n\r\n"},
		{"304", get, whole(responseHead(304, "Content-Length", "9", "ETag", "x"), ""), "304 Not Modified\r\nContent-Length: 9\r\nETag: x\r\n" + date + keep + "\r\n"},
		{"reason", get, whole(headWithReason(200, "Fine"), ""), "200 Fine\r\n" + date + keep + "Content-Length: 0\r\n\r\n"},
		{"unknown status", get, whole(responseHead(799), ""), "799 unknown\r\n" + date + keep + "Content-Length: 0\r\n\r\n"},
		{"own Date", get, whole(responseHead(200, "dAtE", "x"), ""), "200 OK\r\ndAtE: x\r\n" + keep + "Content-Length: 0\r\n\r\n"},
		{"X-Date is not Date", get, whole(responseHead(200, "X-Date", "x"), ""), "200 OK\r\nX-Date: x\r\n" + date + keep + "Content-Length: 0\r\n\r\n"},
		{"own Connection", get, whole(responseHead(200, "Connection", "x-thing"), ""), "200 OK\r\nConnection: x-thing\r\n" + date + "Content-Length: 0\r\n\r\n"},
		{"own close", get, whole(responseHead(200, "Connection", "x, Close"), ""), "200 OK\r\nConnection: x, Close\r\n" + date + "Content-Length: 0\r\n\r\n"},
		{"own Keep-Alive", get, whole(responseHead(200, "Keep-Alive", "timeout=9"), ""), "200 OK\r\nKeep-Alive: timeout=9\r\n" + date + "Connection: keep-alive\r\nContent-Length: 0\r\n\r\n"},
		{"keep-alive to a client that closes", "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", whole(responseHead(200, "Connection", "keep-alive", "A", "b"), ""),
			"200 OK\r\nConnection: close\r\nA: b\r\n" + date + "Content-Length: 0\r\n\r\n"},
		{"two of a name", get, whole(responseHead(200, "Set-Cookie", "a", "Set-Cookie", "b"), ""), "200 OK\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n" + date + keep + "Content-Length: 0\r\n\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, onRequest(c.answer))
			s := w.connect()
			w.data(s, c.input)
			require.Equal(t, "HTTP/1.1 "+c.want, w.sent(s))
			require.Equal(t, strings.Contains(strings.ToLower(c.want), "close\r\n"), w.sockets[s].shut)
		})
	}
}

func TestNoDate(t *testing.T) {
	w := newWorld(t, onRequest(func(w *world, x uint64) {
		head := responseHead(200)
		binary.LittleEndian.PutUint16(head[18:], abi.ResponseNoDate)
		w.op(abi.OpResponseSend, x, abi.SendHead|abi.SendEnd, head, nil)
	}))
	s := w.connect()
	w.data(s, get)
	require.Equal(t, "HTTP/1.1 200 OK\r\n"+keep+"Content-Length: 0\r\n\r\n", w.sent(s))
}

func TestDateIsMadeOncePerSecond(t *testing.T) {
	w := newWorld(t, hello)
	s := w.connect()
	for _, want := range []string{"21:00:00", "21:00:00", "21:00:01"} {
		w.data(s, get)
		sent := w.sent(s)
		require.Contains(t, sent[strings.LastIndex(sent, "Date:"):], want)
		w.pass(6e8)
	}
}

// What a handler may not send is refused, and nothing of it reaches the wire.
func TestInvalidHeads(t *testing.T) {
	cut := func(n int) []byte { return responseHead(200, "A", "b")[:n] }
	patch := func(offset int, v uint32) []byte {
		h := responseHead(200, "A", "b")
		binary.LittleEndian.PutUint32(h[offset:], v)
		return h
	}
	for name, head := range map[string][]byte{
		"nothing":           nil,
		"half a record":     cut(20),
		"half a table":      cut(30),
		"field count":       patch(4, 1<<30),
		"text offset":       patch(0, 7),
		"reason offset":     append(patch(12, 5)[:8], patch(12, 5)[8:]...),
		"name outside":      patch(abi.ResponseHeadSize, 1<<31),
		"value outside":     patch(abi.ResponseHeadSize+12, 1<<31),
		"wrapping span":     patch(abi.ResponseHeadSize+8, 0xffffffff),
		"status 99":         responseHead(99),
		"status 101":        responseHead(101),
		"status 1000":       responseHead(1000),
		"empty name":        responseHead(200, "", "b"),
		"space in name":     responseHead(200, "A B", "c"),
		"colon in name":     responseHead(200, "A:", "c"),
		"CRLF in name":      responseHead(200, "A\r\nB", "c"),
		"CRLF in value":     responseHead(200, "A", "b\r\nC: d"),
		"LF in value":       responseHead(200, "A", "b\n"),
		"NUL in value":      responseHead(200, "A", "\x00"),
		"CRLF in reason":    headWithReason(200, "OK\r\nA: b"),
		"length twice":      responseHead(200, "Content-Length", "3", "content-length", "3"),
		"length and coding": responseHead(200, "Content-Length", "3", "Transfer-Encoding", "chunked"),
		"coding and length": responseHead(200, "Transfer-Encoding", "chunked", "Content-Length", "3"),
		"signed length":     responseHead(200, "Content-Length", "+3"),
		"huge length":       responseHead(200, "Content-Length", "99999999999999999999"),
		"empty length":      responseHead(200, "Content-Length", ""),
		"length list":       responseHead(200, "Content-Length", "3, 3"),
		"other coding":      responseHead(200, "Transfer-Encoding", "gzip, chunked"),
		"chunked twice":     responseHead(200, "Transfer-Encoding", "chunked", "Transfer-Encoding", "chunked"),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, onRequest(func(w *world, x uint64) {
				status, done := w.op(abi.OpResponseSend, x, abi.SendHead|abi.SendEnd, head, []byte("abc"))
				if name == "reason offset" {
					require.Equal(t, abi.StatusInvalid, status)
				}
				require.Equal(t, abi.StatusInvalid, status)
				require.False(t, done)
				status, done = w.respond(x, 200, "hello") // nothing was done: it can still answer
				require.Equal(t, abi.StatusOK, status)
				require.True(t, done)
			}))
			s := w.connect()
			w.data(s, get)
			require.Equal(t, helloHead+"hello", w.sent(s))
		})
	}
}

func TestOutOfOrder(t *testing.T) {
	w := newWorld(t, onRequest(func(w *world, x uint64) {
		try := func(want abi.Status, flags uint32, head []byte) {
			t.Helper()
			status, _ := w.op(abi.OpResponseSend, x, flags, head, nil)
			require.Equal(t, want, status)
		}
		ok := responseHead(200)
		try(abi.StatusState, 0, nil)                                                 // no head yet
		try(abi.StatusState, abi.SendEnd, nil)                                       //
		try(abi.StatusInvalid, 1<<7, nil)                                            // unknown flag
		try(abi.StatusInvalid, abi.SendMore|abi.SendHead, ok)                        // more, but nothing follows
		try(abi.StatusInvalid, abi.SendHead|abi.SendTrailers|abi.SendEnd, ok)        //
		try(abi.StatusInvalid, abi.SendEnd, ok)                                      // a head nobody announced
		try(abi.StatusOK, abi.SendHead, ok)                                          //
		try(abi.StatusState, abi.SendHead, ok)                                       // twice
		try(abi.StatusInvalid, abi.SendTrailers, trailers())                         // trailers before the end
		try(abi.StatusInvalid, abi.SendTrailers|abi.SendEnd, trailers("a", "b\r\n")) //
		status, _ := w.op(abi.OpResponseInform, x, 0, responseHead(103), nil)
		require.Equal(t, abi.StatusState, status)
		try(abi.StatusOK, abi.SendEnd, nil)
		try(abi.StatusClosed, abi.SendEnd, nil) // over
		status, _ = w.op(99, x, 0, nil, nil)
		require.Equal(t, abi.StatusClosed, status)
	}))
	s := w.connect()
	w.data(s, get)
	require.True(t, strings.HasSuffix(w.sent(s), "\r\n\r\n0\r\n\r\n"))
}

func TestBodyLength(t *testing.T) {
	declared := responseHead(200, "Content-Length", "3")
	t.Run("too much", func(t *testing.T) {
		var statuses []abi.Status
		w := newWorld(t, onRequest(func(w *world, x uint64) {
			status, _ := w.op(abi.OpResponseSend, x, abi.SendHead|abi.SendEnd, declared, []byte("abcHTTP/1.1 200 Poison"))
			statuses = append(statuses, status)
		}))
		s := w.connect()
		w.data(s, get+get)
		require.Equal(t, []abi.Status{abi.StatusBodyLength, abi.StatusClosed}, statuses) // the second has no connection any more
		require.Equal(t, 1, strings.Count(w.sent(s), "HTTP/1.1 200"))
		require.True(t, strings.HasSuffix(w.sent(s), "\r\n\r\nabc"))
		require.True(t, w.sockets[s].shut)
		require.Equal(t, []string{"request GET / end", "request GET / end", "finish done", "close done"}, w.log[:4])
	})
	t.Run("too little", func(t *testing.T) {
		w := newWorld(t, onRequest(func(w *world, x uint64) {
			w.op(abi.OpResponseSend, x, abi.SendHead, declared, []byte("a"))
			status, _ := w.op(abi.OpResponseSend, x, abi.SendEnd, nil, nil)
			require.Equal(t, abi.StatusBodyLength, status)
		}))
		s := w.connect()
		w.data(s, get)
		require.True(t, strings.HasSuffix(w.sent(s), "\r\n\r\na"))
		require.True(t, w.sockets[s].shut)
	})
}

func TestTrailers(t *testing.T) {
	for version, want := range map[string]string{
		"1.1": "3\r\nabc\r\n0\r\nContent-MD5: x\r\nB: y\r\n\r\n",
		"1.0": "Connection: close\r\n\r\nabc", // not chunked: dropped
	} {
		w := newWorld(t, onRequest(func(w *world, x uint64) {
			w.op(abi.OpResponseSend, x, abi.SendHead, responseHead(200, "Trailer", "Content-MD5"), []byte("abc"))
			for _, bad := range []string{"Content-Length", "Transfer-Encoding", "Host", "Trailer", "A B"} {
				status, _ := w.op(abi.OpResponseSend, x, abi.SendTrailers|abi.SendEnd, trailers(bad, "1"), nil)
				require.Equal(t, abi.StatusInvalid, status, bad)
			}
			status, _ := w.op(abi.OpResponseSend, x, abi.SendTrailers|abi.SendEnd, trailers("Content-MD5", "x", "B", "y"), nil)
			require.Equal(t, abi.StatusOK, status)
		}))
		s := w.connect()
		w.data(s, "GET / HTTP/"+version+"\r\nHost: x\r\n\r\n")
		require.True(t, strings.HasSuffix(w.sent(s), want), w.sent(s))
	}
}

func TestInform(t *testing.T) {
	w := newWorld(t, onRequest(func(w *world, x uint64) {
		for _, bad := range [][]byte{responseHead(101), responseHead(200), responseHead(103, "Content-Length", "1"), responseHead(103, "a", "\n"), nil} {
			status, _ := w.op(abi.OpResponseInform, x, 0, bad, nil)
			require.Equal(t, abi.StatusInvalid, status)
		}
		status, _ := w.op(abi.OpResponseInform, x, 0, responseHead(103, "Link", "</a>"), nil)
		require.Equal(t, abi.StatusOK, status)
		w.respond(x, 200, "hello")
	}))
	s := w.connect()
	w.data(s, get)
	require.Equal(t, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"+helloHead+"hello", w.sent(s))

	w.handler = onRequest(func(w *world, x uint64) {
		status, _ := w.op(abi.OpResponseInform, x, 0, responseHead(102), nil)
		require.Equal(t, abi.StatusState, status)
	})
	w.data(w.connect(), "GET / HTTP/1.0\r\n\r\n")
}

// A body in pieces is one body: its whole size is declared.
func TestPieces(t *testing.T) {
	w := newWorld(t, onRequest(func(w *world, x uint64) {
		head := responseHead(200)
		r := w.engine.Operation(abi.OpResponseSend, x, abi.SendHead|abi.SendEnd|abi.SendMore, head, []byte("ab"), 3)
		require.Equal(t, abi.StatusOK, abi.Status(r&abi.ResultStatusMask))
		require.Zero(t, r&abi.ResultDone)
		r = w.engine.Operation(abi.OpResponseSend, x, abi.SendEnd|abi.SendMore, nil, []byte("cd"), 1)
		require.Equal(t, abi.StatusOK, abi.Status(r&abi.ResultStatusMask))
		r = w.engine.Operation(abi.OpResponseSend, x, abi.SendEnd, nil, []byte("e"), 0)
		require.Equal(t, int64(abi.StatusOK)|abi.ResultDone, r)
	}))
	s := w.connect()
	w.data(s, get)
	require.True(t, strings.HasSuffix(w.sent(s), "Content-Length: 5\r\n\r\nabcde"))
}

func TestDrainAndFinish(t *testing.T) {
	var x uint64
	w := newWorld(t, func(w *world, ev Event) { x = ev.Target })
	s := w.connect()
	w.data(s, get)
	w.sockets[s].room = 100
	body := strings.Repeat("x", 1000)
	status, _ := w.later(abi.OpResponseSend, x, abi.SendHead, responseHead(200), body)
	require.Equal(t, abi.StatusQueued, status)
	w.drain(s, 500)
	require.NotContains(t, w.log, "drain")
	w.drain(s, 10000)
	require.Equal(t, "drain", w.log[len(w.log)-1])
	status, _ = w.later(abi.OpResponseSend, x, 0, nil, body)
	require.Equal(t, abi.StatusOK, status)

	w.sockets[s].room = 0
	status, done := w.later(abi.OpResponseSend, x, abi.SendEnd, nil, body)
	require.Equal(t, abi.StatusQueued, status)
	require.False(t, done)
	w.drain(s, 10000)
	require.Equal(t, "finish done", w.log[len(w.log)-1])
	require.Equal(t, 3000, strings.Count(w.sent(s), "x"))
	require.Zero(t, w.engine.queued)

	status, _ = w.later(abi.OpRequestPause, x, 0, nil, "")
	require.Equal(t, abi.StatusClosed, status)
}

// The queue of one connection is bounded: beyond it the connection is destroyed.
func TestQueueLimit(t *testing.T) {
	var held []uint64
	w := newWorld(t, func(w *world, ev Event) { held = append(held, ev.Target) }, func(o *abi.Options) { o.MaxQueuedBytes = 1000 })
	s := w.connect()
	w.data(s, get+get)
	w.sockets[s].room = 0
	for i, want := range []abi.Status{abi.StatusQueued, abi.StatusQueued, abi.StatusLimit, abi.StatusClosed} {
		flags, head := uint32(0), []byte(nil)
		if i == 0 {
			flags, head = abi.SendHead, responseHead(200)
		}
		status, _ := w.later(abi.OpResponseSend, held[1], flags, head, strings.Repeat("x", 600))
		require.Equal(t, want, status, i)
	}
	require.True(t, w.sockets[s].closed)
	require.True(t, w.sockets[s].reset)
	require.Equal(t, []string{"close done", "close done"}, w.log[2:])
	require.Zero(t, w.engine.queued)
}

func TestTotalQueueLimit(t *testing.T) {
	var x uint64
	w := newWorld(t, func(w *world, ev Event) { x = ev.Target })
	s := w.connect()
	w.data(s, get)
	w.engine.queued = MaxTotalQueued + 1
	status, _ := w.later(abi.OpResponseSend, x, abi.SendHead, responseHead(200), "x")
	require.Equal(t, abi.StatusLimit, status)
	require.True(t, w.sockets[s].closed)
}

func TestPauseAndResume(t *testing.T) {
	var x uint64
	w := newWorld(t, func(w *world, ev Event) {
		if x = ev.Target; ev.Kind == abi.EventRequest {
			w.op(abi.OpRequestPause, x, 0, nil, nil)
		}
	})
	s := w.connect()
	w.data(s, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n")
	require.True(t, w.sockets[s].paused)
	w.data(s, "abc") // was on its way
	w.data(s, "def"+get)
	require.Len(t, w.log, 1)
	w.pass(abi.DefaultOptions.BodyIdleTimeout + 1e9) // the client is not to blame
	require.False(t, w.sockets[s].shut)
	w.later(abi.OpRequestResume, x, 0, nil, "")
	require.False(t, w.sockets[s].paused)
	require.Equal(t, `data "abcdef" end`, w.log[1])
	require.Len(t, w.log, 3)
}

// A paused request cannot block what comes after it.
func TestEndWhilePaused(t *testing.T) {
	w := newWorld(t, func(w *world, ev Event) {
		if ev.Kind == abi.EventRequest {
			w.op(abi.OpRequestPause, ev.Target, 0, nil, nil)
			status, done := w.respond(ev.Target, 200, "hello")
			require.Equal(t, abi.StatusOK, status)
			require.Equal(t, ev.Flags&abi.EventEnd != 0, done)
		}
	})
	s := w.connect()
	w.data(s, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n")
	require.False(t, w.sockets[s].paused)
	w.data(s, "abcdef"+get)
	require.Equal(t, []string{"request POST /", "data end done", "request GET / end"}, w.log)
	require.Equal(t, 2, strings.Count(w.sent(s), "hello"))
}

func TestEarlyResponse(t *testing.T) {
	w := newWorld(t, onRequest(func(w *world, x uint64) { w.respond(x, 200, "hello") }))
	s := w.connect()
	w.data(s, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc")
	require.Equal(t, helloHead+"hello", w.sent(s))
	w.data(s, "def"+get)
	require.Equal(t, []string{`request POST / "abc"`, `data "def" end done`, "request GET / end"}, w.log)
}

// A response that is cut looks cut to the client: one that ends with the connection ends with a reset.
func TestAbortOfAResponse(t *testing.T) {
	for request, reset := range map[string]bool{get: false, "GET / HTTP/1.0\r\n\r\n": true} {
		w := newWorld(t, onRequest(func(w *world, x uint64) {
			w.op(abi.OpResponseSend, x, abi.SendHead, responseHead(200), []byte("half"))
			w.op(abi.OpExchangeAbort, x, 0, nil, nil)
		}))
		s := w.connect()
		w.data(s, request)
		require.True(t, w.sockets[s].closed)
		require.Equal(t, reset, w.sockets[s].reset, request)
	}
}

func TestAbort(t *testing.T) {
	var held []uint64
	w := newWorld(t, func(w *world, ev Event) {
		if ev.Kind == abi.EventRequest {
			held = append(held, ev.Target)
		}
	})
	s := w.connect()
	w.data(s, get+get)
	status, _ := w.later(abi.OpExchangeAbort, held[1], 0, nil, "")
	require.Equal(t, abi.StatusOK, status)
	require.True(t, w.sockets[s].closed)
	require.Equal(t, []string{"close done", "close done"}, w.log[2:])
	for _, x := range held {
		status, _ = w.later(abi.OpResponseSend, x, abi.SendHead, responseHead(200), "")
		require.Equal(t, abi.StatusClosed, status)
	}
}

func TestBrokenConnection(t *testing.T) {
	var held []uint64
	w := newWorld(t, func(w *world, ev Event) {
		if ev.Kind == abi.EventRequest {
			held = append(held, ev.Target)
		}
	})
	s := w.connect()
	w.data(s, get+"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n")
	w.broken(s)
	require.Equal(t, []string{"close done", "close done"}, w.log[2:])
	status, _ := w.later(abi.OpRequestPause, held[1], 0, nil, "")
	require.Equal(t, abi.StatusClosed, status)

	// Broken while it is written to.
	s = w.connect()
	w.data(s, get)
	w.sockets[s].fail = true
	status, _ = w.later(abi.OpResponseSend, held[2], abi.SendHead|abi.SendEnd, responseHead(200), "x")
	require.Equal(t, abi.StatusReset, status)
	require.Equal(t, "close done", w.log[len(w.log)-1])
	require.Zero(t, w.live())
}

func TestHandlerFails(t *testing.T) {
	var held []uint64
	w := newWorld(t, func(w *world, ev Event) {
		if ev.Kind == abi.EventRequest {
			held = append(held, ev.Target)
		}
	})
	t.Run("before it answers", func(t *testing.T) {
		held = nil
		s := w.connect()
		w.data(s, get+get)
		_, done := w.later(abi.OpExchangeFail, held[1], 0, nil, "") // in any order
		require.True(t, done)
		w.later(abi.OpExchangeFail, held[0], 0, nil, "")
		require.True(t, strings.HasPrefix(w.sent(s), "HTTP/1.1 500 Internal Server Error\r\n"))
		require.True(t, w.sockets[s].shut)
	})
	t.Run("with the head out", func(t *testing.T) {
		held = nil
		s := w.connect()
		w.data(s, get)
		w.later(abi.OpResponseSend, held[0], abi.SendHead, responseHead(200), "part")
		w.later(abi.OpExchangeFail, held[0], 0, nil, "")
		require.True(t, w.sockets[s].closed)
		require.NotContains(t, w.sent(s), "500")
	})
	t.Run("with a queued head", func(t *testing.T) {
		held = nil
		s := w.connect()
		w.data(s, get+get)
		w.later(abi.OpResponseSend, held[1], abi.SendHead, responseHead(200), "part")
		w.later(abi.OpExchangeFail, held[1], 0, nil, "")
		w.later(abi.OpResponseSend, held[0], abi.SendHead|abi.SendEnd, responseHead(200), "first")
		require.Contains(t, w.sent(s), "first")
		require.Contains(t, w.sent(s), "500 Internal")
		require.NotContains(t, w.sent(s), "part")
	})
	t.Run("with a body coming", func(t *testing.T) {
		held = nil
		s := w.connect()
		w.data(s, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc")
		w.later(abi.OpExchangeFail, held[0], 0, nil, "")
		require.Contains(t, w.sent(s), "500 Internal")
		w.data(s, "def"+get)
		require.Len(t, held, 1)
	})
	require.Zero(t, w.engine.queued)
}

// A handle is never valid twice.
func TestStaleHandles(t *testing.T) {
	w := newWorld(t, hello)
	seen := map[uint64]bool{}
	w.handler = func(w *world, ev Event) {
		require.False(t, seen[ev.Target])
		seen[ev.Target] = true
		w.respond(ev.Target, 200, "")
		for x := range seen {
			status, _ := w.op(abi.OpResponseSend, x, abi.SendHead, responseHead(200), nil)
			require.Equal(t, abi.StatusClosed, status)
		}
	}
	s := w.connect()
	for range 50 {
		w.data(s, get)
	}
	require.Len(t, seen, 50)
	require.Len(t, w.engine.handles.slots, 1)

	w.engine.handles.slots[0].generation = 1<<32 - 2
	w.data(s, get) // the last generation
	w.data(s, get)
	require.Len(t, w.engine.handles.slots, 2)
	for _, x := range []uint64{0, 1, 7, 1<<63 | 5} {
		status, _ := w.later(abi.OpExchangeAbort, x, 0, nil, "")
		require.Equal(t, abi.StatusClosed, status)
	}
}

// What is kept of the last head never shows in the next.
func TestAlternatingHeads(t *testing.T) {
	heads := [][]byte{
		responseHead(200, "A", "b"), responseHead(200, "A", "b"), responseHead(404, "A", "b"), responseHead(200, "A", "\n"),
		responseHead(200, "A", "b"), responseHead(200, "Connection", "keep-alive"), nil, responseHead(200, "Connection", "keep-alive"),
		responseHead(200, "Content-Length", "5"), responseHead(200),
	}
	answers := func(w *world) (all []string) {
		for _, head := range heads {
			s := w.connect()
			w.handler = onRequest(func(w *world, x uint64) {
				w.op(abi.OpResponseSend, x, abi.SendHead|abi.SendEnd, head, []byte("hello"))
			})
			w.data(s, get)
			all = append(all, w.sent(s))
		}
		return all
	}
	var alone []string
	for i := range heads {
		one := heads[i]
		w := newWorld(t, onRequest(func(w *world, x uint64) {
			w.op(abi.OpResponseSend, x, abi.SendHead|abi.SendEnd, one, []byte("hello"))
		}))
		s := w.connect()
		w.data(s, get)
		alone = append(alone, w.sent(s))
	}
	require.Equal(t, alone, answers(newWorld(t, nil)))
}

// A body that turns out malformed ends the connection as soon as the answer that was given before has left,
// also while that waits for the kernel.
func TestErrorInBodyBehindAQueuedAnswer(t *testing.T) {
	w := newWorld(t, onRequest(func(w *world, x uint64) { w.respond(x, 200, "early") }))
	s := w.connect()
	w.sockets[s].room = 10
	w.data(s, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
	w.data(s, "zz\r\n")
	require.Equal(t, "close done", w.log[len(w.log)-1])
	require.False(t, w.sockets[s].shut)
	w.drain(s, 1000)
	require.Equal(t, helloHead+"early", w.sent(s))
	require.True(t, w.sockets[s].shut)
}

// An answer is not called sent because others follow it, when the kernel takes no more.
func TestPipelinedAnswerBehindAStalledKernel(t *testing.T) {
	var held []uint64
	w := newWorld(t, onRequest(func(_ *world, x uint64) { held = append(held, x) }))
	s := w.connect()
	w.sockets[s].room = 10
	w.data(s, get+get+get)
	answer := func(i int) abi.Status {
		status, _ := w.later(abi.OpResponseSend, held[i], abi.SendHead|abi.SendEnd, responseHead(200), "hello")
		return status
	}
	require.Equal(t, abi.StatusOK, answer(0)) // offered to the kernel in the turn that follows
	require.Equal(t, abi.StatusQueued, answer(1))
	w.drain(s, 1000)
	require.Equal(t, "finish done", w.log[len(w.log)-1])
	require.Equal(t, 2, strings.Count(w.sent(s), "hello"))
}
