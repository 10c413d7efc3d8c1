package stack

import (
	"fmt"
	"strings"
	"testing"

	"github.com/portholehttp/porthole/abi"
	"github.com/stretchr/testify/require"
)

// newMemoWorld is newWorld with or without a memo.
func newMemoWorld(t *testing.T, off bool, handler func(*world, Event), change ...func(*abi.Options)) *world {
	w := newWorld(t, handler, change...)
	w.engine.memo.off = off
	return w
}

// recollections returns how many requests are remembered, or would be but for the memo being full.
func (w *world) recollections() int { return len(w.engine.memo.slots) }

// FuzzMemo gives the engine requests in any number of pieces, on connections of their own: what handlers are told, to the last byte of every
// record, and what clients get is the same with and without a memo.
func FuzzMemo(f *testing.F) {
	const fields = " HTTP/1.1\r\nHost: x\r\nA: b\r\n"
	for _, s := range []string{
		"GET /" + fields + "\r\n|GET /" + fields + "\r\n|GET /a?b" + fields + "\r\nGET /c" + fields + "\r\n|HEAD /" + fields + "\r\n",
		"GET /" + fields + "\r\n|GET /" + fields + "\r\n|GET /" + fields + "X: y\r\n\r\n|GET /" + fields + "\r\n#1GET /" + fields + "\r\n",
		"POST /" + fields + "Content-Length: 2\r\n\r\nab|POST /b" + fields + "Content-Length: 2\r\n\r\ncd|POST /" + fields + "Content-Length: 2\r\n\r\ne|f",
		"GET /" + fields + "\r\n|PUT /" + fields + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n|PUT /x" + fields + "Transfer-Encoding: chunked\r\n\r\n0\r\nT: u\r\n\r\n",
		"GET /" + fields + "\r\n|GET /" + fields + "\r\n|GET /a b" + fields + "\r\n", "GET /" + fields + "\r\n|GET /" + fields + "\r\n|CONNECT /" + fields + "\r\n",
		"GET /" + fields + "\r\n|OPTIONS /" + fields + "\r\n|OPTIONS *" + fields + "\r\n|GET http://y/" + fields + "\r\n",
		"GET /" + fields + "\r\n|GET /" + fields + "Expect: 100-continue\r\n\r\n|GET /" + fields + "Connection: close\r\n\r\n|GET /" + fields + "\r\n",
		"GET /" + fields + "\r\n|\r\nGET /" + fields + "\r\n|\r|\nGET /" + fields + "\r\n|" + "GET /" + strings.Repeat("a", 100) + fields + "\r\n",
		"GET /" + fields + "\r\n|GET /" + fields + "Connection: close\r\n\r\n|#1GET /" + fields + "Connection: close\r\n\r\n|#1GET /" + fields + "\r\n",
		strings.Repeat("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n|", 2) + "#1GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
		strings.Repeat("GET /stream"+fields+"\r\n|", 4),
	} {
		f.Add([]byte(s), uint16(120), uint8(0))
		f.Add([]byte(s), uint16(400), uint8(3))
	}
	f.Fuzz(func(t *testing.T, input []byte, size uint16, count uint8) {
		run := func(off bool) string {
			var told strings.Builder
			handler := func(w *world, ev Event) {
				fmt.Fprintf(&told, "%d %d %d %q %q\n", ev.Kind, ev.Flags, ev.Target, ev.Head, ev.Body)
				if strings.Contains(string(ev.Head), "/stream") {
					w.op(abi.OpResponseSend, ev.Target, abi.SendHead, responseHead(200), []byte("a"))
					w.op(abi.OpResponseSend, ev.Target, abi.SendEnd, nil, []byte("b"))
					return
				}
				hello(w, ev)
			}
			w := newMemoWorld(t, off, handler, func(o *abi.Options) {
				o.MaxHeaderBytes, o.MaxHeadersCount = max(uint32(size), 1), uint32(count)
			})
			sockets := []uint64{w.connect(), w.connect(), w.connect()}
			now := 0
			for _, p := range strings.Split(string(input), "|") {
				if len(p) > 1 && p[0] == '#' {
					now, p = int(p[1])%len(sockets), p[2:]
				}
				w.data(sockets[now], p)
			}
			for _, s := range sockets {
				w.end(s)
				told.WriteString(w.sent(s))
			}
			return told.String()
		}
		require.Equal(t, run(true), run(false))
	})
}

// What a head means is remembered with the listener's limits, and never crosses to another listener.
func TestMemoIsTheListeners(t *testing.T) {
	w := newWorld(t, hello)
	s := w.connect()
	for range 3 {
		w.data(s, get)
	}
	require.Equal(t, 1, w.recollections())
	require.Contains(t, w.sent(s), "200 OK")

	const strict = 5<<32 | 1_000_005
	o := abi.DefaultOptions
	o.MaxHeaderBytes = uint32(len(get)) - 1
	require.Equal(t, abi.StatusOK, w.engine.ListenerOpen(strict, &o))
	h := w.newSocket()
	w.engine.Accept(h, strict, w.now)
	w.deliver()
	w.data(h, get)
	require.Contains(t, w.sent(h), "431 ")
}

