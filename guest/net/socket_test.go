//go:build !wasip1

package net

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
	"github.com/portholehttp/porthole/guest/internal/port/porttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const handle = porttest.FirstHandle

// watch logs the events of a socket.
func watch(p *porttest.Port, s *Socket) {
	s.OnConnect(func() { p.Note("connect") })
	s.OnData(func(chunk []byte) { p.Note("data %q", chunk) })
	s.OnEnd(func() { p.Note("end") })
	s.OnDrain(func() { p.Note("drain") })
	s.OnFinish(func() { p.Note("finish") })
	s.OnTimeout(func() { p.Note("timeout") })
	s.OnError(func(err error) { p.Note("error %s", code(err)) })
	s.OnClose(func(hadError bool) { p.Note("close %v", hadError) })
}

func code(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return err.Error()
}

// connected returns a socket that is, and watched.
func connected(t *testing.T) (*porttest.Port, *Socket) {
	p := porttest.New(t)
	s := Connect(80, "example.org")
	watch(p, s)
	event(abi.EventConnected, 0, "")
	p.Take()
	return p, s
}

// event delivers an event of the socket, which is its body or, for an error, its head.
func event(kind abi.EventKind, flags uint32, text string) {
	if kind == abi.EventError {
		porttest.Event(kind, flags, handle, []byte(text), nil)
		return
	}
	porttest.Event(kind, flags, handle, nil, []byte(text))
}

func closes() { event(abi.EventClose, abi.EventDone, "") }

func TestConnect(t *testing.T) {
	p := porttest.New(t)
	s := Connect(80, "example.org", func() { p.Note("callback") })
	watch(p, s)
	assert.Equal(t, []string{"socket open example.org:80"}, p.Take())
	p.Answers = []abi.Status{abi.StatusQueued}
	assert.False(t, s.WriteString("early"), "it is kept")
	event(abi.EventConnected, 0, "")
	event(abi.EventDrain, 0, "")
	assert.Equal(t, []string{`socket send 101 "early"`, "callback", "connect", "drain"}, p.Take())
	event(abi.EventData, 0, "hello")
	event(abi.EventData, abi.EventEnd, "")
	assert.Equal(t, []string{`data "hello"`, "end", `socket send 101 END ""`, "finish"}, p.Take(), "it ends itself")
	closes()
	assert.Equal(t, []string{"close false"}, p.Take())
	assert.Zero(t, port.Bindings())
}

func TestConnectVariants(t *testing.T) {
	for _, c := range []struct {
		want string
		do   func()
	}{
		{"localhost:1", func() { Connect(1, "") }},
		{"unix:/run/x.sock", func() { ConnectPath("/run/x.sock") }},
		{`a:2 local "127.0.0.1"`, func() {
			ConnectWith(ConnectOptions{Host: "a", Port: 2, LocalAddress: "127.0.0.1", CA: []byte("unused")})
		}},
		{`a:443 TLS`, func() { ConnectTLS(ConnectOptions{Host: "a", Port: 443}) }},
		{`a:443 TLS INSECURE name "b" roots "ca" cert "c" key "k"`, func() {
			ConnectTLS(ConnectOptions{Host: "a", Port: 443, ServerName: "b", CA: []byte("ca"), Cert: []byte("c"), Key: []byte("k"), Insecure: true})
		}},
	} {
		p := porttest.New(t)
		c.do()
		assert.Equal(t, []string{"socket open " + c.want}, p.Take())
	}
}

func TestConnectFails(t *testing.T) {
	p := porttest.New(t)
	watch(p, Connect(80, "example.org"))
	event(abi.EventError, abi.StatusFlags(abi.StatusFailed), "ECONNREFUSED connect 192.0.2.1:80")
	closes()
	assert.Equal(t, []string{"socket open example.org:80", "error ECONNREFUSED", "close true"}, p.Take())
}

