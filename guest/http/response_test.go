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

// respond answers one request with listener and returns what the engine was asked for.
func respond(t *testing.T, raw string, listener func(*ServerResponse)) []string {
	t.Helper()
	p := newPort(t)
	CreateServer(func(_ *ServerRequest, res *ServerResponse) { listener(res) })
	request(7, raw)
	require.Empty(t, p.Printed)
	return p.Take()
}

func TestSmallAnswerIsOneCall(t *testing.T) {
	for _, listener := range []func(*ServerResponse){
		func(r *ServerResponse) {
			require.NoError(t, r.WriteHead(200, Header{"Content-Type", "text/plain"}))
			r.EndString("hello world\n")
		},
		func(r *ServerResponse) {
			require.NoError(t, r.SetHeader("Content-Type", "text/plain"))
			r.End([]byte("hello "), nil, []byte("world\n"))
		},
		func(r *ServerResponse) {
			require.NoError(t, r.WriteHead(200, Header{"Content-Type", "text/plain"}))
			r.EndString("aGVsbG8gd29ybGQK", "base64")
		},
	} {
		assert.Equal(t, []string{`send 7 HEAD|END 200 {Content-Type: text/plain} "hello world\n"`}, respond(t, get, listener))
	}
	assert.Equal(t, []string{`send 7 HEAD|END 200 {} ""`}, respond(t, get, func(r *ServerResponse) { r.End() }))
}

func TestStringsAreNotCopied(t *testing.T) {
	s := strings.Repeat("x", 1<<20)
	newPort(t)
	t.Cleanup(port.Replace(porttest.Quiet{}))
	var res *ServerResponse
	CreateServer(func(_ *ServerRequest, r *ServerResponse) { res = r })
	request(7, get)
	res.WriteString("head")
	assert.Zero(t, testing.AllocsPerRun(100, func() { res.WriteString(s) }))
}

func TestHeadIsHeldBack(t *testing.T) {
	p := newPort(t)
	_, res := p.serveOne()
	assert.False(t, res.HeadersSent())
	require.NoError(t, res.WriteHead(201))
	assert.True(t, res.HeadersSent())
	assert.Empty(t, p.Take())
	assert.True(t, res.Write([]byte("a")))
	assert.True(t, res.WriteString("b"))
	res.End()
	port.RunTicks()
	assert.Equal(t, []string{`send 7 HEAD 201 {} "a"`, `send 7 "b"`, `send 7 END ""`, "finish"}, p.Take())
}

func TestFlushHeaders(t *testing.T) {
	log := respond(t, get, func(r *ServerResponse) {
		require.NoError(t, r.SetHeader("A", "1"))
		r.FlushHeaders()
		r.FlushHeaders()
		r.EndString("x")
		r.FlushHeaders()
	})
	assert.Equal(t, []string{`send 7 HEAD 200 {A: 1} ""`, `send 7 END "x"`}, log)
}

func TestSetHeaderAllocations(t *testing.T) {
	p := newPort(t)
	_, res := p.serveOne()
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		res.headers = res.headers[:0]
		_ = res.SetHeader("Content-Type", "text/plain")
		_ = res.SetHeader("ETag", "1")
		_ = res.SetHeader("Age", "2")
	}), "the first few have room in the response")
}

func TestWriteHeadMergesWithSetHeader(t *testing.T) {
	set := func(r *ServerResponse) {
		require.NoError(t, r.SetHeader("Content-Type", "text/html"))
		require.NoError(t, r.SetHeader("Set-Cookie", "a=1", "b=2"))
		require.NoError(t, r.SetHeader("X-Last", "z"))
	}
	for _, c := range []struct {
		title string
		add   []Header
		want  string
	}{
		{"nothing", nil, "Content-Type: text/html, Set-Cookie: a=1, Set-Cookie: b=2, X-Last: z"},
		{"new ones go to the end", []Header{{"New", "1"}, {"new", "2"}}, "Content-Type: text/html, Set-Cookie: a=1, Set-Cookie: b=2, X-Last: z, New: 1, new: 2"},
		{"in place, by any case", []Header{{"content-type", "text/plain"}}, "content-type: text/plain, Set-Cookie: a=1, Set-Cookie: b=2, X-Last: z"},
		{"all lines of a name", []Header{{"Set-Cookie", "c=3"}}, "Content-Type: text/html, Set-Cookie: c=3, X-Last: z"},
		{"with several lines", []Header{{"X-Last", "1"}, {"New", "n"}, {"x-last", "2"}, {"content-type", "t"}}, "content-type: t, Set-Cookie: a=1, Set-Cookie: b=2, X-Last: 1, x-last: 2, New: n"},
	} {
		var after string
		log := respond(t, get, func(r *ServerResponse) {
			set(r)
			require.NoError(t, r.WriteHead(200, c.add...))
			after = r.GetHeader("content-type")
			r.End()
		})
		assert.Equal(t, []string{`send 7 HEAD|END 200 {` + c.want + `} ""`}, log, c.title)
		assert.NotEmpty(t, after, "GetHeader keeps working")
	}
}

