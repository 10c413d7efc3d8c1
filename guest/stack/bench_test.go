package stack

import (
	"testing"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/internal/workload"
	"github.com/stretchr/testify/require"
)

// exchange has the engine receive in, and answers what comes of it.
func (w *world) exchange(socket uint64, in, head, body []byte) (requests int) {
	w.sockets[socket].sent = w.sockets[socket].sent[:0]
	w.engine.Data(socket, in, w.now)
	var r int64
	for _, ev := range w.engine.Events() {
		r |= w.engine.Operation(abi.OpResponseSend, ev.Target, abi.SendHead|abi.SendEnd, head, body, 0)
		requests++
	}
	if r&abi.ResultTurn != 0 {
		w.engine.Turn(w.now)
	}
	return requests
}

// In the long run an exchange allocates nothing, whether its head is remembered or not.
func TestExchangeAllocates(t *testing.T) {
	for _, c := range workload.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			w := newWorld(t, nil)
			s := w.connect()
			head, body := responseHead(200, "Content-Type", "text/plain"), []byte("hello world\n")
			i := 0
			run := func() {
				i++
				if n := w.exchange(s, c.Input[i%len(c.Input)], head, body); n != c.Requests {
					t.Fatal(n)
				}
			}
			for range 2 * len(c.Input) {
				run()
			}
			require.Zero(t, testing.AllocsPerRun(500, run))
		})
	}
}

func BenchmarkExchange(b *testing.B) {
	for _, c := range workload.Cases() {
		b.Run(c.Name, func(b *testing.B) {
			w := newWorld(&testing.T{}, nil)
			s := w.connect()
			head, body := responseHead(200, "Content-Type", "text/plain"), []byte("hello world\n")
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if n := w.exchange(s, c.Input[i%len(c.Input)], head, body); n != c.Requests {
					b.Fatal(n)
				}
			}
		})
	}
}