func TestConnectIsRefused(t *testing.T) {
	for status, want := range map[abi.Status]string{
		abi.StatusInvalid: "EINVAL", abi.StatusLimit: "EMFILE", abi.StatusDenied: "EACCES", abi.StatusUnsupported: "EAFNOSUPPORT",
	} {
		p := porttest.New(t)
		p.Answers = []abi.Status{status}
		s := Connect(80, "a")
		watch(p, s)
		assert.False(t, s.WriteString("x"))
		s.End()
		s.Destroy()
		assert.Equal(t, []string{"socket open a:80"}, p.Take(), "nothing inside of Connect")
		port.RunTicks()
		assert.Equal(t, []string{"error " + want, "close true"}, p.Take())
	}
	for _, number := range []int{-1, 0, 65536} {
		p := porttest.New(t)
		watch(p, Connect(number, "a"))
		port.RunTicks()
		assert.Equal(t, []string{"error ERR_SOCKET_BAD_PORT", "close true"}, p.Take())
	}
}

func TestDestroyWhileConnecting(t *testing.T) {
	p := porttest.New(t)
	s := Connect(80, "a", func() { p.Note("callback") })
	watch(p, s)
	s.Destroy()
	s.Destroy()
	event(abi.EventConnected, 0, "")
	closes()
	assert.Equal(t, []string{"socket open a:80", "abort 101", "close false"}, p.Take())
}

func TestHalfOpen(t *testing.T) {
	p, s := connected(t)
	s.AllowHalfOpen = true
	event(abi.EventData, abi.EventEnd, "all")
	assert.Equal(t, []string{`data "all"`, "end"}, p.Take())
	assert.True(t, s.WriteString("more"))
	s.EndString("last")
	port.RunTicks()
	closes()
	assert.Equal(t, []string{`socket send 101 "more"`, `socket send 101 END "last"`, "finish", "close false"}, p.Take())
}

func TestGoodbyeInTheListenerOfEnd(t *testing.T) {
	p, s := connected(t)
	s.OnEnd(func() { s.WriteString("bye") })
	event(abi.EventData, abi.EventEnd, "")
	assert.Equal(t, []string{"end", `socket send 101 "bye"`, `socket send 101 END ""`, "finish"}, p.Take())
}

func TestWriteResults(t *testing.T) {
	p, s := connected(t)
	p.Answers = []abi.Status{abi.StatusQueued, abi.StatusQueued, abi.StatusOK, abi.StatusClosed, abi.StatusReset}
	assert.True(t, s.Write(nil))
	assert.False(t, s.Write([]byte("a")))
	assert.False(t, s.Write(nil))
	assert.False(t, s.WriteString("YQ==", "base64"))
	event(abi.EventDrain, 0, "")
	event(abi.EventDrain, 0, "")
	assert.True(t, s.WriteString("c"))
	assert.False(t, s.WriteString("d"))
	assert.False(t, s.WriteString("e"))
	port.RunTicks()
	assert.Equal(t, []string{`socket send 101 "a"`, `socket send 101 "a"`, "drain", `socket send 101 "c"`, `socket send 101 "d"`, `socket send 101 "e"`}, p.Take())
}

func TestEndQueued(t *testing.T) {
	p, s := connected(t)
	p.Answers = []abi.Status{abi.StatusQueued, abi.StatusQueued}
	s.WriteString("a")
	s.End([]byte("b"), []byte("c"))
	s.End()
	event(abi.EventDrain, 0, "")
	event(abi.EventFinish, 0, "")
	assert.Equal(t, []string{`socket send 101 "a"`, `socket send 101 END "bc"`, "finish"}, p.Take(), "no drain after the end")
}

