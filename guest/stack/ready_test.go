package stack

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/portholehttp/porthole/abi"
	"github.com/stretchr/testify/require"
)

// What a client gets is the same, byte for byte, whether the head of the last response is used again or not: with other records, sizes,
// methods, listeners, seconds and ways of answering in between.
func TestReadyHead(t *testing.T) {
	noDate := headWithReason(200, "", "a", "b")
	noDate[18] |= byte(abi.ResponseNoDate)
	records := [][]byte{
		responseHead(200), responseHead(200, "Content-Type", "text/plain"), responseHead(404, "Content-Type", "text/plain"),
		responseHead(200, "Date", "now"), noDate, responseHead(200, "Content-Length", "10"), responseHead(200, "Content-Length", "7"),
		responseHead(200, "Transfer-Encoding", "chunked"), responseHead(204), responseHead(205), responseHead(304, "Content-Length", "10"),
		responseHead(200, "Connection", "keep-alive"), responseHead(200, "Keep-Alive", "x"), responseHead(200, "a", "b\x00"), nil,
	}
	const other = 5<<32 | 1_000_005
	run := func(off bool, seed uint64) (got []string, asked int) {
		r := rand.New(rand.NewPCG(seed, 1))
		w := newMemoWorld(t, off, nil)
		o := abi.DefaultOptions
		o.KeepAliveTimeout = 9 * second
		require.Equal(t, abi.StatusOK, w.engine.ListenerOpen(other, &o))
		sockets := []uint64{w.connect(), w.newSocket()}
		w.engine.Accept(sockets[1], other, w.now)
		record, i := records[0], 0
		w.handler = func(w *world, ev Event) {
			if ev.Kind != abi.EventRequest {
				return
			}
			for _, s := range sockets {
				if c := w.engine.conn(s); c != nil && c.ease == easeAsked {
					asked++
				}
			}
			if r.IntN(4) == 0 {
				record = records[r.IntN(1+r.IntN(len(records)))]
			}
			body := []byte(strings.Repeat("x", 10*r.IntN(3)))
			if r.IntN(8) == 0 {
				w.op(abi.OpResponseSend, ev.Target, abi.SendHead, record, body)
				w.op(abi.OpResponseSend, ev.Target, abi.SendEnd, nil, nil)
			} else {
				w.op(abi.OpResponseSend, ev.Target, abi.SendHead|abi.SendEnd, record, body)
			}
			w.op(abi.OpExchangeFail, ev.Target, 0, nil, nil) // if it is not over
		}
		for range 60 {
			if r.IntN(4) == 0 {
				i = 1 - i
			}
			s := sockets[i]
			if w.sockets[s].closed || w.sockets[s].shut {
				break
			}
			w.data(s, []string{"GET", "GET", "GET", "HEAD"}[r.IntN(4)]+" / HTTP/1.1\r\nHost: x\r\n\r\n")
			if r.IntN(10) == 0 {
				w.pass(int64(r.IntN(int(3 * second))))
			}
		}
		return []string{w.sent(sockets[0]), w.sent(sockets[1]), strings.Join(w.log, "\n")}, asked
	}
	total := 0
	for seed := range uint64(300) {
		want, none := run(true, seed)
		got, asked := run(false, seed)
		require.Equal(t, want, got, "seed %d", seed)
		require.Zero(t, none)
		total += asked
	}
	require.Greater(t, total, 1000)
}