// A connection may refer to a slot that is another listener's by now.
func TestMemoChangesHands(t *testing.T) {
	w := newWorld(t, nil)
	fields := 0
	w.handler = func(w *world, ev Event) {
		fields = len(decodeRequest(t, ev.Head).fields)
		w.respond(ev.Target, 200, "")
	}
	const few = 5<<32 | 1_000_005
	o := abi.DefaultOptions
	o.MaxHeadersCount = 1
	require.Equal(t, abi.StatusOK, w.engine.ListenerOpen(few, &o))
	head := func(i int) string { return fmt.Sprintf("GET / HTTP/1.1\r\nHost: x\r\nN: %d\r\n\r\n", i) }
	s := w.connect()
	for range 3 {
		w.data(s, head(0))
	}
	for i := memoSlots - 1; i >= 0; i-- {
		h := w.newSocket()
		w.engine.Accept(h, few, w.now)
		w.data(h, get)
		w.data(h, head(i))
	}
	require.Equal(t, 1, fields)
	require.NotEqual(t, w.engine.conn(s).listener, w.engine.conn(s).memo.listener)
	w.data(s, head(0))
	require.Equal(t, 2, fields)
}

// A request for another protocol with a body is a plain one, but only as long as there is a listener for those without.
func TestMemoKnowsNoUpgrade(t *testing.T) {
	w := listening(newWorld(t, hello), abi.ListenUpgrade)
	s := w.connect()
	for range 3 {
		w.data(s, "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: x\r\nConnection: upgrade\r\nContent-Length: 1\r\n\r\na")
	}
	require.Equal(t, 3, strings.Count(w.sent(s), "hello"))
	w.later(abi.OpServerListeners, 0, 0, nil, "")
	w.data(s, "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: x\r\nConnection: upgrade\r\nContent-Length: 1\r\n\r\na")
	require.True(t, w.sockets[s].shut)
	require.Equal(t, 3, strings.Count(w.sent(s), "hello"))
}

// A longer target makes a remembered head too large.
func TestMemoMeasuresAgain(t *testing.T) {
	w := newWorld(t, hello, func(o *abi.Options) { o.MaxHeaderBytes = uint32(len(get)) + 10 })
	s := w.connect()
	for range 3 {
		w.data(s, get)
	}
	at := strings.Index(get, "/") + 1
	w.data(s, get[:at]+strings.Repeat("a", 10)+get[at:])
	require.NotContains(t, w.sent(s), " 431 ")
	w.data(s, get[:at]+strings.Repeat("a", 11)+get[at:])
	require.Contains(t, w.sent(s), " 431 ")
}

// Events of one entry that refer to one recollection keep what they were raised with, and so does what is behind another's.
func TestMemoWithinAnEntry(t *testing.T) {
	var targets []string
	w := newWorld(t, nil)
	w.handler = func(w *world, ev Event) {
		q := decodeRequest(t, ev.Head)
		require.Equal(t, []string{"Host: x"}, q.fields)
		targets = append(targets, q.method+" "+q.target)
		w.respond(ev.Target, 200, "")
	}
	s := w.connect()
	request := func(method, target string) string { return method + " " + target + " HTTP/1.1\r\nHost: x\r\n\r\n" }
	w.data(s, request("GET", "/"))
	w.data(s, request("GET", "/"))
	require.Equal(t, 1, w.recollections())
	targets = nil
	w.data(s, request("GET", "/longer")+request("HEAD", "/")+request("PUT", "/a")+request("GET", "/longer")+request("DELETE", "/longest?target"))
	require.Equal(t, []string{"GET /longer", "HEAD /", "PUT /a", "GET /longer", "DELETE /longest?target"}, targets)
}

// Any number of clients with heads of their own costs a bounded number of slots, and every one gets its own request.
func TestMemoIsBounded(t *testing.T) {
	w := newWorld(t, nil)
	want := ""
	w.handler = func(w *world, ev Event) {
		require.Equal(t, want, decodeRequest(t, ev.Head).fields[1])
		w.respond(ev.Target, 200, "")
	}
	var sockets []uint64
	for range 3 * memoSlots {
		sockets = append(sockets, w.connect())
	}
	for range 4 {
		for i, s := range sockets {
			want = fmt.Sprintf("N: %04d", i)
			w.data(s, "GET / HTTP/1.1\r\nHost: x\r\n"+want+"\r\n\r\n")
		}
	}
	require.Equal(t, memoSlots, w.recollections())

	// A slot whose record an event refers to is not filled anew.
	m := w.engine.memo.slots[w.engine.memo.next]
	s := sockets[0]
	w.engine.conn(s).memo, w.engine.conn(s).misses = m, 0
	var got []string
	w.handler = func(w *world, ev Event) {
		got = append(got, decodeRequest(t, ev.Head).fields[1])
		w.respond(ev.Target, 200, "")
	}
	was := decodeRequest(t, m.record).fields[1]
	w.data(s, string(m.record[m.text:])+"GET / HTTP/1.1\r\nHost: x\r\nN: 9999\r\n\r\n")
	require.Equal(t, []string{was, "N: 9999"}, got)
	w.handler = func(w *world, ev Event) {
		require.Equal(t, want, decodeRequest(t, ev.Head).fields[1])
		w.respond(ev.Target, 200, "")
	}

	long := "GET / HTTP/1.1\r\nHost: x\r\nN: " + strings.Repeat("a", maxMemoHead) + "\r\n\r\n"
	want = long[strings.Index(long, "N: ") : len(long)-4]
	for range 4 {
		w.data(sockets[0], long)
	}
	for _, m := range w.engine.memo.slots {
		require.LessOrEqual(t, len(m.record), abi.RequestHeadSize+maxMemoFields*abi.FieldSize+maxMemoHead)
	}
}
