//go:build !wasip1

package http

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
	"github.com/portholehttp/porthole/guest/internal/port/porttest"
)

func (p *fakePort) watchServer(s *Server) {
	s.OnListening(func() { p.Note("listening") })
	s.OnClose(func() { p.Note("closed") })
	s.OnError(func(err error) { p.Note("error %s", code(err)) })
}

func code(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return err.Error()
}

func listening(server uint64, text string) {
	porttest.Event(abi.EventListening, 0, server, []byte(text), nil)
}

func listenFails(server uint64, status abi.Status, text string) {
	porttest.Event(abi.EventListenError, abi.StatusFlags(status), server, []byte(text), nil)
}

func TestListen(t *testing.T) {
	p := newPort(t)
	s := CreateServer()
	p.watchServer(s)
	s.Listen(8000, Hostname("localhost"), Backlog(5), Callback(func() { p.Note("callback") }))
	assert.Nil(t, s.Address())
	assert.Equal(t, []string{`listen 1 kind 0 port 8000 host "localhost" backlog 5`}, p.Take())
	listening(1, "127.0.0.1:8000")
	assert.Equal(t, "127.0.0.1:8000", s.Address().String())
	assert.Equal(t, "tcp", s.Address().Network())
	assert.Equal(t, []string{"callback", "listening"}, p.Take())

	s.Close(func() { p.Note("close callback") })
	assert.Equal(t, []string{"close 1"}, p.Take())
	porttest.Event(abi.EventServerClose, 0, 1, nil, nil)
	assert.Equal(t, []string{"close callback", "closed"}, p.Take())
	assert.Nil(t, s.Address())
	assert.Empty(t, servers)

	s.ListenPath("/run/x.sock")
	assert.Equal(t, []string{`listen 2 kind 1 port 0 host "/run/x.sock" backlog 0`}, p.Take(), "a number of its own for each time")
	listening(2, "unix:/run/x.sock")
	assert.Equal(t, "unix", s.Address().Network())
	assert.Equal(t, "/run/x.sock", s.Address().String())
	assert.Equal(t, []string{"listening"}, p.Take(), "callbacks are called once")
}

func TestListenErrors(t *testing.T) {
	for status, code := range map[abi.Status]string{
		abi.StatusInUse: "EADDRINUSE", abi.StatusUnavailable: "EADDRNOTAVAIL", abi.StatusDenied: "EACCES",
		abi.StatusLimit: "EMFILE", abi.StatusUnsupported: "EAFNOSUPPORT", abi.StatusInvalid: "EINVAL",
	} {
		p := newPort(t)
		s := CreateServer()
		p.watchServer(s)
		s.Listen(80)
		listenFails(1, status, "the reason")
		assert.Equal(t, []string{`listen 1 kind 0 port 80 host "" backlog 0`, "error " + code}, p.Take(), "as an event")

		p.Answers = []abi.Status{status}
		s.Listen(80)
		assert.Len(t, p.Take(), 1)
		port.RunTicks()
		assert.Equal(t, []string{"error " + code}, p.Take(), "as the answer: told on the next tick all the same")
		assert.Empty(t, servers)
	}
	assert.Equal(t, "EADDRINUSE: listen: the reason", listenError(abi.StatusInUse, "the reason").Error())
	assert.Equal(t, "EADDRINUSE: listen: address in use", listenError(abi.StatusInUse, "").Error())
}