func TestHeadersOfTheCallerAreCopied(t *testing.T) {
	headers := []Header{{"A", "1"}, {"B", "2"}, {"C", "3"}, {"D", "4"}, {"E", "5"}}
	log := respond(t, get, func(r *ServerResponse) {
		require.NoError(t, r.WriteHead(200, headers...))
		headers[0].Value = "changed"
		r.End()
	})
	assert.Equal(t, []string{`send 7 HEAD|END 200 {A: 1, B: 2, C: 3, D: 4, E: 5} ""`}, log)
}

func TestSetGetRemoveHeader(t *testing.T) {
	log := respond(t, get, func(r *ServerResponse) {
		require.NoError(t, r.SetHeader("Set-Cookie", "type=ninja", "language=go"))
		require.NoError(t, r.SetHeader("X-A", "1"))
		require.NoError(t, r.SetHeader("x-a", "2"))
		assert.Equal(t, "2", r.GetHeader("X-A"))
		assert.Equal(t, []string{"type=ninja", "language=go"}, r.GetHeaderValues("set-cookie"))
		require.NoError(t, r.SetHeader("X-B", "3"))
		require.NoError(t, r.RemoveHeader("x-b"))
		require.NoError(t, r.SetHeader("X-C", "4"))
		require.NoError(t, r.SetHeader("X-C"))
		assert.Empty(t, r.GetHeader("X-B"))
		r.StatusCode = 404
		r.SendDate = false
		r.End()
	})
	assert.Equal(t, []string{`send 7 HEAD|END 404 undated {Set-Cookie: type=ninja, Set-Cookie: language=go, x-a: 2} ""`}, log)
}

func TestStatusCodeAfterWriteHeadHasNoEffect(t *testing.T) {
	log := respond(t, get, func(r *ServerResponse) {
		require.NoError(t, r.WriteHeadReason(404, "Not Here"))
		assert.Equal(t, 404, r.StatusCode)
		r.StatusCode = 200
		r.End()
	})
	assert.Equal(t, []string{`send 7 HEAD|END 404 Not Here {} ""`}, log)
}

func TestHeadErrors(t *testing.T) {
	for _, c := range []struct {
		title, code string
		do          func(*ServerResponse) error
	}{
		{"status too small", "ERR_HTTP_INVALID_STATUS_CODE", func(r *ServerResponse) error { return r.WriteHead(99) }},
		{"status too large", "ERR_HTTP_INVALID_STATUS_CODE", func(r *ServerResponse) error { return r.WriteHead(1000) }},
		{"negative status", "ERR_HTTP_INVALID_STATUS_CODE", func(r *ServerResponse) error { return r.WriteHead(-200) }},
		{"status beyond 16 bits", "ERR_HTTP_INVALID_STATUS_CODE", func(r *ServerResponse) error { return r.WriteHead(65536 + 200) }},
		{"interim status", "ERR_HTTP_INVALID_STATUS_CODE", func(r *ServerResponse) error { return r.WriteHead(103) }},
		{"reason", "ERR_INVALID_CHAR", func(r *ServerResponse) error { return r.WriteHeadReason(200, "OK\r\nX: y") }},
		{"empty name", "ERR_INVALID_HTTP_TOKEN", func(r *ServerResponse) error { return r.WriteHead(200, Header{"", "x"}) }},
		{"name with a space", "ERR_INVALID_HTTP_TOKEN", func(r *ServerResponse) error { return r.SetHeader("a b", "x") }},
		{"name with a colon", "ERR_INVALID_HTTP_TOKEN", func(r *ServerResponse) error { return r.SetHeader("a:", "x") }},
		{"second of several values", "ERR_INVALID_CHAR", func(r *ServerResponse) error { return r.SetHeader("a", "x", "y\n") }},
		{"trailers and length", "ERR_HTTP_TRAILER_INVALID", func(r *ServerResponse) error {
			return r.WriteHead(200, Header{"Trailer", "x"}, Header{"Content-Length", "1"})
		}},
		{"framing as a trailer", "ERR_HTTP_TRAILER_INVALID", func(r *ServerResponse) error { return r.AddTrailers(Header{"Content-Length", "5"}) }},
	} {
		log := respond(t, get, func(r *ServerResponse) {
			assert.ErrorIs(t, c.do(r), &Error{Code: c.code}, c.title)
			r.EndString("as if nothing had been")
		})
		assert.Equal(t, []string{`send 7 HEAD|END 200 {} "as if nothing had been"`}, log, c.title)
	}
}

