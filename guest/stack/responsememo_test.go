package stack

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
)

// ask sends a request on a connection that is idle, if there is one, with nothing between request_open and request_send.
func (w *world) ask(name, method string, change ...func(*abi.Destination)) abi.Status {
	_, status := w.asked(name, method, change...)
	return status
}

// asked is ask, and returns the handle too.
func (w *world) asked(name, method string, change ...func(*abi.Destination)) (uint64, abi.Status) {
	x, status := w.engine.Handle(abi.OpRequestOpen, 7<<32, destination(change...))
	require.Equal(w.t, abi.StatusOK, status)
	w.name(x, name)
	w.turn = true
	status, _ = w.op(abi.OpRequestSend, x, abi.SendHead|abi.SendEnd, clientHead(method, "/"), nil)
	return x, status
}

// warm returns a world with one connection, on which two requests were answered with okResponse, so that its head is remembered.
func warm(t *testing.T) (w *world, socket uint64) {
	w = newClient(t)
	w.ask("first", "GET", pooled)
	w.turnOver()
	socket = w.accept(0)
	w.data(socket, okResponse)
	w.ask("second", "GET", pooled)
	w.turnOver()
	w.data(socket, okResponse)
	w.turnOver()
	w.log = nil
	return w, socket
}

func TestIdleConnectionIsTakenAtOnce(t *testing.T) {
	w, s := warm(t)
	w.sockets[s].sent = nil
	require.Equal(t, abi.StatusOK, w.ask("a", "GET", pooled), "the kernel has it")
	require.Equal(t, "GET / HTTP/1.1\r\nConnection: keep-alive\r\n\r\n", w.sent(s))
	require.Empty(t, w.log, "an operation raises no event")
	w.turnOver()
	require.Equal(t, []string{"a: socket s0"}, w.log, "and no finish follows")
	w.data(s, okResponse)
	require.Equal(t, "a: response 200 \"hi\" end done", w.log[1])

	w.ask("b", "GET", pooled)
	require.Equal(t, abi.StatusQueued, w.ask("c", "GET", pooled), "it is b's")
	w.turnOver()
	require.Len(t, w.outgoing, 2)

	w, s = warm(t)
	w.open("waits", pooled, oneSocket)
	require.Equal(t, abi.StatusQueued, w.ask("next", "GET", pooled, oneSocket), "first come, first served")
	require.NotContains(t, w.sent(s), "next")
}

// Whatever comes, cut anywhere, the handler is told the same whether heads are remembered or not.
func TestKnownResponseIsGeneral(t *testing.T) {
	bodies := []string{"hi", "ho", "", "hello"}
	known := 0
	for seed := range uint64(200) {
		run := func(off bool) string {
			r := rand.New(rand.NewPCG(seed, 1))
			w := newClient(t)
			w.engine.memo.off = off
			for i := range 40 {
				method := []string{"GET", "GET", "GET", "GET", "POST", "HEAD"}[r.IntN(6)]
				w.ask(fmt.Sprint("x", i), method, pooled, oneSocket)
				w.turnOver()
				last := len(w.outgoing) - 1
				s := w.outgoing[last]
				if c := w.engine.conn(s); c != nil && c.stalled {
					w.accept(last)
				}
				body := bodies[r.IntN(len(bodies))]
				raw := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n", len(body))
				if r.IntN(10) == 0 {
					raw += "Connection: close\r\n"
				}
				if raw += "\r\n"; method != "HEAD" || r.IntN(5) == 0 {
					raw += body
				}
				if r.IntN(20) == 0 {
					raw += "surplus"
				}
				if cut := r.IntN(2 * len(raw)); cut < len(raw) {
					w.data(s, raw[:cut])
					raw = raw[cut:]
				}
				before := len(w.engine.heads)
				if !w.sockets[s].closed {
					w.data(s, raw)
				}
				if m := w.engine.memo; !m.off && before == len(w.engine.heads) {
					known++
				}
				w.turnOver()
			}
			for _, s := range w.outgoing {
				w.log = append(w.log, w.sent(s))
			}
			return strings.Join(w.log, "\n")
		}
		require.Equal(t, run(true), run(false), "seed %d", seed)
	}
	require.Greater(t, known, 500)
}