func TestListenMisuse(t *testing.T) {
	for _, c := range []struct {
		code string
		do   func(*Server)
	}{
		{"ERR_SOCKET_BAD_PORT", func(s *Server) { s.Listen(65536) }},
		{"ERR_SOCKET_BAD_PORT", func(s *Server) { s.Listen(-1) }},
		{"ERR_OUT_OF_RANGE", func(s *Server) { s.HeadersTimeout = s.RequestTimeout + 1; s.Listen(1) }},
		{"ERR_OUT_OF_RANGE", func(s *Server) { s.KeepAliveTimeout = -1; s.Listen(1) }},
		{"ERR_OUT_OF_RANGE", func(s *Server) { s.MaxHeadersCount = -1; s.Listen(1) }},
		{"ERR_OUT_OF_RANGE", func(s *Server) { s.MaxHeaderSize = 0; s.Listen(1) }},
		{"ERR_OUT_OF_RANGE", func(s *Server) { s.MaxHeaderSize = 1<<20 + 1; s.Listen(1) }},
		{"ERR_OUT_OF_RANGE", func(s *Server) { s.Listen(1, Backlog(-1)) }},
		{"ERR_SERVER_NOT_RUNNING", func(s *Server) { s.Close() }},
	} {
		p := newPort(t)
		s := CreateServer()
		c.do(s)
		p.watchServer(s)
		port.RunTicks()
		assert.Equal(t, []string{"error " + c.code}, p.Take())
	}
}

func TestListenAndCloseTwice(t *testing.T) {
	p := newPort(t)
	s := CreateServer()
	p.watchServer(s)
	s.Listen(1)
	s.Listen(2)
	port.RunTicks()
	assert.Equal(t, []string{`listen 1 kind 0 port 1 host "" backlog 0`, "error ERR_SERVER_ALREADY_LISTEN"}, p.Take())
	s.Close()
	s.Close()
	port.RunTicks()
	assert.Equal(t, []string{"close 1", "error ERR_SERVER_NOT_RUNNING"}, p.Take())
}

func TestCloseBeforeListening(t *testing.T) {
	p := newPort(t)
	s := CreateServer()
	p.watchServer(s)
	s.Listen(1)
	s.Close()
	p.Take()
	listening(1, "127.0.0.1:1")
	assert.Empty(t, p.Take())
	porttest.Event(abi.EventServerClose, 0, 1, nil, nil)
	assert.Equal(t, []string{"closed"}, p.Take())

	s.Listen(1)
	s.Close()
	p.Take()
	listenFails(2, abi.StatusInUse, "")
	assert.Equal(t, []string{"error EADDRINUSE", "closed"}, p.Take())
}

func TestUncaughtErrorPanics(t *testing.T) {
	newPort(t)
	CreateServer().Listen(1)
	assert.PanicsWithError(t, "EACCES: listen: not granted", func() { listenFails(1, abi.StatusDenied, "") })
}

func TestDefaultOptions(t *testing.T) {
	s := CreateServer()
	defer s.detach()
	assert.Equal(t, 1000, s.MaxHeadersCount)
	assert.Equal(t, 60*time.Second, s.HeadersTimeout)
	assert.Equal(t, 300*time.Second, s.RequestTimeout)
	assert.Equal(t, 5*time.Second, s.KeepAliveTimeout)
	r, err := s.record()
	require.NoError(t, err)
	assert.Equal(t, abi.DefaultOptions, r)
	assert.True(t, r.Valid())
}

func TestOptionsRecord(t *testing.T) {
	o := Options{
		HeadersTimeout: 1, RequestTimeout: 2, KeepAliveTimeout: 3, BodyIdleTimeout: 4, WriteIdleTimeout: 5, LingerTimeout: 6,
		MaxHeaderSize: 7, MaxHeadersCount: 8, MaxChunkExtensions: 9, MaxPipelined: 10, MaxQueuedBytes: 11, MaxRequestsPerSocket: 12,
		LenientObsFold: true, IgnoreUpgrade: true,
	}
	r, err := o.record()
	require.NoError(t, err)
	assert.Equal(t, abi.Options{
		HeadersTimeout: 1, RequestTimeout: 2, KeepAliveTimeout: 3, BodyIdleTimeout: 4, WriteIdleTimeout: 5, LingerTimeout: 6,
		MaxHeaderBytes: 7, MaxHeadersCount: 8, MaxChunkExtensions: 9, MaxPipelined: 10, MaxQueuedBytes: 11, MaxRequests: 12,
		Lenient: abi.LenientObsFold | abi.IgnoreUpgrade,
	}, r)
	o = Options{LenientMissingHost: true, LenientBareLF: true, LenientHeaderNames: true}
	assert.Equal(t, abi.LenientMissingHost|abi.LenientBareLF|abi.LenientHeaderNames, o.lenient())

	o = defaultOptions()
	o.RequestTimeout = 0
	_, err = o.record()
	assert.NoError(t, err, "no request timeout, so no conflict")
}

