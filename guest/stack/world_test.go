package stack

import (
	"fmt"
	"strings"
	"testing"

	"github.com/portholehttp/porthole/abi"
	"github.com/stretchr/testify/require"
)

// world is everything around an engine: sockets whose kernel buffers the test sizes, a clock it
// moves, and a handler. It drives the engine as the contract says a driver does.
type world struct {
	t       *testing.T
	engine  *Engine
	now     int64
	timer   int64
	sockets map[uint64]*fakeSocket
	next    uint64
	handler func(*world, Event)
	log     []string // events, in short form
	turn    bool
	writes  int

	outgoing []uint64          // sockets that the engine asked for, in order
	refuse   abi.Status        // of Connect
	names    map[uint64]string // of handles, in the log
}

type fakeSocket struct {
	sent          []byte
	room          int // bytes the kernel takes; negative: any
	fail          bool
	short         bool // the last write was
	paused, shut  bool
	closed, reset bool

	destination string
	options     []string
}

const (
	testListener = 1<<32 | 1_000_000
	// 2026-11-23 21:00:00 UTC
	testWall = 1795467600 * int64(1e9)
	testDate = "Mon, 23 Nov 2026 21:00:00 GMT"
)

func newWorld(t *testing.T, handler func(*world, Event), change ...func(*abi.Options)) *world {
	w := &world{t: t, now: 1e9, sockets: map[uint64]*fakeSocket{}, handler: handler}
	w.engine = New(w)
	o := abi.DefaultOptions
	for _, f := range change {
		f(&o)
	}
	require.Equal(t, abi.StatusOK, w.engine.ListenerOpen(testListener, &o))
	return w
}

// Sockets, as the engine sees it.

func (w *world) Listen(server uint64, request []byte) (uint64, abi.Status) {
	if r := abi.Decode[abi.ListenRequest](request); r.Kind == abi.ListenServer {
		return w.engine.server(server>>32<<32 | uint64(r.Number)).handle, abi.StatusOK
	}
	w.next++
	return w.next<<32 | 2_000_000, abi.StatusOK
}

func (w *world) Connect(_ uint64, destination []byte) (uint64, abi.Status) {
	if w.refuse != abi.StatusOK {
		return 0, w.refuse
	}
	h := w.newSocket()
	w.sockets[h].destination = string(destination)
	w.outgoing = append(w.outgoing, h)
	return h, abi.StatusOK
}

func (w *world) SetOption(socket uint64, option abi.SocketOption, value int64) abi.Status {
	w.socket(socket).options = append(w.socket(socket).options, fmt.Sprint(option, "=", value))
	return abi.StatusOK
}

func (w *world) Write(socket uint64, p []byte) (int, abi.Status) {
	s := w.socket(socket)
	w.writes++
	switch n := len(p); {
	case s.fail:
		return 0, abi.StatusReset
	case s.room < 0 || n <= s.room:
		s.sent = append(s.sent, p...)
		if s.room >= 0 {
			s.room -= n
		}
		return n, abi.StatusOK
	default:
		n = s.room
		s.room, s.short = 0, true
		s.sent = append(s.sent, p[:n]...)
		return n, abi.StatusOK
	}
}

func (w *world) socket(handle uint64) *fakeSocket {
	s := w.sockets[handle]
	if s == nil || s.closed {
		require.FailNow(w.t, "a socket is used that is not open")
	}
	return s
}

func (w *world) Shutdown(socket uint64) { w.socket(socket).shut = true }

func (w *world) Close(handle uint64, reset bool) {
	if s := w.sockets[handle]; s != nil {
		require.False(w.t, s.closed, "closed twice")
		s.closed, s.reset = true, reset
	}
}

func (w *world) Pause(socket uint64) {
	require.False(w.t, w.socket(socket).paused)
	w.socket(socket).paused = true
}

func (w *world) Resume(socket uint64) {
	require.True(w.t, w.socket(socket).paused)
	w.socket(socket).paused = false
}

func (w *world) SetTimer(at int64) { w.timer = at }

func (w *world) WallClock() int64 { return testWall + w.now - 1e9 }

// What happens to the engine.

// newSocket makes a socket with a free index, as the host would choose.
func (w *world) newSocket() uint64 {
	w.next++
	h := w.next << 32
	for w.indexTaken(h & 0xffffffff) {
		h++
	}
	w.sockets[h] = &fakeSocket{room: -1}
	return h
}