func TestTooLate(t *testing.T) {
	sent := &Error{Code: "ERR_HTTP_HEADERS_SENT"}
	log := respond(t, get, func(r *ServerResponse) {
		require.NoError(t, r.WriteHead(200, Header{"A", "1"}))
		assert.ErrorIs(t, r.WriteHead(404), sent, "a second head")
		assert.ErrorIs(t, r.SetHeader("A", "2"), sent)
		assert.ErrorIs(t, r.RemoveHeader("A"), sent)
		assert.Equal(t, "1", r.GetHeader("a"))
		r.Write([]byte("x"))
		assert.ErrorIs(t, r.SetHeader("A", "2"), sent)
		assert.ErrorIs(t, r.WriteEarlyHints(Header{"Link", "</a>"}), sent)
		r.End()
		assert.ErrorIs(t, r.WriteHead(404), sent)
		assert.ErrorIs(t, r.AddTrailers(Header{"A", "1"}), &Error{Code: "ERR_STREAM_WRITE_AFTER_END"})
	})
	assert.Equal(t, []string{`send 7 HEAD 200 {A: 1} "x"`, `send 7 END ""`}, log)
}

// Whatever a client sent and a handler echoes, no byte of it ends a line.
func TestInjection(t *testing.T) {
	for _, evil := range []string{"\r", "\n", "\x00", "\r\nX: y", "\n\nbody", "\r\n\r\n", "\x7f", "\x01", "\x1b", "\x0b"} {
		for _, s := range []string{evil, "a" + evil, evil + "b", "a" + evil + "b"} {
			log := respond(t, get, func(r *ServerResponse) {
				for name, err := range map[string]error{
					"name":            r.SetHeader(s, "v"),
					"value":           r.SetHeader("N", s),
					"head name":       r.WriteHead(200, Header{s, "v"}),
					"head value":      r.WriteHead(200, Header{"N", s}),
					"reason":          r.WriteHeadReason(200, s),
					"trailer name":    r.AddTrailers(Header{s, "v"}),
					"trailer value":   r.AddTrailers(Header{"N", s}),
					"hints name":      r.WriteEarlyHints(Header{"Link", "</a>"}, Header{s, "v"}),
					"hints value":     r.WriteEarlyHints(Header{"Link", "</a>"}, Header{"N", s}),
					"hints link":      r.WriteEarlyHints(Header{"Link", "<" + s + ">"}),
					"hints parameter": r.WriteEarlyHints(Header{"Link", `</a>; t="` + s + `"`}),
				} {
					assert.Error(t, err, "%s %q", name, s)
				}
				r.EndString("safe")
			})
			assert.Equal(t, []string{`send 7 HEAD|END 200 {} "safe"`}, log, "%q", s)
		}
	}
}

func TestNoBody(t *testing.T) {
	head := strings.Replace(get, "GET", "HEAD", 1)
	for _, c := range []struct {
		title, raw string
		status     int
	}{{"HEAD", head, 200}, {"204", get, 204}, {"304", get, 304}} {
		log := respond(t, c.raw, func(r *ServerResponse) {
			r.StatusCode = c.status
			assert.True(t, r.Write([]byte("dropped")), c.title)
			r.End()
		})
		assert.Len(t, log, 1, c.title)
		assert.Contains(t, log[0], `HEAD|END`, c.title)
		assert.Contains(t, log[0], `{} ""`, c.title)
	}
	log := respond(t, head, func(r *ServerResponse) { r.EndString("measured") })
	assert.Equal(t, []string{`send 7 HEAD|END 200 {} "measured"`}, log, "the engine makes its Content-Length of it, and drops it")
}

