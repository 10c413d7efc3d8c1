package stack

import (
	"slices"
	"strings"
	"testing"

	"github.com/portholehttp/porthole/abi"
	"github.com/stretchr/testify/require"
)

// FuzzServer gives the engine any bytes, whole and split in two: it must not fail, and must answer
// the same.
func FuzzServer(f *testing.F) {
	for _, s := range []string{
		get + get, headOf, "GET / HTTP/1.0\r\n\r\n", "\r\n" + get + "x",
		"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc" + get,
		"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nT: u\r\n\r\n" + get,
		"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\nHost: x\n\n",
	} {
		f.Add([]byte(s), uint(len(s)/2))
	}
	f.Fuzz(func(t *testing.T, input []byte, at uint) {
		run := func(pieces ...[]byte) string {
			w := newWorld(t, hello)
			s := w.connect()
			for _, p := range pieces {
				w.data(s, string(p))
			}
			w.end(s)
			require.True(t, w.sockets[s].closed)
			require.Zero(t, w.engine.queued)
			return w.sent(s) + joinPieces(w.log)
		}
		at %= uint(len(input)) + 1
		require.Equal(t, run(input), run(input[:at], input[at:]))
	})
}

// FuzzClient gives the engine any bytes for a response, whole and split in two, in answer to a request behind which another
// waits: it must not fail, must tell the same of the first, and both must come to their end. Bytes behind the first
// response may or may not have been there before the second request was sent, so what that gets may differ.
func FuzzClient(f *testing.F) {
	for _, s := range []string{
		okResponse, okResponse + okResponse, "HTTP/1.1 100 Continue\r\n\r\n" + okResponse, "HTTP/1.0 200 OK\r\n\r\nto the end",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nT: u\r\n\r\n" + okResponse,
		"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
		"HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nraw", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", "SSH-2.0-x\r\n",
	} {
		for kind := range uint8(16) {
			f.Add([]byte(s), uint(len(s)/2), kind)
		}
	}
	f.Fuzz(func(t *testing.T, input []byte, at uint, kind uint8) {
		run := func(reset bool, pieces ...[]byte) string {
			w := newWorld(t, nil)
			xs := []uint64{0, 0}
			var log []string // of the first request
			heads, bytes, done := "", "", map[uint64]bool{}
			w.handler = func(w *world, ev Event) {
				require.False(t, done[ev.Target], "an event for a handle that is over: %s", w.describe(ev))
				done[ev.Target] = ev.Flags&abi.EventDone != 0 && ev.Kind != abi.EventError
				if w.names[ev.Target] == "b" {
					return
				}
				bytes += string(ev.Body) // of the response, or of the protocol behind it
				ev.Body = nil
				if w.names[ev.Target] == "a" && (ev.Kind != abi.EventData || ev.Flags != 0) {
					log = append(log, strings.TrimPrefix(w.describe(ev), "a: "))
					heads += string(ev.Head)
				}
			}
			keep := pooled
			if kind&8 != 0 {
				keep = ownConnection
			}
			method, fields := "GET", []string(nil)
			switch kind & 3 {
			case 1:
				method = "HEAD"
			case 2:
				method = "CONNECT"
			case 3:
				fields = []string{"Connection", "upgrade", "Upgrade", "x"}
			}
			xs[0], xs[1] = w.open("a", keep, oneSocket), w.open("b", keep, oneSocket)
			if kind&4 != 0 { // its response comes while it is sent
				w.later(abi.OpRequestSend, xs[0], abi.SendHead, clientHead("POST", "/"), "part")
			} else {
				w.request(xs[0], method, "a:1", "", fields...)
			}
			w.request(xs[1], "POST", "/", "x")
			s := w.accept(0)
			for _, p := range pieces {
				w.data(s, string(p))
			}
			if reset && !w.sockets[s].closed {
				w.broken(s)
			}
			for i := 0; w.live() > 0; i++ { // the server says no more
				require.Less(t, i, 10, "a connection without an end")
				for _, s := range slices.Clone(w.outgoing) {
					if c := w.engine.conn(s); c != nil && c.raw != nil {
						w.later(abi.OpExchangeAbort, c.handle, 0, nil, "")
						continue
					}
					w.end(s)
				}
				for _, x := range xs {
					w.later(abi.OpExchangeAbort, x, 0, nil, "")
				}
			}
			for _, x := range xs {
				require.True(t, done[x], "a request without an end")
			}
			w.atRest()
			all := joinPieces(log)
			if kind&4 != 0 { // whether more comes behind the response is seen at once, or later
				all, _, _ = strings.Cut(all, " end")
				heads, _, _ = strings.Cut(heads, "ECONNRESET")
				heads, _, _ = strings.Cut(heads, "HPE_")
			}
			return all + heads + bytes
		}
		at %= uint(len(input)) + 1
		for _, reset := range []bool{false, true} {
			require.Equal(t, run(reset, input), run(reset, input[:at], input[at:]))
		}
	})
}

