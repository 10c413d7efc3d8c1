package handler

import (
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/portholehttp/porthole/guest/http"
	"github.com/portholehttp/porthole/guest/net"
)

// storm begins "n" requests, "parallel" at a time, that "seed" makes different: some upload and some do not, and some are given up, at
// any stage. /report tells whether each has ended once and got no byte that is not its own.
func (h *Handler) storm(_ *http.ServerRequest, res *http.ServerResponse, q query) {
	s := &storm{
		audit:   &h.audit,
		random:  rand.New(rand.NewPCG(uint64(q.number("seed", 0)), 0)),
		options: h.options(q),
		left:    q.number("n", 1),
	}
	for range min(s.left, q.number("parallel", 1)) {
		s.next()
	}
	res.EndString("begun")
}

type storm struct {
	audit   *audit
	random  *rand.Rand
	options http.RequestOptions
	left    int
}

// gust is a request of a storm.
type gust struct {
	*audited
	storm   *storm
	request *http.ClientRequest
	want    string // the body of its response
	got     int    // bytes of that
	abortAt string // the event at which it is given up; "" never
	abortBy int    // and for data, after so many bytes
}

// next makes a request, if there is one left.
func (s *storm) next() {
	if s.left == 0 {
		return
	}
	s.left--
	name := "g" + strconv.Itoa(1_000_000+s.audit.begun)
	size := s.random.IntN(1 << (1 + s.random.IntN(17)))
	g := &gust{audited: s.audit.begin(name), storm: s, want: strings.Repeat(name, size/len(name)+1)[:size]}
	if stages := []string{"made", "socket", "response", "data"}; s.random.IntN(4) == 0 {
		g.abortAt = stages[s.random.IntN(len(stages))]
		g.abortBy = s.random.IntN(size + 1)
	}
	o := s.options
	upload := s.random.IntN(2) == 0
	o.Method, o.Path = "GET", "/repeat?text="+name+"&size="+strconv.Itoa(size)
	if upload {
		o.Method, o.Path = "POST", "/echo?text="+name
	}
	g.request = http.Request(o, g.respond)
	g.request.OnSocket(func(*net.Socket) {
		g.note("socket", "response", "error")
		g.stage("socket")
	})
	g.request.OnFinish(func() { g.note("finish", "finish") })
	g.request.OnError(func(error) { g.over("error") })
	g.request.OnClose(func() { g.note("close", "close") })
	if upload {
		g.send()
	} else {
		g.request.End()
	}
	g.stage("made")
}

// send sends the body in pieces, as fast as they leave.
func (g *gust) send() {
	rest := g.want
	next := func() {
		for rest != "" {
			piece := rest[:min(len(rest), 1+g.storm.random.IntN(20_000))]
			rest = rest[len(piece):]
			if !g.request.WriteString(piece) {
				return
			}
		}
		g.request.End()
	}
	g.request.OnDrain(next)
	next()
}

func (g *gust) respond(answer *http.ClientResponse) {
	g.note("response "+strconv.Itoa(answer.StatusCode()), "error", "close")
	if answer.StatusCode() == 200 {
		answer.OnData(g.take)
	}
	answer.OnEnd(func() {
		g.over("end")
		switch {
		case answer.StatusCode() == 400: // the server got a part of the request
		case answer.StatusCode() == 200 && g.got == len(g.want):
			g.audit.complete++
		default:
			g.fault("status " + strconv.Itoa(answer.StatusCode()) + ", and " + strconv.Itoa(g.got) + " of " + strconv.Itoa(len(g.want)) + " bytes")
		}
	})
	answer.OnClose(func(error) { g.over("response closed") })
	g.stage("response")
}

// take holds a piece against what must come.
func (g *gust) take(chunk []byte) {
	if g.has("end") || g.has("response closed") {
		g.fault("data is too late")
	}
	if !strings.HasPrefix(g.want[g.got:], string(chunk)) {
		g.fault("got " + strconv.Quote(string(chunk[:min(len(chunk), 100)])) + " after " + strconv.Itoa(g.got) + " bytes")
		g.request.Abort()
		return
	}
	g.got += len(chunk)
	if g.got >= g.abortBy {
		g.stage("data")
	}
}

// stage gives the request up, if it is time.
func (g *gust) stage(at string) {
	if at == g.abortAt {
		g.note("abort")
		g.abortAt = ""
		g.request.Abort()
	}
}

// over notes an event that is the end, and goes on with another request.
func (g *gust) over(event string) {
	g.note(event, "end", "response closed", "error")
	g.end()
	g.storm.next()
}