func TestCheckContinue(t *testing.T) {
	p := newPort(t)
	port.Hosted = true
	s := CreateServer(func(*ServerRequest, *ServerResponse) { p.Note("request") })
	s.OnCheckContinue(func(_ *ServerRequest, res *ServerResponse) {
		p.Note("checkContinue")
		res.WriteContinue()
	})
	assert.Equal(t, []string{"listeners 0 1"}, p.Take())
	porttest.Event(abi.EventCheckContinue, 0, 7, porttest.RequestRecord(post, 0), nil)
	assert.Equal(t, []string{"checkContinue", "inform 7 100 {}"}, p.Take(), "in place of 'request'")
	request(8, get)
	assert.Equal(t, []string{"request"}, p.Take())
	s.Listen(1)
	assert.Equal(t, []string{`listen 1 kind 0 port 1 host "" backlog 0`, "listeners 1 1"}, p.Take())
	listening(1, "127.0.0.1:1")
	assert.Equal(t, []string{"listeners 0 0"}, p.Take(), "the host's listeners are nobody's now")
}

func TestCheckContinueAddedWhileListening(t *testing.T) {
	p := newPort(t)
	s := CreateServer()
	s.Listen(1)
	listening(1, "127.0.0.1:1")
	p.Take()
	s.OnCheckContinue(func(*ServerRequest, *ServerResponse) {})
	assert.Equal(t, []string{"listeners 1 1"}, p.Take())
}

func TestWhoGetsARequest(t *testing.T) {
	p := newPort(t)
	port.Hosted = true
	make := func(name string) *Server {
		s := CreateServer()
		s.OnRequest(func(_ *ServerRequest, res *ServerResponse) { p.Note("%s", name); res.End() })
		return s
	}
	a, b, c := make("a"), make("b"), make("c")
	ask := func(server uint32) []string {
		p.Take()
		requestFor(server, abi.EventEnd, 7, get, "")
		return p.Take()[:1]
	}
	assert.Equal(t, []string{"a"}, ask(0), "the first that does not listen")
	a.Listen(1)
	listening(1, "127.0.0.1:1")
	assert.Equal(t, []string{"b"}, ask(0))
	assert.Equal(t, []string{"a"}, ask(1))
	b.Close(func() { p.Note("b closed") })
	port.RunTicks()
	assert.Equal(t, []string{"b closed"}, p.Take())
	assert.Equal(t, []string{"c"}, ask(0))
	c.Close()
	assert.Equal(t, []string{`send 7 HEAD|END 503 {} ""`}, ask(0))
	assert.Equal(t, []string{`send 7 HEAD|END 503 {} ""`}, ask(99))
}

func TestRequestThatNobodyListensTo(t *testing.T) {
	p := newPort(t)
	CreateServer()
	request(7, get)
	assert.Equal(t, []string{`send 7 HEAD|END 503 {} ""`}, p.Take())
	assert.Zero(t, port.Bindings())
}

func TestPluginWithoutTheGrantServesTheHost(t *testing.T) {
	p := newPort(t)
	port.Hosted = true
	s := CreateServer(func(_ *ServerRequest, res *ServerResponse) { res.EndString("hello") })
	s.Listen(8000)
	listenFails(1, abi.StatusDenied, "")
	require.Empty(t, p.Printed)
	p.Take()
	request(7, get)
	assert.Equal(t, []string{`send 7 HEAD|END 200 {} "hello"`}, p.Take())

	p.watchServer(s)
	p.Answers = []abi.Status{abi.StatusDenied}
	s.ListenPath("/x")
	port.RunTicks()
	assert.Equal(t, "error EACCES", p.Take()[1])
	assert.Empty(t, p.Printed)
}
