package stack

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"github.com/portholehttp/porthole/abi"
	"github.com/stretchr/testify/require"
)

// benchmarkCase is what a client sends, in turn, each time in one piece.
type benchmarkCase struct {
	name     string
	requests int // in a piece
	input    [][]byte
}

// benchmarkCases are those of BenchmarkStack in wasm. With 200 heads that all differ the engine never sees one again in time.
func benchmarkCases() []benchmarkCase {
	const kinds = 200
	curl := "Host: localhost:8080\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n"
	long := "Host: localhost:8080\r\n" + strings.Repeat("X-Some-Field-Name: some value, not too short\r\n", 19)
	get := func(target, fields string) []byte { return []byte("GET " + target + " HTTP/1.1\r\n" + fields + "\r\n") }
	each := func(f func(n string) []byte) (all [][]byte) {
		for n := range kinds {
			all = append(all, f(strconv.Itoa(1000+n)))
		}
		return all
	}
	number := func(fields, n string) string { return fields + "X-Number: " + n + "\r\n" }
	post := append([]byte("POST /upload HTTP/1.1\r\n"+curl+"Content-Length: 16384\r\n\r\n"), make([]byte, 16384)...)
	return []benchmarkCase{
		{"hello/same", 1, [][]byte{get("/", curl)}},
		{"hello/targets", 1, each(func(n string) []byte { return get("/items/"+n, curl) })},
		{"hello/different", 1, each(func(n string) []byte { return get("/", number(curl, n)) })},
		{"20fields/same", 1, [][]byte{get("/", long)}},
		{"20fields/different", 1, each(func(n string) []byte { return get("/", number(long, n)) })},
		{"post16k", 1, [][]byte{post}},
		{"pipelined16", 16, [][]byte{bytes.Repeat(get("/", curl), 16)}},
	}
}

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
	for _, c := range benchmarkCases() {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, nil)
			s := w.connect()
			head, body := responseHead(200, "Content-Type", "text/plain"), []byte("hello world\n")
			i := 0
			run := func() {
				i++
				if n := w.exchange(s, c.input[i%len(c.input)], head, body); n != c.requests {
					t.Fatal(n)
				}
			}
			for range 2 * len(c.input) {
				run()
			}
			require.Zero(t, testing.AllocsPerRun(500, run))
		})
	}
}

func BenchmarkExchange(b *testing.B) {
	for _, c := range benchmarkCases() {
		b.Run(c.name, func(b *testing.B) {
			w := newWorld(&testing.T{}, nil)
			s := w.connect()
			head, body := responseHead(200, "Content-Type", "text/plain"), []byte("hello world\n")
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if n := w.exchange(s, c.input[i%len(c.input)], head, body); n != c.requests {
					b.Fatal(n)
				}
			}
		})
	}
}
