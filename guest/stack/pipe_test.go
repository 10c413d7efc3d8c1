package stack

import (
	"strings"
	"testing"

	"github.com/portholehttp/porthole/abi"
	"github.com/stretchr/testify/require"
)

// pipe has what comes for a handle go to another.
func (w *world) pipe(from, to uint64) abi.Status {
	return w.pipeMost(from, to, -1)
}

func (w *world) pipeMost(from, to uint64, most int64) abi.Status {
	status, _ := w.later(abi.OpPipe, from, 0, abi.Append(nil, &abi.Pipe{To: to, Most: most}), "")
	return status
}

// proxied is a request that came in and the one that it has become, each with a head that is out.
type proxied struct {
	*world
	client, server uint64 // sockets
	in, out        uint64 // exchanges
}

const chunkedResponse = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

// newProxied has a response begin; fields are of the response to the client, in turn.
func newProxied(t *testing.T, request, response string, fields ...string) *proxied {
	p := &proxied{}
	p.world = newWorld(t, func(w *world, ev Event) {
		if ev.Kind == abi.EventRequest {
			w.name(ev.Target, "in")
			p.in = ev.Target
		}
	})
	p.client = p.connect()
	p.data(p.client, request)
	p.out = p.open("out", pooled)
	p.later(abi.OpRequestSend, p.out, abi.SendHead, clientHead("POST", "/", "Transfer-Encoding", "chunked"), "")
	p.server = p.accept(0)
	p.data(p.server, response)
	p.later(abi.OpResponseSend, p.in, abi.SendHead, responseHead(200, fields...), "")
	p.sockets[p.server].sent, p.sockets[p.client].sent, p.writes = nil, nil, 0
	p.take()
	return p
}

func TestPipeFramings(t *testing.T) {
	const body = "hello, world"
	for _, c := range []struct {
		response string // how the server frames it
		pieces   []string
		end      bool // by the connection's
		fields   []string
		want     string // what the client gets
	}{
		{"Content-Length: 12\r\n\r\n", []string{body}, false, nil, "c\r\nhello, world\r\n0\r\n\r\n"},
		{"Content-Length: 12\r\n\r\n", []string{body}, false, []string{"Content-Length", "12"}, body},
		{"Content-Length: 12\r\n\r\n", []string{"hello", ", world"}, false, []string{"Content-Length", "12"}, body},
		{"Transfer-Encoding: chunked\r\n\r\n", []string{"5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n"}, false, []string{"Content-Length", "12"}, body},
		{"Transfer-Encoding: chunked\r\n\r\n", []string{"5\r\nhello\r\n7;x=y\r\n, world\r\n", "0\r\n\r\n"}, false, nil, "c\r\nhello, world\r\n0\r\n\r\n"},
		{"Transfer-Encoding: chunked\r\n\r\n", []string{"5\r\nhel", "lo\r\n7\r\n, world\r\n0\r\n\r\n"}, false, nil, "3\r\nhel\r\n9\r\nlo, world\r\n0\r\n\r\n"},
		{"\r\n", []string{"hello, ", "world"}, true, nil, "7\r\nhello, \r\n5\r\nworld\r\n0\r\n\r\n"},
	} {
		p := newProxied(t, get, "HTTP/1.1 200 OK\r\n"+c.response, c.fields...)
		require.Equal(t, abi.StatusOK, p.pipe(p.out, p.in))
		for _, piece := range c.pieces {
			p.data(p.server, piece)
		}
		if c.end {
			p.end(p.server)
		}
		log := p.take()
		require.Len(t, log, 1, "%q: no data", c.pieces)
		require.Regexp(t, "^out: data end", log[0])
		require.LessOrEqual(t, p.writes, len(c.pieces), "what comes together goes together")
		p.later(abi.OpResponseSend, p.in, abi.SendEnd, nil, "")
		require.Equal(t, c.want, p.sent(p.client), "%q", c.pieces)
	}
}