func TestWriteResults(t *testing.T) {
	p := newPort(t)
	_, res := p.serveOne()
	assert.False(t, res.Write(nil), "a piece of no bytes")
	assert.Empty(t, p.Take(), "sends nothing")
	assert.True(t, res.HeadersSent(), "but completes the head")
	p.Answers = []abi.Status{abi.StatusQueued, abi.StatusQueued}
	assert.False(t, res.Write([]byte("a")))
	assert.False(t, res.Write([]byte("b")))
	porttest.Event(abi.EventDrain, 0, 7, nil, nil)
	porttest.Event(abi.EventDrain, 0, 7, nil, nil)
	p.Answers = []abi.Status{abi.StatusOK, abi.StatusClosed}
	assert.True(t, res.Write([]byte("c")))
	assert.False(t, res.Write([]byte("d")), "the connection is gone")
	assert.Equal(t, []string{`send 7 HEAD 200 {} "a"`, `send 7 "b"`, "drain", `send 7 "c"`, `send 7 "d"`}, p.Take())
	assert.Empty(t, p.Printed)
}

func TestNoDrainAfterEnd(t *testing.T) {
	p := newPort(t)
	_, res := p.serveOne()
	p.Answers = []abi.Status{abi.StatusQueued, abi.StatusQueued}
	res.Write([]byte("a"))
	res.End()
	porttest.Event(abi.EventDrain, 0, 7, nil, nil)
	porttest.Event(abi.EventFinish, 0, 7, nil, nil)
	assert.Equal(t, []string{`send 7 HEAD 200 {} "a"`, `send 7 END ""`, "finish"}, p.Take())
}

func TestFinish(t *testing.T) {
	for _, c := range []struct {
		title string
		do    func(*fakePort)
		want  []string
	}{
		{"at once, after the listener", func(*fakePort) { request(1, get) }, []string{"answered", "finish"}},
		{"at once, and the request goes on", func(*fakePort) {
			requestPart(1, post)
			data(1, abi.EventEnd|abi.EventDone, "x")
		}, []string{"answered", "finish"}},
		{"queued", func(p *fakePort) {
			p.Answers = []abi.Status{abi.StatusQueued}
			request(1, get)
			p.Note("later")
			porttest.Event(abi.EventFinish, abi.EventDone, 1, nil, nil)
		}, []string{"answered", "later", "finish"}},
		{"lost", func(p *fakePort) {
			p.Answers = []abi.Status{abi.StatusQueued}
			request(1, get)
			porttest.Event(abi.EventClose, abi.EventDone, 1, nil, nil)
		}, []string{"answered", "close"}},
	} {
		p := newPort(t)
		CreateServer(func(_ *ServerRequest, r *ServerResponse) {
			r.EndString("x")
			p.Take()
			p.Note("answered")
			r.OnFinish(func() { p.Note("finish") })
			r.OnClose(func() { p.Note("close") })
		})
		c.do(p)
		assert.Equal(t, c.want, p.Take(), c.title)
		assert.Zero(t, port.Bindings(), c.title)
	}
}

func TestMisuseIsReported(t *testing.T) {
	for _, c := range []struct {
		title, code string
		answers     []abi.Status
		do          func(*ServerResponse)
	}{
		{"write after end", "ERR_STREAM_WRITE_AFTER_END", nil, func(r *ServerResponse) { r.End(); assert.False(t, r.Write([]byte("x"))) }},
		{"end with data after end", "ERR_STREAM_WRITE_AFTER_END", nil, func(r *ServerResponse) { r.End(); r.EndString("x") }},
		{"unknown encoding", "ERR_UNKNOWN_ENCODING", nil, func(r *ServerResponse) { assert.False(t, r.WriteString("x", "no")) }},
		{"unknown encoding at the end", "ERR_UNKNOWN_ENCODING", nil, func(r *ServerResponse) { r.EndString("x", "no") }},
		{"invalid status code", "ERR_HTTP_INVALID_STATUS_CODE", nil, func(r *ServerResponse) { r.StatusCode = 0; r.End() }},
		{"too many bytes", "ERR_HTTP_CONTENT_LENGTH_MISMATCH", []abi.Status{abi.StatusBodyLength}, func(r *ServerResponse) { assert.True(t, r.Write([]byte("xy")), "nothing to wait for") }},
		{"too few bytes", "ERR_HTTP_CONTENT_LENGTH_MISMATCH", []abi.Status{abi.StatusBodyLength}, func(r *ServerResponse) { r.EndString("x") }},
		{"refused head", "ERR_INVALID_ARG_VALUE", []abi.Status{abi.StatusInvalid}, func(r *ServerResponse) { r.EndString("x") }},
		{"queue full", "ENOBUFS", []abi.Status{abi.StatusLimit}, func(r *ServerResponse) { assert.False(t, r.Write([]byte("x"))) }},
		{"continue after the head", "ERR_HTTP_HEADERS_SENT", nil, func(r *ServerResponse) { r.Write([]byte("x")); r.WriteContinue() }},
		{"processing after the head", "ERR_HTTP_HEADERS_SENT", nil, func(r *ServerResponse) { r.Write([]byte("x")); r.WriteProcessing() }},
	} {
		p := newPort(t)
		_, res := p.serveOne()
		var got []error
		res.OnError(func(err error) { got = append(got, err) })
		p.Answers = c.answers
		c.do(res)
		if assert.Len(t, got, 1, c.title) {
			assert.ErrorIs(t, got[0], &Error{Code: c.code}, c.title)
		}
		assert.Empty(t, p.Printed, c.title)
		assert.NotContains(t, p.Take(), "abort 7", c.title)
	}
}