func TestMistakesBreakTheConnection(t *testing.T) {
	for _, c := range []struct {
		title, code string
		do          func(*porttest.Port, *Socket)
	}{
		{"write after end", "ERR_STREAM_WRITE_AFTER_END", func(_ *porttest.Port, s *Socket) { s.End(); assert.False(t, s.WriteString("x")) }},
		{"end with data after end", "ERR_STREAM_WRITE_AFTER_END", func(_ *porttest.Port, s *Socket) { s.End(); s.EndString("x") }},
		{"write after the peer's end", "EPIPE", func(_ *porttest.Port, s *Socket) { event(abi.EventData, abi.EventEnd, ""); s.WriteString("x") }},
		{"half open, after both ends", "ERR_STREAM_WRITE_AFTER_END", func(_ *porttest.Port, s *Socket) {
			s.AllowHalfOpen = true
			event(abi.EventData, abi.EventEnd, "")
			s.End()
			s.WriteString("x")
		}},
		{"unknown encoding", "ERR_UNKNOWN_ENCODING", func(_ *porttest.Port, s *Socket) { s.WriteString("x", "no") }},
		{"unknown encoding at the end", "ERR_UNKNOWN_ENCODING", func(_ *porttest.Port, s *Socket) { s.EndString("x", "no") }},
		{"too much", "ENOBUFS", func(p *porttest.Port, s *Socket) { p.Answers = []abi.Status{abi.StatusLimit}; s.WriteString("x") }},
		{"refused", "EINVAL", func(p *porttest.Port, s *Socket) { p.Answers = []abi.Status{abi.StatusState}; s.WriteString("x") }},
	} {
		p, s := connected(t)
		c.do(p, s)
		p.Note("returned")
		assert.False(t, s.WriteString("y"), c.title)
		port.RunTicks()
		event(abi.EventData, 0, "late")
		closes()
		log := p.Take()
		require.Contains(t, log, "abort 101", c.title)
		assert.Equal(t, []string{"error " + c.code, "close true"}, log[len(log)-2:], c.title)
		assert.NotContains(t, log, `data "late"`, c.title)
	}
}

func TestErrors(t *testing.T) {
	p, s := connected(t)
	s.Pause()
	event(abi.EventData, 0, "kept")
	event(abi.EventError, abi.StatusFlags(abi.StatusReset), "ECONNRESET read ECONNRESET")
	s.Resume()
	assert.False(t, s.WriteString("x"))
	s.Destroy()
	port.RunTicks()
	closes()
	closes()
	assert.Equal(t, []string{"pause 101", "error ECONNRESET", "close true"}, dropResume(p.Take()))
}

// dropResume takes out what is without effect.
func dropResume(log []string) (kept []string) {
	for _, line := range log {
		if !strings.HasPrefix(line, "resume") {
			kept = append(kept, line)
		}
	}
	return kept
}

func TestUncaughtErrorPanics(t *testing.T) {
	porttest.New(t)
	Connect(80, "a")
	assert.PanicsWithError(t, "ECONNRESET: gone", func() { event(abi.EventError, 0, "ECONNRESET gone") })
}

func TestPeerThatDoesNotReadNeedsNoListener(t *testing.T) {
	p := porttest.New(t)
	s := Connect(80, "a")
	p.Answers = []abi.Status{abi.StatusLimit}
	s.WriteString("x")
	assert.NotPanics(t, port.RunTicks)
}

func TestPauseResume(t *testing.T) {
	p, s := connected(t)
	s.Pause()
	event(abi.EventData, 0, "a")
	event(abi.EventData, abi.EventEnd, "b")
	assert.Equal(t, []string{"pause 101"}, p.Take())
	s.Resume()
	assert.Empty(t, p.Take(), "all of it is here: there is nothing to resume")
	port.RunTicks()
	assert.Equal(t, []string{`data "a"`, `data "b"`, "end", `socket send 101 END ""`, "finish"}, p.Take())
}

func TestCloseWaitsForWhatWasKept(t *testing.T) {
	for _, c := range []struct {
		title string
		do    func(*Socket)
		want  []string
	}{
		{"resumed", (*Socket).Resume, []string{`data "kept"`, "end", "close false"}},
		{"destroyed", (*Socket).Destroy, []string{"close false"}},
		{"written to", func(s *Socket) { s.WriteString("x") }, []string{"error ERR_STREAM_WRITE_AFTER_END", "close true"}},
	} {
		p, s := connected(t)
		s.End()
		s.Pause()
		event(abi.EventData, abi.EventEnd, "kept")
		closes()
		p.Take()
		c.do(s)
		port.RunTicks()
		assert.Equal(t, c.want, p.Take(), c.title)
	}
}

func TestSetEncoding(t *testing.T) {
	p, s := connected(t)
	assert.ErrorIs(t, s.SetEncoding("klingon"), &Error{Code: "ERR_UNKNOWN_ENCODING"})
	require.NoError(t, s.SetEncoding("hex"))
	event(abi.EventData, 0, "ab")
	assert.Equal(t, []string{`data "6162"`}, p.Take())
}

