//go:build !wasip1

// Package porttest has what the tests of packages on the seam share: a port that stands for the engine, and records.
package porttest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
)

// Port stands for the engine: it writes down what it is asked for, and answers as it was told.
type Port struct {
	T       testing.TB
	Log     []string
	Printed []string          // by port.Complain
	Answers []abi.Status      // of the next calls that have one; then OK
	Sockets map[uint64]uint64 // what SocketOf answers
	Infos   map[uint64]string // what SocketInfo answers
	Last    uint64            // the last handle that was opened; the first is FirstHandle
}

// FirstHandle is the first handle that a Port opens.
const FirstHandle = 101

var _ port.Operations = (*Port)(nil)

// New puts a Port in place of the engine, for one test.
func New(t testing.TB) *Port {
	p := NewHost(t)
	t.Cleanup(port.Replace(p))
	port.Complain = func(line string) { p.Printed = append(p.Printed, line) }
	return p
}

// NewHost returns a Port that something else calls.
func NewHost(t testing.TB) *Port {
	return &Port{T: t, Last: FirstHandle - 1, Sockets: map[uint64]uint64{}, Infos: map[uint64]string{}}
}

// Take returns the log so far and begins a new one.
func (p *Port) Take() []string {
	log := p.Log
	p.Log = nil
	return log
}

// Note writes a line into the log.
func (p *Port) Note(format string, args ...any) {
	p.Log = append(p.Log, fmt.Sprintf(format, args...))
}

func (p *Port) answer() abi.Status {
	if len(p.Answers) == 0 {
		return abi.StatusOK
	}
	status := p.Answers[0]
	p.Answers = p.Answers[1:]
	return status
}

// open answers with the next handle.
func (p *Port) open() (uint64, abi.Status) {
	if status := p.answer(); status != abi.StatusOK {
		return 0, status
	}
	p.Last++
	return p.Last, abi.StatusOK
}

// ResponseSend logs, for example: send 7 HEAD|END 200 {Content-Type: text/plain} "hello".
func (p *Port) ResponseSend(exchange uint64, flags uint32, head, body []byte) abi.Status {
	return p.send("send", exchange, flags, head, body, p.responseHead)
}

// RequestSend logs, for example: request send 101 HEAD|END GET / {Host: a} "".
func (p *Port) RequestSend(handle uint64, flags uint32, head, body []byte) abi.Status {
	return p.send("request send", handle, flags, head, body, p.requestHead)
}

// SocketSend logs, for example: socket send 101 END "hello".
func (p *Port) SocketSend(socket uint64, flags uint32, body []byte) abi.Status {
	return p.send("socket send", socket, flags, nil, body, nil)
}