// Bytes of a request's body, and trailers, which are the handler's to pass on.
func TestPipeOfARequest(t *testing.T) {
	p := newProxied(t, chunkedPost, chunkedResponse)
	require.Equal(t, abi.StatusOK, p.pipe(p.in, p.out))
	p.data(p.client, "3\r\nabc\r\n")
	var moved uint64
	p.handler = func(_ *world, ev Event) { moved = ev.Other }
	p.data(p.client, "2\r\nde\r\n0\r\nT: x\r\n\r\n")
	require.Equal(t, []string{"in: data end"}, p.log)
	require.EqualValues(t, 5, moved)
	require.Equal(t, "3\r\nabc\r\n2\r\nde\r\n", p.sent(p.server))
	p.later(abi.OpRequestSend, p.out, abi.SendEnd|abi.SendTrailers, trailers("T", "x"), "")
	require.Equal(t, "3\r\nabc\r\n2\r\nde\r\n0\r\nT: x\r\n\r\n", p.sent(p.server))
}

// What is on its way to the handler when it asks for a pipe still comes.
func TestPipeBeginsAfterEventsOnTheirWay(t *testing.T) {
	p := newProxied(t, get, chunkedResponse)
	p.handler = func(w *world, ev Event) {
		if ev.Kind != abi.EventData {
			return
		}
		w.op(abi.OpResponseSend, p.in, 0, nil, ev.Body)
		if strings.HasPrefix(string(ev.Body), "a") {
			status, _ := w.op(abi.OpPipe, p.out, 0, abi.Append(nil, &abi.Pipe{To: p.in, Most: -1}), nil)
			require.Equal(w.t, abi.StatusOK, status)
		}
	}
	p.data(p.server, "1\r\na\r\n1\r\nb\r\n")
	p.data(p.server, "1\r\nc\r\n")
	require.Equal(t, []string{`out: data "a"`, `out: data "b"`}, p.log)
	require.Equal(t, "1\r\na\r\n1\r\nb\r\n1\r\nc\r\n", p.sent(p.client))
}

// The source is not read while bytes wait at the sink, and again when they have left.
func TestPipeBackPressure(t *testing.T) {
	p := newProxied(t, get, "HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n", "Content-Length", "200")
	require.Equal(t, abi.StatusOK, p.pipe(p.out, p.in))
	client, server := p.sockets[p.client], p.sockets[p.server]
	client.room = 10
	body := strings.Repeat("0123456789", 20)
	p.data(p.server, body[:100])
	require.True(t, server.paused)
	p.data(p.server, body[100:150]) // was read before the pause
	require.Equal(t, 90, p.engine.queued)
	p.drain(p.client, 89)
	require.True(t, server.paused)
	p.drain(p.client, 1+20)
	require.True(t, server.paused, "what was held back has filled the sink again")
	require.Equal(t, body[:120], p.sent(p.client))
	p.drain(p.client, 1000)
	require.False(t, server.paused)
	p.data(p.server, body[150:])
	require.Equal(t, body, p.sent(p.client))
	require.Equal(t, []string{"out: data end"}, p.take(), "no drain for what the handler has not sent")
}

// Pausing the source holds through a pipe.
func TestPipeFromAPausedSource(t *testing.T) {
	p := newProxied(t, get, chunkedResponse)
	require.Equal(t, abi.StatusOK, p.pipe(p.out, p.in))
	p.later(abi.OpRequestPause, p.out, 0, nil, "")
	p.data(p.server, "1\r\na\r\n")
	require.Empty(t, p.sent(p.client))
	require.True(t, p.sockets[p.server].paused)
	p.later(abi.OpRequestResume, p.out, 0, nil, "")
	require.Equal(t, "1\r\na\r\n", p.sent(p.client))
	require.False(t, p.sockets[p.server].paused)
}