func TestPipe(t *testing.T) {
	p, s := connected(t)
	s.Pipe(s)
	p.Answers = []abi.Status{abi.StatusQueued}
	event(abi.EventData, 0, "a")
	event(abi.EventData, 0, "b")
	event(abi.EventDrain, 0, "")
	event(abi.EventData, abi.EventEnd, "")
	assert.Equal(t, []string{`data "a"`, `socket send 101 "a"`, "pause 101", "drain", "resume 101", `data "b"`, `socket send 101 "b"`,
		"end", `socket send 101 END ""`, "finish"}, p.Take())
}

func TestPipeIntoWhatCloses(t *testing.T) {
	p, s := connected(t)
	dst := ConnectPath("/x")
	s.Pipe(dst)
	p.Take()
	dst.Destroy()
	porttest.Event(abi.EventClose, abi.EventDone, handle+1, nil, nil)
	event(abi.EventData, abi.EventEnd, "a")
	assert.Equal(t, []string{"abort 102", `data "a"`, "end", `socket send 101 END ""`, "finish"}, p.Take(), "the rest is discarded")
}

func TestSettings(t *testing.T) {
	p, s := connected(t)
	s.SetNoDelay()
	s.SetNoDelay(true)
	s.SetNoDelay(false)
	s.SetKeepAlive(true, time.Second)
	s.SetKeepAlive(true, -1)
	s.SetKeepAlive(false, time.Second)
	s.SetTimeout(time.Millisecond)
	s.SetTimeout(-1)
	s.AgentRemove()
	assert.Equal(t, []string{
		"socket set 101 no_delay 1", "socket set 101 no_delay 1", "socket set 101 no_delay 0",
		"socket set 101 keep_alive 1000000000", "socket set 101 keep_alive 0", "socket set 101 keep_alive -1",
		"socket set 101 timeout 1000000", "socket set 101 timeout 0", "socket set 101 agent_remove 0",
	}, p.Take())
	closes()
	p.Take()
	s.SetNoDelay()
	assert.Empty(t, p.Take(), "the handle may be another socket's by now")
}

func TestTimeout(t *testing.T) {
	p, s := connected(t)
	s.SetTimeout(time.Second, func() { p.Note("callback") })
	event(abi.EventTimeout, 0, "")
	event(abi.EventTimeout, 0, "")
	s.SetTimeout(time.Second, func() { p.Note("dropped") })
	s.SetTimeout(0)
	event(abi.EventTimeout, 0, "")
	assert.Equal(t, []string{"socket set 101 timeout 1000000000", "callback", "timeout", "timeout",
		"socket set 101 timeout 1000000000", "socket set 101 timeout 0", "timeout"}, p.Take())
	s.Destroy()
	event(abi.EventTimeout, 0, "")
	assert.Equal(t, []string{"abort 101"}, p.Take())
}

func TestAddresses(t *testing.T) {
	p, s := connected(t)
	assert.Empty(t, s.RemoteAddress())
	assert.Zero(t, s.RemotePort())
	p.Infos[handle] = "remote=[::1]:80\nlocal=127.0.0.1:40000\n"
	assert.Equal(t, "::1", s.RemoteAddress())
	assert.Equal(t, 80, s.RemotePort())
	closes()
	assert.Equal(t, "127.0.0.1", s.LocalAddress(), "it is remembered")
	assert.Equal(t, 40000, s.LocalPort())
	assert.False(t, s.VerifyPeer())
	assert.Nil(t, s.GetPeerCertificate())

	p, s = connected(t)
	p.Infos[handle] = "remote=unix:/run/a:1\nlocal=unix:\n"
	assert.Empty(t, s.RemoteAddress())
	assert.Zero(t, s.RemotePort())
}

func TestCertificate(t *testing.T) {
	p, s := connected(t)
	p.Infos[handle] = "remote=192.0.2.1:443\n"
	assert.Equal(t, 443, s.RemotePort())
	p.Infos[handle] += "tls=1.3\nverified=1\nsubject=CN=a=b,O=c\nissuer=CN=d\n" +
		"names=DNS:a, URI:\"http://x/?a, DNS:evil\", IP Address:::1\n" +
		"valid-from=2024-01-02T03:04:05Z\nvalid-to=2025-01-02T03:04:05Z\nserial=0F\nfingerprint=AA:BB\ncertificate=YWJj\n"
	assert.True(t, s.VerifyPeer())
	assert.Equal(t, &Certificate{
		Subject: "CN=a=b,O=c", Issuer: "CN=d",
		SubjectAltNames: []string{"DNS:a", "URI:http://x/?a, DNS:evil", "IP Address:::1"},
		ValidFrom:       time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC), ValidTo: time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC),
		SerialNumber: "0F", Fingerprint256: "AA:BB", Raw: []byte("abc"),
	}, s.GetPeerCertificate())
}

