//go:build !wasip1

package http

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
	"github.com/portholehttp/porthole/guest/internal/port/porttest"
)

// watch logs the events of a request and its response.
func (p *fakePort) watch(req *ServerRequest, res *ServerResponse) {
	req.OnData(func(chunk []byte) { p.Note("data %q", chunk) })
	req.OnEnd(func() { p.Note("end") })
	req.OnClose(func() { p.Note("request close") })
	res.OnDrain(func() { p.Note("drain") })
	res.OnFinish(func() { p.Note("finish") })
	res.OnClose(func() { p.Note("response close") })
}

// serveOne makes a server that watches its requests and gives them to the returned variables.
func (p *fakePort) serveOne(listeners ...func(*ServerRequest, *ServerResponse)) (req *ServerRequest, res *ServerResponse) {
	reqp, resp := new(*ServerRequest), new(*ServerResponse)
	CreateServer(append([]func(*ServerRequest, *ServerResponse){func(q *ServerRequest, s *ServerResponse) {
		p.watch(q, s)
		*reqp, *resp = q, s
	}}, listeners...)...)
	requestPart(7, post)
	require.NotNil(p.T, *reqp)
	return *reqp, *resp
}

func TestRequestHead(t *testing.T) {
	newPort(t)
	var req *ServerRequest
	CreateServer(func(q *ServerRequest, _ *ServerResponse) { req = q })
	request(1, "PROPFIND /status?name=r%20yan HTTP/1.0\r\nHOST: a\r\nX-Mixed: 1\r\nempty:\r\nx-mixed: \xe9,2\r\nCookie: a=1\r\ncookie: b=2\r\n\r\n")

	assert.Equal(t, "PROPFIND", req.Method())
	assert.Equal(t, "/status?name=r%20yan", req.URL())
	assert.Equal(t, "1.0", req.HTTPVersion())
	assert.Equal(t, 1, req.HTTPVersionMajor())
	assert.Equal(t, 0, req.HTTPVersionMinor())
	assert.Equal(t, Headers{{"host", "a"}, {"x-mixed", "1"}, {"empty", ""}, {"x-mixed", "\xe9,2"}, {"cookie", "a=1"}, {"cookie", "b=2"}}, req.Headers())
	assert.Equal(t, Headers{{"HOST", "a"}, {"X-Mixed", "1"}, {"empty", ""}, {"x-mixed", "\xe9,2"}, {"Cookie", "a=1"}, {"cookie", "b=2"}}, req.RawHeaders())
	assert.Equal(t, "a=1; b=2", req.Headers().Get("Cookie"))
	assert.Empty(t, req.Trailers())
	request(2, get)
	assert.Equal(t, "1.1", req.HTTPVersion())
}

func TestRequestEventOrder(t *testing.T) {
	for _, c := range []struct {
		title string
		do    func()
		want  []string
	}{
		{"no body", func() { request(7, get) }, []string{"request", "end"}},
		{"all at once", func() { request(7, post, "abc") }, []string{"request", `data "abc"`, "end"}},
		{"in pieces", func() {
			requestPart(7, post, "abc")
			data(7, 0, "def")
			data(7, abi.EventEnd, "g")
		}, []string{"request", `data "abc"`, `data "def"`, `data "g"`, "end"}},
		{"the end alone", func() {
			requestPart(7, post)
			data(7, abi.EventEnd, "")
		}, []string{"request", "end"}},
		{"cut off", func() {
			requestPart(7, post, "abc")
			porttest.Event(abi.EventClose, abi.EventDone, 7, nil, nil)
			data(7, abi.EventEnd, "late")
			porttest.Event(abi.EventClose, abi.EventDone, 7, nil, nil)
		}, []string{"request", `data "abc"`, "request close", "response close"}},
		{"closed after the end", func() {
			request(7, post, "abc")
			porttest.Event(abi.EventClose, abi.EventDone, 7, nil, nil)
		}, []string{"request", `data "abc"`, "end", "request close", "response close"}},
	} {
		t.Run(c.title, func(t *testing.T) {
			p := newPort(t)
			CreateServer(func(req *ServerRequest, res *ServerResponse) {
				p.Note("request")
				p.watch(req, res)
			})
			c.do()
			assert.Equal(t, c.want, p.Take())
		})
	}
}

func TestListenersAreCalledInOrder(t *testing.T) {
	p := newPort(t)
	s := CreateServer(func(*ServerRequest, *ServerResponse) { p.Note("1") }, func(*ServerRequest, *ServerResponse) { p.Note("2") })
	s.OnRequest(func(req *ServerRequest, _ *ServerResponse) {
		p.Note("3")
		req.OnEnd(func() {
			p.Note("end 1")
			req.OnEnd(func() { p.Note("added too late") })
		})
		req.OnEnd(func() { p.Note("end 2") })
	})
	request(1, get)
	assert.Equal(t, []string{"1", "2", "3", "end 1", "end 2"}, p.Take())
}