// A piece that cannot be moved comes to the handler, and so does the rest.
func TestPipeEnds(t *testing.T) {
	for name, c := range map[string]struct {
		fields []string
		do     func(p *proxied)
		want   []string
	}{
		"asked for":               {nil, func(p *proxied) { require.Equal(t, abi.StatusOK, p.pipe(p.out, 0)) }, nil},
		"the sink is ended":       {nil, func(p *proxied) { p.later(abi.OpResponseSend, p.in, abi.SendEnd, nil, "") }, nil},
		"the sink is aborted":     {nil, func(p *proxied) { p.later(abi.OpExchangeAbort, p.in, 0, nil, "") }, []string{"in: close done"}},
		"the sink's handler died": {nil, func(p *proxied) { p.later(abi.OpExchangeFail, p.in, 0, nil, "") }, nil},
		"the sink broke":          {nil, func(p *proxied) { p.broken(p.client) }, []string{"in: close done"}},
		"its length":              {[]string{"Content-Length", "4"}, func(*proxied) {}, nil},
		"its most":                {nil, func(p *proxied) { require.Equal(t, abi.StatusOK, p.pipeMost(p.out, p.in, 4)) }, nil},
		"the sink's queue is full": {nil, func(p *proxied) {
			p.sockets[p.client].room = 0
			p.later(abi.OpResponseSend, p.in, 0, nil, strings.Repeat("x", 200))
		}, nil},
	} {
		p := newProxied(t, strings.Replace(chunkedPost, "\r\n\r\n", "\r\n\r\n1\r\nx\r\n", 1), chunkedResponse, c.fields...)
		p.engine.listeners[0].options.MaxQueuedBytes = 100
		require.Equal(t, abi.StatusOK, p.pipe(p.out, p.in), name)
		p.data(p.server, "2\r\nab\r\n")
		require.Contains(t, p.sent(p.client), "ab", name)
		p.take()
		c.do(p)
		p.data(p.server, "3\r\ncde\r\n2\r\nfg\r\n")
		require.Equal(t, append(c.want, `out: data "cde"`, `out: data "fg"`), p.take(), name)
		require.False(t, p.sockets[p.server].paused, name)
		require.NotContains(t, p.sent(p.client), "cde", name)
	}
}

// What goes before a piece that cannot be moved is moved before that is told.
func TestPipeEndsInTheMidst(t *testing.T) {
	p := newProxied(t, get, chunkedResponse, "Content-Length", "4")
	require.Equal(t, abi.StatusOK, p.pipe(p.out, p.in))
	var moved uint64
	p.handler = func(_ *world, ev Event) { moved += ev.Other }
	p.data(p.server, "1\r\na\r\n2\r\nbc\r\n2\r\nde\r\n0\r\n\r\n")
	require.Equal(t, "abc", p.sent(p.client))
	require.Equal(t, []string{`out: data "de" end`}, p.take())
	require.EqualValues(t, 3, moved)
}

// A source that has ended leaves its sink to another.
func TestPipesInTurn(t *testing.T) {
	p := newProxied(t, get, chunkedResponse)
	require.Equal(t, abi.StatusOK, p.pipe(p.out, p.in))
	second := p.open("second", pooled)
	p.request(second, "GET", "/", "")
	s := p.accept(1)
	p.data(s, chunkedResponse)
	require.Equal(t, abi.StatusState, p.pipe(second, p.in))
	p.data(p.server, "1\r\na\r\n0\r\n\r\n") // its request has not ended
	require.Equal(t, abi.StatusOK, p.pipe(second, p.in))
	p.data(s, "1\r\nb\r\n0\r\n\r\n")
	require.Equal(t, "1\r\na\r\n1\r\nb\r\n", p.sent(p.client))
}

// As TestPipeIntoWhatWillNotDrain, of a request and of a raw connection.
func TestPipeIntoOthersThatWillNotDrain(t *testing.T) {
	for name, end := range map[string]func(w *world, to uint64){
		"ended": func(w *world, to uint64) {
			if w.engine.handles.socket(to) != nil {
				w.later(abi.OpSocketSend, to, abi.SendEnd, nil, "")
			} else {
				w.later(abi.OpRequestSend, to, abi.SendEnd, nil, "")
			}
		},
		"aborted":          func(w *world, to uint64) { w.later(abi.OpExchangeAbort, to, 0, nil, "") },
		"its handler died": func(w *world, to uint64) { w.later(abi.OpExchangeFail, to, 0, nil, "") },
	} {
		p := newProxied(t, chunkedPost, chunkedResponse)
		socket, status := p.engine.Handle(abi.OpSocketOpen, 7<<32, destination())
		require.Equal(t, abi.StatusOK, status)
		p.turnOver()
		p.sockets[p.server].room = 0
		for _, to := range []uint64{p.out, socket} {
			require.Equal(t, abi.StatusOK, p.pipe(p.in, to), name)
			p.data(p.client, "1\r\na\r\n")
			require.True(t, p.sockets[p.client].paused, name)
			p.take()
			end(p.world, to)
			require.False(t, p.sockets[p.client].paused, name)
			p.data(p.client, "1\r\nb\r\n")
			log := p.take()
			require.Equal(t, `in: data "b"`, log[len(log)-1], name)
		}
	}
}