func (w *world) connect() uint64 {
	h := w.newSocket()
	w.engine.Accept(h, testListener, w.now)
	w.deliver()
	return h
}

func (w *world) indexTaken(i uint64) bool {
	for h, s := range w.sockets {
		if h&0xffffffff == i && !s.closed {
			return true
		}
	}
	return false
}

func (w *world) live() (n int) {
	for _, s := range w.sockets {
		if !s.closed {
			n++
		}
	}
	return n
}

// data gives bytes to the engine as the host would: in a buffer that is overwritten afterwards.
func (w *world) data(socket uint64, p string) {
	if s := w.sockets[socket]; s.closed {
		return
	}
	b := []byte(p)
	w.engine.Data(socket, b, w.now)
	w.deliver()
	for i := range b {
		b[i] = 0xEE
	}
}

func (w *world) end(socket uint64) {
	if s := w.sockets[socket]; !s.closed {
		w.engine.End(socket, w.now)
		w.deliver()
	}
}

// drain lets the kernel take n more bytes of a socket.
func (w *world) drain(socket uint64, n int) {
	s := w.sockets[socket]
	s.room = n
	if s.short && !s.closed {
		s.short = false
		w.engine.Writable(socket, w.now)
		w.deliver()
	}
}

func (w *world) broken(socket uint64) {
	w.sockets[socket].closed = true
	w.engine.Closed(socket, abi.StatusReset, w.now)
	w.deliver()
}

// pass lets time go by, with the timer firing when it is due.
func (w *world) pass(d int64) {
	until := w.now + d
	for w.timer != 0 && w.timer <= until {
		w.now, w.timer = max(w.now, w.timer), 0
		w.engine.Timer(w.now)
		w.deliver()
	}
	w.now = until
}

// deliver hands events to the handler and gives the engine its turns.
func (w *world) deliver() {
	for {
		for _, ev := range w.engine.Events() {
			w.log = append(w.log, w.describe(ev))
			checkEase(w.t, w.engine)
			if w.handler != nil {
				w.handler(w, ev)
			}
		}
		checkEase(w.t, w.engine)
		if !w.turn {
			return
		}
		w.turn = false
		w.engine.Turn(w.now)
	}
}

func (w *world) op(op abi.Operation, target uint64, flags uint32, head, body []byte) (status abi.Status, done bool) {
	r := w.engine.Operation(op, target, flags, head, body, 0)
	w.turn = w.turn || r&abi.ResultTurn != 0
	return abi.Status(r & abi.ResultStatusMask), r&abi.ResultDone != 0
}

// later runs an operation outside of an event and gives the engine its turn.
func (w *world) later(op abi.Operation, target uint64, flags uint32, head []byte, body string) (abi.Status, bool) {
	w.engine.enter(w.now) // nothing may be left to deliver
	status, done := w.op(op, target, flags, head, []byte(body))
	w.deliver()
	return status, done
}

func (w *world) sent(socket uint64) string { return string(w.sockets[socket].sent) }

// What handlers do.

// respond sends a whole response.
func (w *world) respond(x uint64, status int, body string, fields ...string) (abi.Status, bool) {
	return w.op(abi.OpResponseSend, x, abi.SendHead|abi.SendEnd, responseHead(status, fields...), []byte(body))
}

// responseHead makes an abi.ResponseHead of names and values in turn.
func responseHead(status int, fields ...string) []byte {
	return headWithReason(status, "", fields...)
}

func headWithReason(status int, reason string, fields ...string) []byte {
	table, text := fieldTable(reason, fields)
	r := abi.ResponseHead{
		TextOffset: uint32(abi.ResponseHeadSize + len(table)*abi.FieldSize), FieldCount: uint32(len(table)),
		ReasonSize: uint32(len(reason)), Status: uint16(status),
	}
	return append(abi.AppendFields(abi.Append(nil, &r), table), text...)
}

func trailers(fields ...string) []byte {
	table, text := fieldTable("", fields)
	r := abi.Trailers{TextOffset: uint32(abi.TrailersSize + len(table)*abi.FieldSize), FieldCount: uint32(len(table))}
	return append(abi.AppendFields(abi.Append(nil, &r), table), text...)
}

