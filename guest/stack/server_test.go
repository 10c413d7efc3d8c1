package stack

import (
	"strings"
	"testing"

	"github.com/portholehttp/porthole/abi"
	"github.com/stretchr/testify/require"
)

func TestHello(t *testing.T) {
	w := newWorld(t, hello)
	s := w.connect()
	w.data(s, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
	require.Equal(t, helloHead+"hello", w.sent(s))
	require.Equal(t, []string{"request GET /a end"}, w.log)
	require.Equal(t, 1, w.writes)
	require.False(t, w.sockets[s].closed)
}

// Any split of the input gives the same events and the same answers.
func TestSplits(t *testing.T) {
	const input = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" +
		"\r\nPUT /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n" +
		"GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET /d HTTP/1.1\r\n"
	run := func(pieces ...string) (string, string) {
		heads := ""
		w := newWorld(t, func(w *world, ev Event) {
			heads += string(ev.Head) // whole records, trailers too
			hello(w, ev)
		})
		s := w.connect()
		for _, p := range pieces {
			w.data(s, p)
		}
		w.end(s)
		require.True(t, w.sockets[s].closed)
		return w.sent(s), joinPieces(w.log) + heads
	}
	sent, log := run(input)
	require.Equal(t, 3, strings.Count(sent, "HTTP/1.1 200 OK"))
	require.Contains(t, log, "PUT /b")
	for i := 1; i < len(input); i++ {
		s, l := run(input[:i], input[i:])
		require.Equal(t, sent, s, "split at %d", i)
		require.Equal(t, log, l, "split at %d", i)
	}
	s, l := run(strings.Split(input, "")...)
	require.Equal(t, sent, s)
	require.Equal(t, log, l)
}

// joinPieces makes logs comparable whose bodies are cut differently.
func joinPieces(log []string) string {
	all := strings.Join(log, "\n")
	all = strings.ReplaceAll(all, "\nfinish done", "") // tells when a handle is over, nothing of the message
	all = strings.ReplaceAll(all, "\ndata end", " end")
	all = strings.ReplaceAll(all, "\ndata ", " ")
	return strings.ReplaceAll(all, "\" \"", "")
}

func TestErrors(t *testing.T) {
	for _, c := range []struct{ name, input, want string }{
		{"bad method", "GOT / HTTP/1.1\r\n", "400 Bad Request"},
		{"bare LF", "GET / HTTP/1.1\n", "400 Bad Request"},
		{"no host", "GET / HTTP/1.1\r\n\r\n", "400 Bad Request"},
		{"version", "GET / HTTP/2.0\r\n", "505 HTTP Version Not Supported"},
		{"long target", "GET /" + strings.Repeat("a", 17<<10), "414 URI Too Long"},
		{"long head", "GET / HTTP/1.1\r\nA: " + strings.Repeat("a", 17<<10), "431 Request Header Fields Too Large"},
		{"coding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "501 Not Implemented"},
		{"expectation", "GET / HTTP/1.1\r\nHost: x\r\nExpect: a-pony\r\n\r\n", "417 Expectation Failed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, hello)
			s := w.connect()
			w.data(s, c.input)
			require.Equal(t, "HTTP/1.1 "+c.want+"\r\nDate: "+testDate+"\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", w.sent(s))
			require.True(t, w.sockets[s].shut)
			require.Empty(t, w.log)
			w.data(s, "GET / HTTP/1.1\r\nHost: x\r\n\r\n") // discarded
			w.end(s)
			require.True(t, w.sockets[s].closed)
			require.Empty(t, w.log)
		})
	}
}

// An error never overtakes the answers to earlier requests.
func TestErrorAfterPipelined(t *testing.T) {
	var held []uint64
	w := newWorld(t, func(w *world, ev Event) { held = append(held, ev.Target) })
	s := w.connect()
	w.data(s, "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\nbroken\r\n")
	require.Empty(t, w.sent(s))
	require.Len(t, held, 2)
	status, done := w.later(abi.OpResponseSend, held[1], abi.SendHead|abi.SendEnd, responseHead(200), "two")
	require.Equal(t, abi.StatusQueued, status)
	require.False(t, done)
	require.Empty(t, w.sent(s))
	w.later(abi.OpResponseSend, held[0], abi.SendHead|abi.SendEnd, responseHead(200), "one")
	sent := w.sent(s)
	require.Less(t, strings.Index(sent, "one"), strings.Index(sent, "two"))
	require.Less(t, strings.Index(sent, "two"), strings.Index(sent, "400 Bad Request"))
	require.Equal(t, "finish done", w.log[len(w.log)-1])
	require.True(t, w.sockets[s].shut)
}

// An error in a body takes the place of the response, if nothing of that was sent.
func TestErrorInBody(t *testing.T) {
	const head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
	t.Run("before the response", func(t *testing.T) {
		w := newWorld(t, nil)
		s := w.connect()
		w.data(s, head+"3\r\nabc\r\n")
		w.data(s, "zz\r\n")
		require.Contains(t, w.sent(s), "400 Bad Request")
		require.Equal(t, []string{`request POST / "abc"`, "close done"}, w.log)
	})
	t.Run("after its head", func(t *testing.T) {
		w := newWorld(t, func(w *world, ev Event) {
			if ev.Kind == abi.EventRequest {
				w.op(abi.OpResponseSend, ev.Target, abi.SendHead, responseHead(200), []byte("x"))
			}
		})
		s := w.connect()
		w.data(s, head)
		w.data(s, "zz\r\n")
		require.NotContains(t, w.sent(s), "400")
		require.True(t, w.sockets[s].closed)
		require.Equal(t, "close done", w.log[len(w.log)-1])
	})
	t.Run("after its end", func(t *testing.T) {
		w := newWorld(t, func(w *world, ev Event) {
			if ev.Kind == abi.EventRequest {
				w.respond(ev.Target, 200, "early")
			}
		})
		s := w.connect()
		w.data(s, head)
		w.data(s, "zz\r\n")
		require.NotContains(t, w.sent(s), "400")
		require.Contains(t, w.sent(s), "early")
		require.True(t, w.sockets[s].shut)
		require.Equal(t, "close done", w.log[len(w.log)-1])
	})
	t.Run("end of input", func(t *testing.T) {
		w := newWorld(t, nil)
		s := w.connect()
		w.data(s, head)
		w.end(s)
		require.Contains(t, w.sent(s), "400 Bad Request")
		require.True(t, w.sockets[s].closed)
	})
}

func TestHalfClose(t *testing.T) {
	var x uint64
	w := newWorld(t, func(_ *world, ev Event) { x = ev.Target })
	s := w.connect()
	w.data(s, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	w.end(s)
	require.False(t, w.sockets[s].closed)
	w.later(abi.OpResponseSend, x, abi.SendHead|abi.SendEnd, responseHead(200), "late")
	require.Contains(t, w.sent(s), "Connection: close\r\n")
	require.Contains(t, w.sent(s), "late")
	require.True(t, w.sockets[s].closed)

	idle := w.connect()
	w.end(idle)
	require.True(t, w.sockets[idle].closed)
	require.Empty(t, w.sent(idle))
}

func TestPipelining(t *testing.T) {
	const one = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	t.Run("one write", func(t *testing.T) {
		w := newWorld(t, hello)
		s := w.connect()
		w.data(s, strings.Repeat(one, 16))
		require.Equal(t, 16, strings.Count(w.sent(s), "hello"))
		require.Equal(t, 1, w.writes)
	})
	t.Run("more than the limit", func(t *testing.T) {
		w := newWorld(t, hello, func(o *abi.Options) { o.MaxPipelined = 4 })
		s := w.connect()
		w.data(s, strings.Repeat(one, 50)+one[:10])
		require.Equal(t, 50, strings.Count(w.sent(s), "hello"))
		require.False(t, w.sockets[s].paused)
		w.data(s, one[10:])
		require.Equal(t, 51, strings.Count(w.sent(s), "hello"))
	})
	t.Run("bounded read-ahead", func(t *testing.T) {
		var held []uint64
		w := newWorld(t, func(_ *world, ev Event) { held = append(held, ev.Target) }, func(o *abi.Options) { o.MaxPipelined = 4 })
		s := w.connect()
		w.data(s, strings.Repeat(one, 6))
		require.Len(t, held, 4)
		require.True(t, w.sockets[s].paused)
		w.later(abi.OpResponseSend, held[0], abi.SendHead|abi.SendEnd, responseHead(200), "")
		require.Len(t, held, 5)
		require.True(t, w.sockets[s].paused)
		w.later(abi.OpResponseSend, held[1], abi.SendHead|abi.SendEnd, responseHead(200), "")
		w.later(abi.OpResponseSend, held[2], abi.SendHead|abi.SendEnd, responseHead(200), "")
		require.Len(t, held, 6)
		require.False(t, w.sockets[s].paused)
	})
	t.Run("a client that does not read", func(t *testing.T) {
		w := newWorld(t, func(w *world, ev Event) {
			if ev.Kind == abi.EventRequest {
				w.respond(ev.Target, 200, strings.Repeat("x", 40<<10))
			}
		})
		s := w.connect()
		w.sockets[s].room = 0
		w.data(s, strings.Repeat(one, 30))
		require.True(t, w.sockets[s].paused)
		require.LessOrEqual(t, len(w.log), int(abi.DefaultOptions.MaxPipelined))
		w.data(s, one)
		before := len(w.log)
		w.drain(s, 1<<30)
		require.Greater(t, len(w.log), before)
		for range 10 {
			w.drain(s, 1<<30)
		}
		require.Equal(t, 31, strings.Count(w.sent(s), "200 OK"))
		require.False(t, w.sockets[s].paused)
		require.Zero(t, w.engine.queued)
	})
}

func TestConnectionClose(t *testing.T) {
	w := newWorld(t, hello)
	s := w.connect()
	w.data(s, "GET /1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n")
	require.Equal(t, 1, strings.Count(w.sent(s), "hello"))
	require.Contains(t, w.sent(s), "Connection: close\r\n")
	require.NotContains(t, w.sent(s), "Keep-Alive")
	require.Equal(t, []string{"request GET /1 end"}, w.log)
	require.True(t, w.sockets[s].shut)
	require.False(t, w.sockets[s].closed)
	w.pass(abi.DefaultOptions.LingerTimeout)
	require.True(t, w.sockets[s].closed)
}

// A handler that closes leaves the requests behind it unanswered.
func TestHandlerCloses(t *testing.T) {
	w := newWorld(t, func(w *world, ev Event) {
		if ev.Kind == abi.EventRequest && strings.Contains(w.describe(ev), "/1") {
			w.respond(ev.Target, 200, "bye", "Connection", "close")
		}
	})
	s := w.connect()
	w.data(s, "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n")
	require.Equal(t, []string{"request GET /1 end", "request GET /2 end", "close done"}, w.log)
	require.True(t, w.sockets[s].shut)
	require.Equal(t, 1, strings.Count(w.sent(s), "HTTP/1.1 200"))
}

func TestHTTP10(t *testing.T) {
	w := newWorld(t, hello)
	s := w.connect()
	w.data(s, "GET / HTTP/1.0\r\n\r\n")
	require.Contains(t, w.sent(s), "HTTP/1.1 200 OK\r\n")
	require.Contains(t, w.sent(s), "Connection: close\r\n")
	require.True(t, w.sockets[s].shut)

	s = w.connect()
	w.data(s, "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
	require.Contains(t, w.sent(s), "Connection: keep-alive\r\n")
	require.False(t, w.sockets[s].shut)

	// Without a length the body ends with the connection; never chunked.
	w.handler = func(w *world, ev Event) {
		if ev.Kind == abi.EventRequest {
			w.op(abi.OpResponseSend, ev.Target, abi.SendHead, responseHead(200), []byte("a"))
			w.op(abi.OpResponseSend, ev.Target, abi.SendEnd, nil, []byte("b"))
		}
	}
	s = w.connect()
	w.data(s, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
	require.True(t, strings.HasSuffix(w.sent(s), "Connection: close\r\n\r\nab"), w.sent(s))
	require.True(t, w.sockets[s].shut)
}

func TestUpgradeWithoutListener(t *testing.T) {
	for _, input := range []string{
		"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nrest",
		"CONNECT a.example:80 HTTP/1.1\r\nHost: a.example:80\r\n\r\nrest",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	} {
		w := newWorld(t, hello)
		s := w.connect()
		w.data(s, input)
		require.Empty(t, w.sent(s), input)
		require.True(t, w.sockets[s].shut, input)
		require.Empty(t, w.log)
	}
	w := newWorld(t, hello, func(o *abi.Options) { o.Lenient = abi.IgnoreUpgrade })
	s := w.connect()
	w.data(s, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	require.Equal(t, helloHead+"hello", w.sent(s))
}

func TestExpectContinue(t *testing.T) {
	const head = "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
	t.Run("automatic", func(t *testing.T) {
		w := newWorld(t, hello)
		s := w.connect()
		w.data(s, head)
		require.Equal(t, "HTTP/1.1 100 Continue\r\n\r\n", w.sent(s))
		w.data(s, "abc")
		require.Equal(t, "HTTP/1.1 100 Continue\r\n\r\n"+helloHead+"hello", w.sent(s))
	})
	t.Run("in turn", func(t *testing.T) {
		var held []uint64
		w := newWorld(t, func(_ *world, ev Event) { held = append(held, ev.Target) })
		s := w.connect()
		w.data(s, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"+head)
		require.Empty(t, w.sent(s))
		w.later(abi.OpResponseSend, held[0], abi.SendHead|abi.SendEnd, responseHead(200), "hello")
		require.Equal(t, helloHead+"helloHTTP/1.1 100 Continue\r\n\r\n", w.sent(s))
	})
	t.Run("listened to", func(t *testing.T) {
		for _, accept := range []bool{true, false} {
			w := newWorld(t, func(w *world, ev Event) {
				switch {
				case ev.Kind == abi.EventCheckContinue && accept:
					status, _ := w.op(abi.OpResponseInform, ev.Target, 0, responseHead(100), nil)
					require.Equal(t, abi.StatusOK, status)
				case ev.Kind == abi.EventCheckContinue:
					w.respond(ev.Target, 403, "no")
				case ev.Flags&abi.EventEnd != 0:
					w.respond(ev.Target, 200, "hello")
				}
			})
			status, _ := w.later(abi.OpServerListeners, 0, abi.ListenCheckContinue, nil, "")
			require.Equal(t, abi.StatusOK, status)
			s := w.connect()
			w.data(s, head)
			if accept {
				require.Equal(t, "HTTP/1.1 100 Continue\r\n\r\n", w.sent(s))
				w.data(s, "abc")
				require.Equal(t, []string{"check_continue POST /", `data "abc" end`, "finish done"}, w.log)
				require.Contains(t, w.sent(s), "keep-alive")
			} else {
				// A final status without 100 closes: the client may or may not send its body.
				require.Contains(t, w.sent(s), "403 Forbidden")
				require.Contains(t, w.sent(s), "Connection: close")
				require.Equal(t, []string{"check_continue POST /", "close done"}, w.log)
				require.True(t, w.sockets[s].shut)
			}
		}
	})
}