// A sink that breaks or ends lets its source go, which waits for it.
func TestPipeIntoWhatWillNotDrain(t *testing.T) {
	for name, do := range map[string]func(p *proxied){
		"broken":            func(p *proxied) { p.broken(p.client) },
		"aborted":           func(p *proxied) { p.later(abi.OpExchangeAbort, p.in, 0, nil, "") },
		"its handler died":  func(p *proxied) { p.later(abi.OpExchangeFail, p.in, 0, nil, "") },
		"ended":             func(p *proxied) { p.later(abi.OpResponseSend, p.in, abi.SendEnd, nil, "") },
		"no longer a sink":  func(p *proxied) { p.pipe(p.out, 0) },
		"found unwritable":  func(p *proxied) { p.sockets[p.client].fail = true; p.drain(p.client, 1) },
		"too slow for long": func(p *proxied) { p.pass(200 * sec) },
	} {
		p := newProxied(t, get, chunkedResponse)
		require.Equal(t, abi.StatusOK, p.pipe(p.out, p.in))
		p.sockets[p.client].room = 3
		p.data(p.server, "2\r\nab\r\n")
		require.True(t, p.sockets[p.server].paused, name)
		p.data(p.server, "2\r\ncd\r\n") // was read before the pause
		do(p)
		p.data(p.server, "0\r\n\r\n")
		log := p.take()
		require.Equal(t, []string{`out: data "cd"`, "out: data end"}, log[len(log)-2:], name)
		require.False(t, p.sockets[p.server].paused, name)
	}
}

// A write that finds the sink broken is told in the same entry.
func TestPipeIntoWhatBreaksNow(t *testing.T) {
	p := newProxied(t, get, chunkedResponse)
	require.Equal(t, abi.StatusOK, p.pipe(p.out, p.in))
	p.sockets[p.client].fail = true
	p.data(p.server, "2\r\nab\r\n")
	require.Equal(t, []string{"in: close done"}, p.take())
	p.data(p.server, "2\r\ncd\r\n")
	require.Equal(t, []string{`out: data "cd"`}, p.take())
}

// A request that waits for a connection takes what fits, and its source waits with it.
func TestPipeIntoARequestWithoutConnection(t *testing.T) {
	p := newProxied(t, chunkedPost, chunkedResponse)
	p.refuse = abi.StatusOK
	other := p.open("other", func(d *abi.Destination) { d.MaxSockets = 1 })
	p.later(abi.OpRequestSend, other, abi.SendHead, clientHead("POST", "/", "Content-Length", "6"), "")
	require.Equal(t, abi.StatusOK, p.pipe(p.in, other))
	p.data(p.client, "3\r\nabc\r\n")
	require.True(t, p.sockets[p.client].paused)
	p.later(abi.OpExchangeAbort, p.out, 0, nil, "") // the one connection that there may be
	s := p.accept(1)
	require.False(t, p.sockets[p.client].paused)
	p.data(p.client, "3\r\ndef\r\n0\r\n\r\n")
	require.True(t, strings.HasSuffix(p.sent(s), "\r\n\r\nabcdef"))
}

// Between raw connections: of a connection to itself too, and each side's end by itself.
func TestPipeOfSockets(t *testing.T) {
	var h uint64
	w := listening(newWorld(t, naming(func(_ *world, ev Event) {
		if ev.Kind == abi.EventConnect {
			h = ev.Target
		}
	})), abi.ListenConnect)
	client := w.connect()
	w.data(client, connectRequest)
	require.Equal(t, abi.StatusOK, w.pipe(h, h))
	w.data(client, "echo")
	require.Equal(t, "echo", w.sent(client))

	out, status := w.engine.Handle(abi.OpSocketOpen, 7<<32, destination())
	require.Equal(t, abi.StatusOK, status)
	w.name(out, "out")
	w.turnOver()
	require.Equal(t, abi.StatusOK, w.pipe(h, out), "another sink")
	w.data(client, "early")
	require.True(t, w.sockets[client].paused)
	server := w.outgoing[0]
	w.engine.Connect(server, abi.StatusOK, nil, w.now)
	w.deliver()
	require.False(t, w.sockets[client].paused)
	require.Equal(t, abi.StatusOK, w.pipe(out, h))
	w.take()
	w.data(client, " late")
	require.Equal(t, "early late", w.sent(server))
	w.sockets[client].room = 2
	w.data(server, "answer")
	require.True(t, w.sockets[server].paused)
	w.end(client)
	require.Equal(t, []string{"socket: data end"}, w.take())
	w.drain(client, 100)
	require.False(t, w.sockets[server].paused)
	w.data(server, "s")
	require.Equal(t, "echoanswers", w.sent(client))
	w.later(abi.OpSocketSend, out, abi.SendEnd, nil, "")
	require.True(t, w.sockets[server].shut)
	w.end(server)
	w.later(abi.OpSocketSend, h, abi.SendEnd, nil, "")
	w.atRest()
}

