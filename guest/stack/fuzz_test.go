package stack

import (
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

// FuzzOperation gives the engine any operation with any record, as a hostile handler may: it must
// not fail, and what it writes stays one valid response.
func FuzzOperation(f *testing.F) {
	f.Add(uint32(abi.OpResponseSend), abi.SendHead|abi.SendEnd, responseHead(200, "a", "b"), []byte("x"), int64(0))
	f.Add(uint32(abi.OpResponseSend), abi.SendHead, headWithReason(404, "No", "Content-Length", "3"), []byte("x"), int64(0))
	f.Add(uint32(abi.OpResponseInform), uint32(0), responseHead(103, "Link", "x"), []byte{}, int64(0))
	f.Add(uint32(abi.OpServerListen), uint32(0), make([]byte, abi.ListenRequestSize), []byte{}, int64(0))
	f.Fuzz(func(t *testing.T, op, flags uint32, head, body []byte, rest int64) {
		w := newWorld(t, nil)
		w.handler = onRequest(func(w *world, x uint64) {
			for _, target := range []uint64{x, 0, 1, testListener} {
				r := w.engine.Operation(abi.Operation(op), target, flags, head, body, rest)
				w.turn = w.turn || r&abi.ResultTurn != 0
			}
		})
		s := w.connect()
		w.data(s, get)
		w.end(s)
		w.pass(400 * sec)
	})
}
