//go:build !wasip1

package http

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
)

// fakePort stands for the engine: it writes down what it is asked for, and answers as it was told.
type fakePort struct {
	t       testing.TB
	log     []string
	printed []string
	answers []abi.Status // of the next calls that have one; then OK
}

// newPort puts a fake port in place of the engine and forgets all servers, for one test.
func newPort(t *testing.T) *fakePort {
	p := &fakePort{t: t}
	oldPort, oldComplain := port, complain
	reset := func() {
		clear(servers)
		clear(exchanges)
		attached, hostMask, lastNumber, ticks, hosted, theLoop = nil, 0, 0, nil, false, nil
	}
	reset()
	port = p
	complain = func(line string) { p.printed = append(p.printed, line) }
	t.Cleanup(func() {
		port, complain = oldPort, oldComplain
		reset()
	})
	return p
}

// take returns the log so far and begins a new one.
func (p *fakePort) take() []string {
	log := p.log
	p.log = nil
	return log
}

func (p *fakePort) note(format string, args ...any) {
	p.log = append(p.log, fmt.Sprintf(format, args...))
}

func (p *fakePort) answer() abi.Status {
	if len(p.answers) == 0 {
		return abi.StatusOK
	}
	status := p.answers[0]
	p.answers = p.answers[1:]
	return status
}

// responseSend logs, for example: send 7 HEAD|END 200 {Content-Type: text/plain} "hello".
func (p *fakePort) responseSend(exchange uint64, flags uint32, head, body []byte) abi.Status {
	var names []string
	for i, name := range []string{"HEAD", "END", "TRAILERS"} {
		if flags&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	line := fmt.Sprintf("send %d %s", exchange, strings.Join(names, "|"))
	switch {
	case flags&abi.SendHead != 0:
		line += " " + p.responseHead(head)
	case flags&abi.SendTrailers != 0:
		r := abi.Decode[abi.Trailers](head)
		line += " " + p.fields(head, abi.TrailersSize, r.TextOffset, r.FieldCount)
	default:
		require.Empty(p.t, head)
	}
	p.note("%s %q", strings.TrimSpace(line), body)
	return p.answer()
}

func (p *fakePort) responseInform(exchange uint64, head []byte) abi.Status {
	p.note("inform %d %s", exchange, p.responseHead(head))
	return p.answer()
}

func (p *fakePort) responseHead(record []byte) string {
	r := abi.Decode[abi.ResponseHead](record)
	table, ok := abi.Table(record, abi.ResponseHeadSize, r.TextOffset, r.FieldCount)
	require.True(p.t, ok)
	reason, ok := table.Span(r.ReasonOffset, r.ReasonSize)
	require.True(p.t, ok)
	line := fmt.Sprint(r.Status)
	if len(reason) > 0 {
		line += " " + string(reason)
	}
	if r.Flags&abi.ResponseNoDate != 0 {
		line += " undated"
	}
	return line + " " + p.fields(record, abi.ResponseHeadSize, r.TextOffset, r.FieldCount)
}

func (p *fakePort) fields(record []byte, fixed int, textOffset, count uint32) string {
	table, ok := abi.Table(record, fixed, textOffset, count)
	require.True(p.t, ok)
	var lines []string
	for i := range table.Len() {
		name, value, ok := table.Field(i)
		require.True(p.t, ok)
		lines = append(lines, string(name)+": "+string(value))
	}
	return "{" + strings.Join(lines, ", ") + "}"
}

func (p *fakePort) requestPause(exchange uint64)  { p.note("pause %d", exchange) }
func (p *fakePort) requestResume(exchange uint64) { p.note("resume %d", exchange) }
func (p *fakePort) exchangeAbort(exchange uint64) { p.note("abort %d", exchange) }

func (p *fakePort) serverListen(server uint32, request []byte) abi.Status {
	r := abi.Decode[abi.ListenRequest](request)
	host := request[abi.ListenRequestSize:]
	require.EqualValues(p.t, len(host), r.HostSize)
	p.note("listen %d kind %d port %d host %q backlog %d", server, r.Kind, r.Port, host, r.Backlog)
	return p.answer()
}

func (p *fakePort) serverClose(server uint32)           { p.note("close %d", server) }
func (p *fakePort) serverListeners(server, mask uint32) { p.note("listeners %d %d", server, mask) }

// requestRecord makes the record of a request from its head as a client sends it.
func requestRecord(raw string, server uint32) []byte {
	line, rest, _ := strings.Cut(raw, "\r\n")
	method, target, _ := strings.Cut(line, " ")
	target, version, _ := strings.Cut(target, " ")
	r := abi.RequestHead{
		MethodSize:   uint32(len(method)),
		TargetOffset: uint32(len(method) + 1),
		TargetSize:   uint32(len(target)),
		Major:        1,
		Minor:        version[len(version)-1] - '0',
		Server:       server,
	}
	fields := fieldTable(rest, uint32(len(line)+2))
	r.FieldCount = uint32(len(fields))
	r.TextOffset = abi.RequestHeadSize + r.FieldCount*abi.FieldSize
	return append(abi.AppendFields(abi.Append(nil, &r), fields), raw...)
}

func trailersRecord(raw string) []byte {
	fields := fieldTable(raw, 0)
	r := abi.Trailers{FieldCount: uint32(len(fields))}
	r.TextOffset = abi.TrailersSize + r.FieldCount*abi.FieldSize
	return append(abi.AppendFields(abi.Append(nil, &r), fields), raw...)
}

// fieldTable finds the fields in lines that begin at the offset at.
func fieldTable(lines string, at uint32) (fields []abi.Field) {
	for line := range strings.SplitSeq(lines, "\r\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			value = strings.TrimSpace(value)
			fields = append(fields, abi.Field{
				NameOffset: at, NameSize: uint32(len(name)),
				ValueOffset: at + uint32(strings.LastIndex(line, value)), ValueSize: uint32(len(value)),
			})
		}
		at += uint32(len(line) + 2)
	}
	return fields
}

// get is a request without a body, for the first server.
const get = "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"

const post = "POST / HTTP/1.1\r\nHost: example.org\r\nTransfer-Encoding: chunked\r\n\r\n"

// request delivers a whole request for the server that is attached to the host.
func request(exchange uint64, raw string, body ...string) {
	requestFor(0, abi.EventEnd, exchange, raw, strings.Join(body, ""))
}

// requestPart delivers a request whose body goes on.
func requestPart(exchange uint64, raw string, body ...string) {
	requestFor(0, 0, exchange, raw, strings.Join(body, ""))
}

func requestFor(server uint32, flags uint32, exchange uint64, raw, body string) {
	event(abi.EventRequest, flags, exchange, requestRecord(raw, server), []byte(body))
}

// event delivers an event from memory that does not outlive it.
func event(kind abi.EventKind, flags uint32, target uint64, head, body []byte) {
	dispatch(kind, flags, target, head, body)
	for _, b := range [][]byte{head, body} {
		for i := range b {
			b[i] = '#'
		}
	}
}

// data delivers a piece of a body.
func data(exchange uint64, flags uint32, body string) {
	event(abi.EventData, flags, exchange, nil, []byte(body))
}