func TestSecondEndHasNoEffect(t *testing.T) {
	log := respond(t, get, func(r *ServerResponse) {
		r.EndString("once")
		r.End()
		r.EndString("")
	})
	assert.Len(t, log, 1)
}

func TestMisuseCanBeMended(t *testing.T) {
	p := newPort(t)
	_, res := p.serveOne()
	res.OnError(func(error) {
		require.NoError(t, res.RemoveHeader("Transfer-Encoding"))
		res.EndString("mended")
	})
	require.NoError(t, res.SetHeader("Transfer-Encoding", "gzip"))
	p.Answers = []abi.Status{abi.StatusInvalid}
	res.EndString("refused")
	port.RunTicks()
	assert.Equal(t, []string{`send 7 HEAD|END 200 {Transfer-Encoding: gzip} "refused"`, `send 7 HEAD|END 200 {} "mended"`, "finish"}, p.Take())
}

func TestMisuseThatNobodyListensTo(t *testing.T) {
	for _, c := range []struct {
		title   string
		answers []abi.Status
		do      func(*ServerResponse)
		want    []string
	}{
		{"before the head is out", nil, func(r *ServerResponse) {
			assert.NoError(t, r.SetHeader("A", "1"))
			r.StatusCode = 7
			r.EndString("x")
		}, []string{`send 7 HEAD|END 500 {} ""`}},
		{"a head that is refused again and again", []abi.Status{abi.StatusInvalid, abi.StatusInvalid}, func(r *ServerResponse) { r.EndString("x") },
			[]string{`send 7 HEAD|END 200 {} "x"`, `send 7 HEAD|END 500 {} ""`, "abort 7"}},
		{"in the middle", nil, func(r *ServerResponse) { r.WriteString("x"); r.WriteString("y", "no") },
			[]string{`send 7 HEAD 200 {} "x"`, "abort 7"}},
		{"at the end", nil, func(r *ServerResponse) { r.EndString("x"); r.WriteString("y") },
			[]string{`send 7 HEAD|END 200 {} "x"`}},
		{"a length that the engine deals with", []abi.Status{abi.StatusBodyLength}, func(r *ServerResponse) { r.EndString("x") },
			[]string{`send 7 HEAD|END 200 {} "x"`}},
		{"an interim response too late", nil, func(r *ServerResponse) { r.WriteString("x"); r.WriteContinue() },
			[]string{`send 7 HEAD 200 {} "x"`}},
	} {
		p := newPort(t)
		_, res := p.serveOne()
		p.Answers = c.answers
		c.do(res)
		assert.Equal(t, c.want, p.Take(), c.title)
		require.NotEmpty(t, p.Printed, c.title)
		assert.Contains(t, p.Printed[0], `POST "/": ERR_`, c.title)
	}
}

func TestQueueLimitIsNoMisuse(t *testing.T) {
	p := newPort(t)
	_, res := p.serveOne()
	p.Answers = []abi.Status{abi.StatusLimit}
	assert.False(t, res.WriteString("x"))
	assert.Equal(t, []string{`send 7 HEAD 200 {} "x"`}, p.Take(), "the engine has cut the connection")
	assert.Empty(t, p.Printed, "a client that does not read writes no log")
}