func TestTLS(t *testing.T) {
	p, s := connected(t)
	p.Infos[handle] = "remote=192.0.2.1:443\n"
	assert.False(t, s.Encrypted())
	assert.Empty(t, s.GetProtocol())
	p.Infos[handle] += "tls=1.2\nprotocol=http/1.1\nserver-name=a.test\nverified=0\n"
	assert.True(t, s.Encrypted(), "it is asked again until it is known")
	assert.Equal(t, "TLSv1.2", s.GetProtocol())
	assert.Equal(t, "http/1.1", s.ALPNProtocol())
	assert.Equal(t, "a.test", s.ServerName())
	assert.False(t, s.VerifyPeer())
	assert.Nil(t, s.GetPeerCertificate())
}

// A socket on which HTTP is spoken.
func TestManagedSocket(t *testing.T) {
	p := porttest.New(t)
	s := OfHandle(handle)
	assert.Same(t, s, OfHandle(handle))
	watch(p, s)
	s.Pause()
	assert.False(t, s.WriteString("x"))
	s.End()
	assert.Empty(t, p.Take())
	port.RunTicks()
	assert.Equal(t, []string{"error ERR_INVALID_STATE", "error ERR_INVALID_STATE"}, p.Take())
	s.SetTimeout(1)
	event(abi.EventTimeout, 0, "")
	s.Destroy()
	closes()
	assert.Equal(t, []string{"socket set 101 timeout 1", "timeout", "abort 101", "close false"}, p.Take())
	assert.NotSame(t, s, OfHandle(handle))
}

func TestManagedSocketForgivesErrors(t *testing.T) {
	porttest.New(t)
	OfHandle(handle)
	assert.NotPanics(t, func() { event(abi.EventError, 0, "ECONNRESET gone") })
	OfFailedHandle(handle + 1)
	assert.NotPanics(t, func() { porttest.Event(abi.EventError, 0, handle+1, []byte("ECONNRESET gone"), nil) })
	OfRawHandle(handle + 2)
	assert.Panics(t, func() { porttest.Event(abi.EventError, 0, handle+2, []byte("ECONNRESET gone"), nil) })
}

func TestTakenOverSocket(t *testing.T) {
	p := porttest.New(t)
	s := OfHandle(handle)
	watch(p, s)
	assert.Same(t, s, OfRawHandle(handle))
	event(abi.EventData, 0, "a")
	s.WriteString("b")
	event(abi.EventData, abi.EventEnd, "")
	assert.Equal(t, []string{`data "a"`, `socket send 101 "b"`, "end", `socket send 101 END ""`, "finish"}, p.Take())
}

func TestSocketThatIsGone(t *testing.T) {
	p := porttest.New(t)
	s := OfHandle(0)
	watch(p, s)
	s.SetNoDelay()
	s.Pause()
	s.Resume()
	s.WriteString("x")
	s.End()
	s.Destroy()
	assert.Empty(t, s.RemoteAddress())
	port.RunTicks()
	assert.Empty(t, p.Take())
}

func TestEventsOfHTTPArePassedOn(t *testing.T) {
	p := porttest.New(t)
	old := port.Servers.Target
	defer func() { port.Servers.Target = old }()
	port.Servers.Target = func(kind abi.EventKind, flags uint32, target uint64, head, body []byte) {
		p.Note("%d %d %d %s %s", kind, flags, target, head, body)
	}
	OfHandle(handle)
	for _, kind := range []abi.EventKind{abi.EventUpgrade, abi.EventConnect, abi.EventClientError} {
		porttest.Event(kind, 0, handle, []byte("head"), []byte("body"))
	}
	assert.Equal(t, []string{"15 0 101 head body", "16 0 101 head body", "18 0 101 head body"}, p.Take())
}