func TestDataWithoutListenerIsLost(t *testing.T) {
	p := newPort(t)
	var req *ServerRequest
	CreateServer(func(q *ServerRequest, _ *ServerResponse) { req = q })
	requestPart(1, post, "lost")
	req.OnData(func(chunk []byte) { p.Note("data %q", chunk) })
	data(1, abi.EventEnd, "seen")
	assert.Equal(t, []string{`data "seen"`}, p.Take())
}

func TestTrailers(t *testing.T) {
	p := newPort(t)
	req, _ := p.serveOne()
	porttest.Event(abi.EventData, abi.EventEnd, 7, porttest.TrailersRecord("X-Sum: 12\r\nx-sum: 13\r\n"), nil)
	assert.Equal(t, Headers{{"x-sum", "12"}, {"x-sum", "13"}}, req.Trailers())
}

func TestTrailersOnlyAfterEnd(t *testing.T) {
	p := newPort(t)
	req, _ := p.serveOne()
	req.Pause()
	porttest.Event(abi.EventData, abi.EventEnd, 7, porttest.TrailersRecord("A: 1\r\n"), []byte("x"))
	assert.Empty(t, req.Trailers())
	req.Resume()
	port.RunTicks()
	assert.Equal(t, "1", req.Trailers().Get("a"))
}

func TestPauseKeepsAndResumeDelivers(t *testing.T) {
	p := newPort(t)
	req, _ := p.serveOne()
	req.Pause()
	req.Pause()
	assert.Equal(t, []string{"pause 7"}, p.Take())
	data(7, 0, "a")
	data(7, 0, "b")
	assert.Empty(t, p.Take())

	req.Resume()
	req.Resume()
	assert.Equal(t, []string{"resume 7"}, p.Take(), "nothing is delivered inside of Resume")
	req.OnData(func(chunk []byte) { p.Note("late %q", chunk) })
	port.RunTicks()
	assert.Equal(t, []string{`data "a"`, `late "a"`, `data "b"`, `late "b"`}, p.Take())
	data(7, abi.EventEnd, "c")
	assert.Equal(t, []string{`data "c"`, `late "c"`, "end"}, p.Take())
	req.Pause()
	req.Resume()
	port.RunTicks()
	assert.Empty(t, p.Take(), "no effect, and no second end, after the end")
}

func TestPauseInsideTheRequestEvent(t *testing.T) {
	p := newPort(t)
	var req *ServerRequest
	CreateServer(func(q *ServerRequest, s *ServerResponse) {
		req = q
		p.watch(q, s)
		q.Pause()
	})
	request(7, post, "whole")
	assert.Empty(t, p.Take(), "nothing to pause in the engine: the request is complete")
	req.Resume()
	port.RunTicks()
	assert.Equal(t, []string{`data "whole"`, "end"}, p.Take())
}

func TestPauseAgainWhileDelivering(t *testing.T) {
	p := newPort(t)
	req, _ := p.serveOne()
	req.OnData(func([]byte) { req.Pause() })
	data(7, 0, "a")
	assert.Equal(t, []string{`data "a"`, "pause 7"}, p.Take())
	data(7, 0, "b")
	data(7, abi.EventEnd, "c")
	assert.Empty(t, p.Take())
	for _, want := range [][]string{{`data "b"`}, {`data "c"`}, {"end"}} {
		req.Resume()
		port.RunTicks()
		assert.Equal(t, want, p.Take())
	}
}

func TestOrderIsKeptBetweenResumeAndTick(t *testing.T) {
	p := newPort(t)
	req, _ := p.serveOne()
	req.Pause()
	data(7, 0, "a")
	req.Resume()
	p.Take()
	req.body.Receive([]byte("b"), true) // before the tick
	assert.Empty(t, p.Take())
	port.RunTicks()
	assert.Equal(t, []string{`data "a"`, `data "b"`, "end"}, p.Take())
}

func TestEndComesOnceThoughResumedInsideIt(t *testing.T) {
	p := newPort(t)
	req, _ := p.serveOne()
	req.OnEnd(func() { req.Pause(); req.Resume() })
	data(7, abi.EventEnd, "")
	port.RunTicks()
	assert.Equal(t, []string{"end"}, p.Take())
}

func TestCloseDropsWhatWasKept(t *testing.T) {
	p := newPort(t)
	req, _ := p.serveOne()
	req.Pause()
	data(7, abi.EventEnd, "kept")
	p.Take()
	porttest.Event(abi.EventClose, abi.EventDone, 7, nil, nil)
	req.Resume()
	req.Destroy()
	port.RunTicks()
	assert.Equal(t, []string{"request close", "response close"}, p.Take())
}