func TestTrailersFollowTheBody(t *testing.T) {
	trailer := Header{"Content-MD5", "7895bf4b"}
	add := func(r *ServerResponse) {
		require.NoError(t, r.AddTrailers(Header{"Replaced", "x"}))
		require.NoError(t, r.AddTrailers(trailer))
	}
	for _, c := range []struct {
		title, raw string
		do         func(*ServerResponse)
		want       []string
	}{
		{"after writes", get, func(r *ServerResponse) { r.WriteString("a"); add(r); r.End() },
			[]string{`send 7 HEAD 200 {} "a"`, `send 7 END|TRAILERS {Content-MD5: 7895bf4b} ""`}},
		{"with data at the end", get, func(r *ServerResponse) { r.WriteString("a"); add(r); r.EndString("b") },
			[]string{`send 7 HEAD 200 {} "a"`, `send 7 "b"`, `send 7 END|TRAILERS {Content-MD5: 7895bf4b} ""`}},
		{"without writes", get, func(r *ServerResponse) { add(r); r.EndString("b") },
			[]string{`send 7 HEAD 200 {} "b"`, `send 7 END|TRAILERS {Content-MD5: 7895bf4b} ""`}},
		{"without a body", get, func(r *ServerResponse) { add(r); r.End() },
			[]string{`send 7 HEAD 200 {} ""`, `send 7 END|TRAILERS {Content-MD5: 7895bf4b} ""`}},
		{"announced, none came", get, func(r *ServerResponse) { require.NoError(t, r.SetHeader("Trailer", "X")); r.EndString("b") },
			[]string{`send 7 HEAD 200 {Trailer: X} "b"`, `send 7 END ""`}},
		{"HTTP/1.0", strings.Replace(get, "1.1", "1.0", 1), func(r *ServerResponse) { add(r); r.EndString("b") },
			[]string{`send 7 HEAD|END 200 {} "b"`}},
		{"HEAD", strings.Replace(get, "GET", "HEAD", 1), func(r *ServerResponse) { add(r); r.EndString("b") },
			[]string{`send 7 HEAD|END 200 {} "b"`}},
		{"Content-Length", get, func(r *ServerResponse) {
			require.NoError(t, r.SetHeader("Content-Length", "1"))
			add(r)
			r.EndString("b")
		},
			[]string{`send 7 HEAD|END 200 {Content-Length: 1} "b"`}},
	} {
		assert.Equal(t, c.want, respond(t, c.raw, c.do), c.title)
	}
}

func TestInterimResponses(t *testing.T) {
	hints := []Header{{"Link", "</style.css>; rel=preload; as=style, </b>; title=\"a,b\\\">\""}, {"X-Trace", "1"}}
	log := respond(t, get, func(r *ServerResponse) {
		r.WriteContinue()
		r.WriteProcessing()
		require.NoError(t, r.WriteEarlyHints(hints...))
		require.NoError(t, r.WriteHead(200))
		r.WriteProcessing() // the head is held back, it is not too late
		r.End()
	})
	assert.Equal(t, []string{
		"inform 7 100 {}", "inform 7 102 {}",
		"inform 7 103 {Link: " + hints[0].Value + ", X-Trace: 1}",
		"inform 7 102 {}", `send 7 HEAD|END 200 {} ""`,
	}, log)

	log = respond(t, strings.Replace(get, "1.1", "1.0", 1), func(r *ServerResponse) {
		r.WriteContinue()
		require.NoError(t, r.WriteEarlyHints(hints...))
		r.End()
	})
	assert.Len(t, log, 1, "HTTP/1.0 has none")
}

func TestEarlyHintsNeedALink(t *testing.T) {
	for link, want := range map[string]bool{
		"</a>": true, "<>": true, "</a>;rel=x": true, " </a> , </b>": true, `</a>; t="x,y"`: true, `</a>; t="\",<"`: true,
		"": false, "/a": false, "</a": false, "</a> rel=x": false, `</a>; t="x`: false, "</a>,": false, "</a>, b": false,
	} {
		respond(t, get, func(r *ServerResponse) {
			assert.Equal(t, want, r.WriteEarlyHints(Header{"Link", link}) == nil, "%q", link)
			r.End()
		})
	}
	respond(t, get, func(r *ServerResponse) {
		assert.ErrorIs(t, r.WriteEarlyHints(Header{"X", "y"}), &Error{Code: "ERR_INVALID_ARG_VALUE"})
		r.End()
	})
}

func TestResponseAfterTheConnectionIsGone(t *testing.T) {
	p := newPort(t)
	_, res := p.serveOne()
	porttest.Event(abi.EventClose, abi.EventDone, 7, nil, nil)
	p.Take()
	assert.False(t, res.WriteString("x"))
	res.WriteProcessing()
	res.EndString("y")
	res.Destroy()
	assert.Empty(t, p.Take(), "the handle may be another exchange's by now")
	assert.Empty(t, p.Printed)
}