func TestPipeStatuses(t *testing.T) {
	p := newProxied(t, chunkedPost, chunkedResponse)
	silent := p.open("silent")
	p.later(abi.OpRequestSend, silent, abi.SendHead, clientHead("POST", "/"), "")
	unsent := p.open("unsent")
	socket, status := p.engine.Handle(abi.OpSocketOf, p.in, nil)
	require.Equal(t, abi.StatusOK, status)
	check := func(name string, from, to uint64, want abi.Status) {
		t.Helper()
		require.Equal(t, want, p.pipe(from, to), name)
	}
	check("no source", p.in+1<<40, p.out, abi.StatusClosed)
	check("no sink", p.in, p.out+1<<40, abi.StatusClosed)
	check("no response yet", silent, p.in, abi.StatusState)
	check("no head yet", p.in, unsent, abi.StatusState)
	check("HTTP is spoken on the source", socket, p.in, abi.StatusState)
	check("HTTP is spoken on the sink", p.in, socket, abi.StatusState)
	check("to the handler, where it goes", p.out, 0, abi.StatusOK)
	check("a message into its answer", p.in, p.in, abi.StatusOK)
	check("again", p.in, p.in, abi.StatusOK)
	check("a second source", p.out, p.in, abi.StatusState)
	check("another sink", p.in, p.out, abi.StatusOK)
	check("the first sink is free", p.out, p.in, abi.StatusOK)
	for _, record := range [][]byte{nil, make([]byte, abi.PipeSize+1)} {
		status, _ := p.later(abi.OpPipe, p.in, 0, record, "")
		require.Equal(t, abi.StatusInvalid, status)
	}
	p.data(p.client, "0\r\n\r\n")
	check("the source has ended", p.in, p.out, abi.StatusState)
	p.later(abi.OpResponseSend, p.in, abi.SendEnd, nil, "")
	check("the sink is over", p.out, p.in, abi.StatusClosed)
	p.later(abi.OpExchangeAbort, p.out, 0, nil, "")
	check("the source is over", p.out, silent, abi.StatusClosed)
}

// A response without a body takes nothing.
func TestPipeIntoNoBody(t *testing.T) {
	p := newProxied(t, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", chunkedResponse)
	require.Equal(t, abi.StatusState, p.pipe(p.out, p.in))
}

// The source of a pipe that has much to move is read in large pieces, until it is the handler's again: events bring no more than 64 KiB.
func TestPipeReadsInBulk(t *testing.T) {
	const much = 3*maxEventBody + 7
	begin := func() *proxied {
		p := newProxied(t, get, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", "Content-Length", "1000000")
		require.Equal(t, abi.StatusOK, p.pipe(p.out, p.in))
		p.data(p.server, strings.Repeat("x", 100))
		require.Empty(t, p.sockets[p.server].options)
		p.data(p.server, strings.Repeat("x", bulky))
		p.data(p.server, strings.Repeat("x", much))
		require.Equal(t, []string{"5=1"}, p.sockets[p.server].options)
		require.Len(t, p.sent(p.client), 100+bulky+much)
		return p
	}
	p := begin()
	require.Equal(t, abi.StatusOK, p.pipe(p.out, 0))
	require.Equal(t, []string{"5=1", "5=0"}, p.sockets[p.server].options)
	var sizes []int
	p.handler = func(_ *world, ev Event) { sizes = append(sizes, len(ev.Body)) }
	p.data(p.server, strings.Repeat("x", much)) // had been read by then
	require.Equal(t, []int{maxEventBody, maxEventBody, maxEventBody, 7}, sizes)

	p = begin()
	p.broken(p.client)
	require.Equal(t, []string{"5=1", "5=0"}, p.sockets[p.server].options)

	p = begin()
	p.data(p.server, strings.Repeat("x", 1000000-100-bulky-much))
	require.Equal(t, []string{"5=1", "5=0"}, p.sockets[p.server].options)
}