// What is told of a response does not depend on whether its head is remembered.
func TestKnownResponse(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
	for _, c := range []struct {
		title, method string
		pieces        []string
		log           string // without the socket
		closed        bool
	}{
		{"the same", "GET", []string{okResponse}, `a: response 200 "hi" end done`, false},
		{"another body", "GET", []string{head + "yo"}, `a: response 200 "yo" end done`, false},
		{"in two pieces", "GET", []string{head, "hi"}, `a: response 200|a: data "hi" end done`, false},
		{"cut in the body", "GET", []string{head + "h", "i"}, `a: response 200 "h"|a: data "i" end done`, false},
		{"cut in the head", "GET", []string{head[:9], head[9:] + "hi"}, `a: response 200 "hi" end done`, false},
		{"with surplus", "GET", []string{okResponse + "x"}, `a: response 200 "hi" end done|s0: close done`, true},
		{"another length", "GET", []string{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi!"}, `a: response 200 "hi!" end done`, false},
		{"another status", "GET", []string{"HTTP/1.1 201 OK\r\nContent-Length: 2\r\n\r\nhi"}, `a: response 201 "hi" end done`, false},
		{"the last", "GET", []string{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"}, `a: response 200 "hi" end done|s0: close done`, true},
		{"to HEAD", "HEAD", []string{head}, `a: response 200 end done`, false},
		{"to HEAD, with a body", "HEAD", []string{okResponse}, `a: response 200 end done|s0: close done`, true},
		{"to POST", "POST", []string{okResponse}, `a: response 200 "hi" end done`, false},
	} {
		w, s := warm(t)
		w.ask("a", c.method, pooled)
		w.turnOver()
		w.log = nil
		for _, piece := range c.pieces {
			w.data(s, piece)
		}
		require.Equal(t, c.log, strings.Join(w.log, "|"), c.title)
		require.Equal(t, c.closed, w.sockets[s].closed, c.title)
		if !c.closed {
			w.ask("b", "GET", pooled)
			w.turnOver()
			w.data(s, okResponse)
			require.Equal(t, `b: response 200 "hi" end done`, w.log[len(w.log)-1], c.title)
		}
	}
}

func TestKnownResponseIsOfTheSameTerms(t *testing.T) {
	w, _ := warm(t)
	w.ask("a", "GET", pooled)
	w.turnOver()
	w.ask("b", "GET", pooled, func(d *abi.Destination) { d.MaxHeaderBytes = 20 })
	w.turnOver()
	s := w.accept(1)
	w.log = nil
	w.data(s, okResponse)
	require.Contains(t, w.log[0], "HPE_HEADER_OVERFLOW", "the head is longer than that")
}

func TestKnownResponseWhilePaused(t *testing.T) {
	w, s := warm(t)
	x, _ := w.asked("a", "GET", pooled)
	w.turnOver()
	w.log = nil
	w.later(abi.OpRequestPause, x, 0, nil, "")
	w.data(s, okResponse)
	require.Empty(t, w.log)
	w.later(abi.OpRequestResume, x, 0, nil, "")
	require.Equal(t, []string{`a: response 200 "hi" end done`}, w.log)
}

// In steady state a client exchange on a connection that is kept allocates nothing.
func TestNoAllocationOfAClient(t *testing.T) {
	w, s := warm(t)
	record, head, in := destination(pooled), clientHead("GET", "/"), []byte(okResponse)
	buf := make([]byte, 256)
	allocs := testing.AllocsPerRun(1000, func() {
		w.now += ms
		w.sockets[s].sent = w.sockets[s].sent[:0]
		x, _ := w.engine.Handle(abi.OpRequestOpen, 7<<32, record)
		w.engine.Operation(abi.OpRequestSend, x, abi.SendHead|abi.SendEnd, head, nil, 0)
		w.engine.Turn(w.now)
		w.engine.Data(s, buf[:copy(buf, in)], w.now)
		require.Nil(t, w.engine.handles.exchange(x))
	})
	require.Zero(t, allocs)
	require.Len(t, w.outgoing, 1)
}

func TestRecentPoolHasTheNewestLimits(t *testing.T) {
	w := newClient(t)
	two := func(d *abi.Destination) { d.MaxSockets = 2 }
	w.open("a", oneSocket)
	w.open("b", oneSocket)
	require.Len(t, w.outgoing, 1)
	w.open("c", two)
	require.Len(t, w.outgoing, 2)
	w.open("d", oneSocket)
	w.data(w.accept(0), "")
	w.broken(w.outgoing[0])
	require.Len(t, w.outgoing, 2, "one of them is enough again")
}

// What a head that is remembered says must not outlive what it depends on.
func TestKnownResponseIsNotTheEnd(t *testing.T) {
	const last = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"
	w, s := warm(t)
	w.ask("other", "GET", pooled)                               // keeps the pool
	for i, response := range []string{okResponse, last, last} { // the server closes the connection, each time
		w.ask("a", "GET", pooled)
		w.turnOver()
		if i != 1 {
			s = w.accept(len(w.outgoing) - 1)
		}
		w.data(s, response)
		w.turnOver()
		require.Equal(t, i > 0, w.sockets[s].closed)
	}

	w, s = warm(t)
	x, status := w.engine.Handle(abi.OpRequestOpen, 7<<32, destination(pooled))
	require.Equal(t, abi.StatusOK, status)
	w.later(abi.OpRequestSend, x, abi.SendHead|abi.SendEnd, clientHead("GET", "/", "Connection", "close"), "")
	w.data(s, okResponse)
	require.True(t, w.sockets[s].closed, "we close it after it")

	w, s = warm(t)
	x = w.open("a", pooled)
	w.later(abi.OpRequestSend, x, abi.SendHead, clientHead("POST", "/"), "begun")
	w.log = nil
	w.data(s, okResponse)
	require.Equal(t, []string{`a: response 200 "hi" end`}, w.log, "the request goes on")
	_, done := w.later(abi.OpRequestSend, x, abi.SendEnd, nil, "")
	require.True(t, done)
}