func (p *Port) send(what string, handle uint64, flags uint32, head, body []byte, describe func([]byte) string) abi.Status {
	var names []string
	for i, name := range []string{"HEAD", "END", "TRAILERS"} {
		if flags&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	line := fmt.Sprintf("%s %d %s", what, handle, strings.Join(names, "|"))
	switch {
	case flags&abi.SendHead != 0:
		line += " " + describe(head)
	case flags&abi.SendTrailers != 0:
		r := abi.Decode[abi.Trailers](head)
		line += " " + p.fields(head, abi.TrailersSize, r.TextOffset, r.FieldCount)
	default:
		require.Empty(p.T, head)
	}
	p.Note("%s %q", strings.TrimSpace(line), body)
	return p.answer()
}

// ResponseInform logs, for example: inform 7 103 {Link: </a>}.
func (p *Port) ResponseInform(exchange uint64, head []byte) abi.Status {
	p.Note("inform %d %s", exchange, p.responseHead(head))
	return p.answer()
}

func (p *Port) responseHead(record []byte) string {
	r := abi.Decode[abi.ResponseHead](record)
	table, ok := abi.Table(record, abi.ResponseHeadSize, r.TextOffset, r.FieldCount)
	require.True(p.T, ok)
	reason, ok := table.Span(r.ReasonOffset, r.ReasonSize)
	require.True(p.T, ok)
	line := fmt.Sprint(r.Status)
	if len(reason) > 0 {
		line += " " + string(reason)
	}
	if r.Flags&abi.ResponseNoDate != 0 {
		line += " undated"
	}
	return line + " " + p.fields(record, abi.ResponseHeadSize, r.TextOffset, r.FieldCount)
}

func (p *Port) requestHead(record []byte) string {
	r := abi.Decode[abi.ClientRequestHead](record)
	table, ok := abi.Table(record, abi.ClientRequestHeadSize, r.TextOffset, r.FieldCount)
	require.True(p.T, ok)
	method, ok := table.Span(r.MethodOffset, r.MethodSize)
	require.True(p.T, ok)
	target, ok := table.Span(r.TargetOffset, r.TargetSize)
	require.True(p.T, ok)
	return fmt.Sprintf("%s %s %s", method, target, p.fields(record, abi.ClientRequestHeadSize, r.TextOffset, r.FieldCount))
}

func (p *Port) fields(record []byte, fixed int, textOffset, count uint32) string {
	table, ok := abi.Table(record, fixed, textOffset, count)
	require.True(p.T, ok)
	var lines []string
	for i := range table.Len() {
		name, value, ok := table.Field(i)
		require.True(p.T, ok)
		lines = append(lines, string(name)+": "+string(value))
	}
	return "{" + strings.Join(lines, ", ") + "}"
}

// The others log their names and arguments.

func (p *Port) RequestPause(handle uint64)  { p.Note("pause %d", handle) }
func (p *Port) RequestResume(handle uint64) { p.Note("resume %d", handle) }
func (p *Port) Abort(handle uint64)         { p.Note("abort %d", handle) }

// Pipe logs, for example: pipe 7 to 101.
func (p *Port) Pipe(from, to uint64) abi.Status {
	p.Note("pipe %d to %d", from, to)
	return p.answer()
}

func (p *Port) ServerListen(server uint32, request []byte) abi.Status {
	r := abi.Decode[abi.ListenRequest](request)
	host := request[abi.ListenRequestSize:]
	require.EqualValues(p.T, len(host), r.HostSize)
	line := fmt.Sprintf("listen %d kind %d port %d host %q backlog %d", server, r.Kind, r.Port, host, r.Backlog)
	if r.Number != 0 {
		line += fmt.Sprint(" number ", r.Number)
	}
	p.Note("%s", line)
	return p.answer()
}

func (p *Port) ServerClose(server uint32)           { p.Note("close %d", server) }
func (p *Port) ServerListeners(server, mask uint32) { p.Note("listeners %d %d", server, mask) }

// RequestOpen logs, for example: request open example.org:80 agent 1 sockets 5.
func (p *Port) RequestOpen(destination []byte) (uint64, abi.Status) {
	p.Note("request open %s", p.destination(destination))
	return p.open()
}

// SocketOpen logs, for example: socket open unix:/run/x.sock.
func (p *Port) SocketOpen(destination []byte) (uint64, abi.Status) {
	p.Note("socket open %s", p.destination(destination))
	return p.open()
}

// destination describes a Destination: what is not zero or empty.
func (p *Port) destination(record []byte) string {
	d, texts, ok := abi.ReadDestination(record)
	require.True(p.T, ok, "a valid Destination")
	line := fmt.Sprintf("%s:%d", texts.Host, d.Port)
	if d.Kind == abi.ConnectUnix {
		line = "unix:" + string(texts.Host)
	}
	for i, name := range []string{"TLS", "INSECURE", "POOL"} {
		if d.Flags&(1<<i) != 0 {
			line += " " + name
		}
	}
	for _, n := range []struct {
		name  string
		value int64
	}{
		{"agent", int64(d.Agent)}, {"sockets", int64(d.MaxSockets)}, {"free", int64(d.MaxFreeSockets)},
		{"header-bytes", int64(d.MaxHeaderBytes)}, {"headers", int64(d.MaxHeadersCount)}, {"lenient", int64(d.Lenient)},
		{"pool-timeout", d.PoolTimeout},
	} {
		if n.value != 0 {
			line += fmt.Sprintf(" %s %d", n.name, n.value)
		}
	}
	for _, t := range []struct {
		name string
		text []byte
	}{{"local", texts.Local}, {"name", texts.ServerName}, {"roots", texts.Roots}, {"cert", texts.Cert}, {"key", texts.Key}} {
		if len(t.text) > 0 {
			line += fmt.Sprintf(" %s %q", t.name, t.text)
		}
	}
	return line
}

// SocketOf answers from Sockets, and logs nothing.
func (p *Port) SocketOf(exchange uint64) (uint64, abi.Status) {
	if handle, ok := p.Sockets[exchange]; ok {
		return handle, abi.StatusOK
	}
	return 0, abi.StatusClosed
}

// SocketSet logs, for example: socket set 101 no_delay 1.
func (p *Port) SocketSet(socket uint64, option abi.SocketOption, value int64) abi.Status {
	name := map[abi.SocketOption]string{
		abi.SocketNoDelay: "no_delay", abi.SocketKeepAlive: "keep_alive",
		abi.SocketTimeout: "timeout", abi.SocketAgentRemove: "agent_remove",
	}[option]
	p.Note("socket set %d %s %d", socket, name, value)
	return p.answer()
}

// SocketInfo answers from Infos, and logs nothing.
func (p *Port) SocketInfo(socket uint64) string { return p.Infos[socket] }

// SetTimer logs, for example: timer 5ms.
func (p *Port) SetTimer(delay time.Duration) { p.Note("timer %v", delay) }

// Event delivers an event from memory that does not outlive it.
func Event(kind abi.EventKind, flags uint32, target uint64, head, body []byte) {
	port.Dispatch(kind, flags, target, head, body)
	for _, b := range [][]byte{head, body} {
		for i := range b {
			b[i] = '#'
		}
	}
}

// Quiet takes everything and keeps nothing.
type Quiet struct{}

var _ port.Operations = Quiet{}

func (Quiet) ResponseSend(uint64, uint32, []byte, []byte) abi.Status { return abi.StatusOK }
func (Quiet) ResponseInform(uint64, []byte) abi.Status               { return abi.StatusOK }
func (Quiet) RequestPause(uint64)                                    {}
func (Quiet) RequestResume(uint64)                                   {}
func (Quiet) Abort(uint64)                                           {}
func (Quiet) Pipe(uint64, uint64) abi.Status                         { return abi.StatusOK }
func (Quiet) ServerListen(uint32, []byte) abi.Status                 { return abi.StatusOK }
func (Quiet) ServerClose(uint32)                                     {}
func (Quiet) ServerListeners(uint32, uint32)                         {}
func (Quiet) RequestOpen([]byte) (uint64, abi.Status)                { return 1, abi.StatusOK }
func (Quiet) RequestSend(uint64, uint32, []byte, []byte) abi.Status  { return abi.StatusOK }
func (Quiet) SocketOpen([]byte) (uint64, abi.Status)                 { return 1, abi.StatusOK }
func (Quiet) SocketOf(uint64) (uint64, abi.Status)                   { return 1, abi.StatusOK }
func (Quiet) SocketSend(uint64, uint32, []byte) abi.Status           { return abi.StatusOK }
func (Quiet) SocketSet(uint64, abi.SocketOption, int64) abi.Status   { return abi.StatusOK }
func (Quiet) SocketInfo(uint64) string                               { return "" }
func (Quiet) SetTimer(time.Duration)                                 {}