func fieldTable(text string, fields []string) (table []abi.Field, all string) {
	for i := 0; i < len(fields); i += 2 {
		f := abi.Field{NameOffset: uint32(len(text)), NameSize: uint32(len(fields[i]))}
		text += fields[i]
		f.ValueOffset, f.ValueSize = uint32(len(text)), uint32(len(fields[i+1]))
		text += fields[i+1]
		table = append(table, f)
	}
	return table, text
}

// request is a decoded abi.RequestHead.
type request struct {
	method, target string
	minor          int
	server         uint32
	size           int64
	hasBody        bool
	fields         []string // "name: value"
}

func decodeRequest(t testing.TB, record []byte) request {
	r := abi.Decode[abi.RequestHead](record)
	fields, ok := abi.Table(record, abi.RequestHeadSize, r.TextOffset, r.FieldCount)
	require.True(t, ok)
	method, ok1 := fields.Span(r.MethodOffset, r.MethodSize)
	target, ok2 := fields.Span(r.TargetOffset, r.TargetSize)
	require.True(t, ok1 && ok2)
	q := request{method: string(method), target: string(target), minor: int(r.Minor), server: r.Server,
		size: r.BodySize, hasBody: r.Flags&abi.RequestHasBody != 0}
	for i := range fields.Len() {
		name, value, ok := fields.Field(i)
		require.True(t, ok)
		q.fields = append(q.fields, string(name)+": "+string(value))
	}
	return q
}

var kindNames = map[abi.EventKind]string{
	abi.EventRequest: "request", abi.EventCheckContinue: "check_continue", abi.EventData: "data",
	abi.EventDrain: "drain", abi.EventFinish: "finish", abi.EventClose: "close", abi.EventServerClose: "server_close",
	abi.EventError: "error", abi.EventSocket: "socket", abi.EventConnected: "connected", abi.EventResponse: "response",
	abi.EventInformation: "information", abi.EventUpgrade: "upgrade", abi.EventConnect: "connect",
	abi.EventConnection: "connection", abi.EventClientError: "client_error", abi.EventTimeout: "timeout",
}

// name has the log call a handle so.
func (w *world) name(handle uint64, name string) {
	if w.names == nil {
		w.names = map[uint64]string{}
	}
	w.names[handle] = name
}

func (w *world) describe(ev Event) string {
	var b strings.Builder
	if name := w.names[ev.Target]; name != "" {
		b.WriteString(name + ": ")
	}
	b.WriteString(kindNames[ev.Kind])
	switch ev.Kind {
	case abi.EventUpgrade, abi.EventConnect:
		if ev.Other == 0 {
			fmt.Fprintf(&b, " %d", abi.Decode[abi.ClientResponseHead](ev.Head).Status)
			break
		}
		fallthrough
	case abi.EventRequest, abi.EventCheckContinue:
		r := abi.Decode[abi.RequestHead](ev.Head)
		text := ev.Head[r.TextOffset:]
		fmt.Fprintf(&b, " %s %s", text[r.MethodOffset:][:r.MethodSize], text[r.TargetOffset:][:r.TargetSize])
	case abi.EventResponse, abi.EventInformation:
		fmt.Fprintf(&b, " %d", abi.Decode[abi.ClientResponseHead](ev.Head).Status)
	case abi.EventError:
		b.WriteString(" " + string(ev.Head))
	case abi.EventClientError:
		b.WriteString(" " + string(ev.Head[4:]))
	case abi.EventSocket:
		b.WriteString(" " + w.names[ev.Other])
	}
	if len(ev.Body) > 0 {
		fmt.Fprintf(&b, " %q", ev.Body)
	}
	if ev.Flags&abi.EventEnd != 0 {
		b.WriteString(" end")
	}
	if ev.Flags&abi.EventDone != 0 {
		b.WriteString(" done")
	}
	return b.String()
}

// hello answers every request that has ended, as soon as it has.
func hello(w *world, ev Event) {
	if ev.Flags&abi.EventEnd != 0 && ev.Flags&abi.EventDone == 0 {
		w.respond(ev.Target, 200, "hello")
	}
}

const helloHead = "HTTP/1.1 200 OK\r\nDate: " + testDate + "\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\nContent-Length: 5\r\n\r\n"