// FuzzOperation gives the engine any operation with any record, as a hostile handler may, on everything that has a handle:
// it must not fail, and keeps nothing when all is over.
func FuzzOperation(f *testing.F) {
	f.Add(uint32(abi.OpResponseSend), abi.SendHead|abi.SendEnd, responseHead(200, "a", "b"), []byte("x"), int64(0))
	f.Add(uint32(abi.OpResponseSend), abi.SendHead, headWithReason(404, "No", "Content-Length", "3"), []byte("x"), int64(0))
	f.Add(uint32(abi.OpResponseInform), uint32(0), responseHead(103, "Link", "x"), []byte{}, int64(0))
	f.Add(uint32(abi.OpServerListen), uint32(0), make([]byte, abi.ListenRequestSize), []byte{}, int64(0))
	f.Add(uint32(abi.OpRequestSend), abi.SendHead|abi.SendEnd, clientHead("GET", "/", "a", "b"), []byte{}, int64(0))
	f.Add(uint32(abi.OpRequestSend), abi.SendHead, clientHead("PUT", "/", "Content-Length", "3"), []byte("abcd"), int64(0))
	f.Add(uint32(abi.OpRequestSend), abi.SendHead|abi.SendMore, clientHead("PUT", "/"), []byte("a"), int64(9))
	f.Add(uint32(abi.OpSocketSend), abi.SendEnd, []byte{}, []byte("x"), int64(0))
	f.Add(uint32(abi.OpExchangeFail), uint32(0), []byte{}, []byte{}, int64(0))
	f.Add(uint32(abi.OpDrain), uint32(0), []byte{}, []byte{}, int64(0))
	for option := abi.SocketNoDelay; option <= abi.SocketAgentRemove; option++ {
		f.Add(uint32(abi.OpSocketSet), uint32(option), []byte{}, []byte{}, int64(1))
	}
	for _, op := range []abi.Operation{abi.OpRequestOpen, abi.OpSocketOpen} {
		f.Add(uint32(op), uint32(0), destination(pooled), []byte{}, int64(0))
		f.Add(uint32(op), uint32(0), destination(ownConnection), []byte{}, int64(0))
	}
	f.Add(uint32(abi.OpSocketOf), uint32(0), []byte{}, []byte{}, int64(0))
	f.Fuzz(func(t *testing.T, op, flags uint32, head, body []byte, rest int64) {
		w := listening(newWorld(t, nil), abi.ListenUpgrade|abi.ListenClientError|abi.ListenConnection)
		targets := []uint64{0, 1, testListener, 7 << 32}
		for range 2 { // one that is connected, and one that waits
			targets = append(targets, w.open("a", pooled, oneSocket))
		}
		w.accept(0)
		raw, _ := w.engine.Handle(abi.OpSocketOpen, 7<<32, destination(ownConnection))
		targets = append(targets, raw, w.engine.conn(w.outgoing[0]).handle)
		try := func(w *world, x uint64) {
			for _, target := range append(slices.Clone(targets), x) {
				w.tryAny(op, target, flags, head, body, rest)
			}
		}
		w.handler = func(w *world, ev Event) {
			switch ev.Kind {
			case abi.EventRequest, abi.EventUpgrade, abi.EventClientError, abi.EventConnection, abi.EventConnected:
				try(w, ev.Target)
			}
		}
		for _, input := range []string{get, upgradeRequest + "x", "x\r\n\r\n"} {
			s := w.connect()
			w.data(s, input)
			w.end(s)
		}
		for i := range w.outgoing {
			w.accept(i)
			w.data(w.outgoing[i], okResponse)
		}
		w.handler = nil
		for h := range w.engine.handles.slots { // what is left of it dies
			if x := w.engine.handles.slots[h].exchange; x != nil && x.handle != 0 {
				w.later(abi.OpExchangeFail, x.handle, 0, nil, "")
			}
			if c := w.engine.handles.slots[h].conn; c != nil {
				w.later(abi.OpExchangeFail, c.handle, 0, nil, "")
			}
		}
		w.later(abi.OpDrain, 0, 0, nil, "")
		for range 3 {
			for s, socket := range w.sockets {
				if !socket.closed {
					w.drain(s, -1)
					w.end(s)
				}
			}
			w.pass(400 * sec)
		}
		w.atRest()
	})
}

// tryAny is any operation, with its rest, and any that has a handle for its result.
func (w *world) tryAny(op uint32, target uint64, flags uint32, head, body []byte, rest int64) {
	head, body = slices.Clone(head), slices.Clone(body)
	r := w.engine.Operation(abi.Operation(op), target, flags, head, body, rest)
	w.turn = w.turn || r&abi.ResultTurn != 0
	if _, status := w.engine.Handle(abi.Operation(op), target, head); status == abi.StatusOK {
		w.turn = true
	}
}