func TestPausedRequestOfAnEndedResponseKeepsNothing(t *testing.T) {
	p := newPort(t)
	req, res := p.serveOne()
	req.Pause()
	data(7, 0, "before")
	res.EndString("enough")
	data(7, 0, strings.Repeat("x", 1<<16))
	data(7, abi.EventEnd|abi.EventDone, "")
	p.Take()
	req.Resume()
	port.RunTicks()
	assert.Equal(t, []string{`data "before"`, "end"}, p.Take())
}

func TestRequestGoesOnAfterTheResponse(t *testing.T) {
	p := newPort(t)
	_, res := p.serveOne()
	res.EndString("done")
	port.RunTicks()
	data(7, 0, "more")
	assert.NotNil(t, port.Bound(7))
	data(7, abi.EventEnd|abi.EventDone, "")
	assert.Equal(t, []string{"send 7 HEAD|END 200 {} \"done\"", "finish", `data "more"`, "end"}, p.Take())
	assert.Zero(t, port.Bindings())
}

func TestCloseWhenOnlyTheRequestWasUnfinished(t *testing.T) {
	p := newPort(t)
	_, res := p.serveOne()
	res.EndString("done")
	port.RunTicks()
	p.Take()
	porttest.Event(abi.EventClose, abi.EventDone, 7, nil, nil)
	assert.Equal(t, []string{"request close"}, p.Take(), "the response is with the client")
}

func TestSetEncoding(t *testing.T) {
	p := newPort(t)
	req, _ := p.serveOne()
	assert.ErrorIs(t, req.SetEncoding("klingon"), &Error{Code: "ERR_UNKNOWN_ENCODING"})
	require.NoError(t, req.SetEncoding("utf8"))
	data(7, 0, "a\xe2")
	data(7, 0, "\x82")
	data(7, 0, "\xacb")
	data(7, abi.EventEnd, "\xf0\x9f")
	assert.Equal(t, []string{`data "a"`, `data "€b"`, "data \"\uFFFD\"", "end"}, p.Take(), "a piece without a whole character is no event")
}

func TestSetEncodingBase64InThrees(t *testing.T) {
	p := newPort(t)
	req, _ := p.serveOne()
	require.NoError(t, req.SetEncoding("base64"))
	data(7, 0, "a")
	data(7, 0, "bcd")
	data(7, abi.EventEnd, "e")
	assert.Equal(t, []string{`data "YWJj"`, `data "ZGU="`, "end"}, p.Take())
}

func TestPauseInTheRestOfTheDecoder(t *testing.T) {
	p := newPort(t)
	req, _ := p.serveOne()
	require.NoError(t, req.SetEncoding("base64"))
	req.OnData(func([]byte) { req.Pause() })
	data(7, abi.EventEnd, "a")
	assert.Equal(t, []string{`data "YQ=="`}, p.Take(), "the end waits")
	req.Resume()
	port.RunTicks()
	assert.Equal(t, []string{"end"}, p.Take())
}

func TestDestroy(t *testing.T) {
	p := newPort(t)
	req, res := p.serveOne()
	req.Destroy()
	res.Destroy()
	assert.Equal(t, []string{"abort 7", "abort 7"}, p.Take())
}

// sink is a Writable that says no as often as it is told.
type sink struct {
	*fakePort
	full  bool
	drain func()
	close func()
}

func (s *sink) Write(chunk []byte) bool { s.Note("write %q", chunk); return !s.full }
func (s *sink) End(...[]byte)           { s.Note("dst end") }
func (s *sink) OnDrain(f func())        { s.drain = f }
func (s *sink) OnClose(f func())        { s.close = f }

func TestPipe(t *testing.T) {
	p := newPort(t)
	dst := &sink{fakePort: p}
	CreateServer(func(req *ServerRequest, _ *ServerResponse) { req.Pipe(dst) })
	requestPart(7, post, "a")
	dst.full = true
	data(7, 0, "b")
	assert.Equal(t, []string{`write "a"`, `write "b"`, "pause 7"}, p.Take())
	data(7, 0, "c")
	assert.Empty(t, p.Take())
	dst.drain()
	port.RunTicks()
	assert.Equal(t, []string{"resume 7", `write "c"`, "pause 7"}, p.Take())
	dst.full = false
	data(7, abi.EventEnd, "")
	dst.drain()
	port.RunTicks()
	assert.Equal(t, []string{"dst end"}, p.Take())
}

func TestPipeIntoWhatCloses(t *testing.T) {
	p := newPort(t)
	dst := &sink{fakePort: p, full: true}
	CreateServer(func(req *ServerRequest, _ *ServerResponse) { req.Pipe(dst) })
	requestPart(7, post, "a")
	dst.close()
	dst.drain()
	data(7, abi.EventEnd, "b")
	port.RunTicks()
	assert.Equal(t, []string{`write "a"`, "pause 7", "resume 7"}, p.Take(), "the rest is discarded")
}
