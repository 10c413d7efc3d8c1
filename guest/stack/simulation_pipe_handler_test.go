package stack

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/portholehttp/porthole/abi"
	"github.com/stretchr/testify/require"
)

// pipeSide is a handle as the handler knows it: a reader of its bytes, and a writer.
type pipeSide struct {
	handle uint64
	op     abi.Operation // that sends
	other  *pipeSide     // where its bytes go
	paused bool
	queue  [][]byte // kept while paused
	endDue bool
	ended  bool // END has come
	sent   bool // END has been sent
	owed   bool // a drain
	done   bool
	head   []byte // to go with the first piece
	number int
}

// The handler: a proxy as the SDK makes it.

func (s *pipeSimulation) event(ev Event) {
	switch ev.Kind {
	case abi.EventRequest:
		s.forward(ev)
		return
	case abi.EventConnect:
		s.tunnelTo(ev)
		return
	}
	x := s.sides[ev.Target]
	if x == nil {
		if ev.Kind != abi.EventClose && ev.Kind != abi.EventSocket && ev.Kind != abi.EventConnected {
			if _, known := s.names[ev.Target]; !known {
				s.failf("an event of kind %d for a handle that is over", ev.Kind)
			}
		}
		return
	}
	if ev.Flags&abi.EventDone != 0 {
		x.over(s)
	}
	switch ev.Kind {
	case abi.EventResponse:
		r := decodeResponse(s.t, ev.Head)
		number, err := strconv.Atoi(r["x-number"])
		if err != nil || number != x.number {
			s.failf("request %d gets the response to %s", x.number, r["x-number"])
		}
		length := abi.Decode[abi.ClientResponseHead](ev.Head).BodySize
		x.other.head = responseHead(200, s.lengthFields(length, number, "X-Number", r["x-number"])...)
		x.receive(s, ev)
	case abi.EventData:
		x.receive(s, ev)
	case abi.EventDrain:
		if !x.owed {
			s.failf("a drain that nobody waits for")
		}
		x.owed = false
		x.other.resume(s)
	case abi.EventError:
		if s.calm && s.steps < manySteps {
			s.failf("an error: %s", ev.Head)
		}
	case abi.EventClose:
		s.logf("close of %x", x.handle)
		if !x.other.done && !(x.ended && x.sent) { // what it had to say is incomplete
			if s.calm && s.steps < manySteps {
				s.failf("a close")
			}
			s.op(abi.OpExchangeAbort, x.other.handle, 0, nil, nil)
		}
	}
}

// lengthFields declares a length, if it is known and the plan says so.
func (s *pipeSimulation) lengthFields(length int64, number int, fields ...string) []string {
	if length >= 0 && !s.requests[number].rechunked {
		return append(fields, "Content-Length", strconv.FormatInt(length, 10))
	}
	return fields
}

// forward makes a request of a request.
func (s *pipeSimulation) forward(ev Event) {
	q := decodeRequest(s.t, ev.Head)
	in := &pipeSide{handle: ev.Target, op: abi.OpResponseSend, number: numberOf(q.target)}
	handle, status := s.engine.Handle(abi.OpRequestOpen, 7<<32, destination(pooled))
	require.Equal(s.t, abi.StatusOK, status)
	s.turn = true
	out := &pipeSide{handle: handle, op: abi.OpRequestSend, other: in, number: in.number}
	in.other = out
	s.sides[in.handle], s.sides[out.handle] = in, out
	s.name(in.handle, "in")
	s.name(out.handle, "out")
	fields := s.lengthFields(q.size, in.number)
	if len(fields) == 0 {
		fields = []string{"Transfer-Encoding", "chunked"}
	}
	out.head = clientHead("POST", q.target, fields...)
	in.receive(s, ev)
}

// tunnelTo makes a connection of a request.
func (s *pipeSimulation) tunnelTo(ev Event) {
	q := decodeRequest(s.t, ev.Head)
	in := &pipeSide{handle: ev.Target, op: abi.OpSocketSend, number: numberOf("/" + strings.TrimSuffix(q.target[1:], ":443"))}
	handle, status := s.engine.Handle(abi.OpSocketOpen, 7<<32, destination())
	require.Equal(s.t, abi.StatusOK, status)
	s.turn = true
	out := &pipeSide{handle: handle, op: abi.OpSocketSend, other: in, number: in.number}
	in.other = out
	s.sides[in.handle], s.sides[out.handle] = in, out
	s.name(in.handle, "in")
	s.name(out.handle, "out")
	in.write(s, fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nX-Number: %d\r\n\r\n", in.number), false)
	out.write(s, fmt.Appendf(nil, "TUNNEL /%d\r\n\r\n", in.number), false)
	in.receive(s, ev)
}

// receive takes bytes of x.
func (x *pipeSide) receive(s *pipeSimulation, ev Event) {
	if x.ended {
		s.failf("data after the end")
	}
	s.counts["moved"] += int(ev.Other)
	if ev.Kind != abi.EventData {
		s.counts["moved"] -= int(ev.Other)
	}
	x.ended = ev.Flags&abi.EventEnd != 0
	if x.paused {
		x.queue = append(x.queue, bytes.Clone(ev.Body))
		x.endDue = x.ended
		return
	}
	if len(ev.Body) > 0 {
		x.pass(s, ev.Body)
	}
	if x.ended {
		if x.paused {
			x.endDue = true
		} else {
			x.other.write(s, nil, true)
		}
	}
}

// pass writes a piece to where it goes.
func (x *pipeSide) pass(s *pipeSimulation, p []byte) {
	x.other.write(s, p, false)
	if x.other.owed {
		s.counts["held"]++
		x.pause(s)
	}
	if !x.ended && !x.done && s.pipes && len(x.queue) == 0 {
		status, _ := s.op(abi.OpPipe, x.handle, 0, abi.Append(nil, &abi.Pipe{To: x.other.handle, Most: -1}), nil)
		if status == abi.StatusOK {
			s.counts["piped"]++
		}
	}
}

// write sends to x.
func (x *pipeSide) write(s *pipeSimulation, p []byte, end bool) {
	if x.done || x.sent {
		return
	}
	var flags uint32
	if x.head != nil {
		flags |= abi.SendHead
	}
	if end {
		flags |= abi.SendEnd
	}
	head := x.head
	x.head, x.sent = nil, end
	status, done := s.op(x.op, x.handle, flags, head, bytes.Clone(p))
	x.owed = (x.owed || status == abi.StatusQueued) && !end
	switch status {
	case abi.StatusOK, abi.StatusQueued, abi.StatusClosed, abi.StatusReset:
	default:
		if s.calm {
			s.failf("a send: %v", status)
		}
	}
	if done {
		x.over(s)
	}
}

func (x *pipeSide) pause(s *pipeSimulation) {
	if !x.paused {
		x.paused = true
		s.op(abi.OpRequestPause, x.handle, 0, nil, nil)
	}
}

func (x *pipeSide) resume(s *pipeSimulation) {
	if !x.paused {
		return
	}
	x.paused = false
	for len(x.queue) > 0 && !x.paused {
		p := x.queue[0]
		x.queue = x.queue[1:]
		if len(p) > 0 {
			x.pass(s, p)
		}
	}
	if x.paused {
		return
	}
	if x.endDue {
		x.endDue = false
		x.other.write(s, nil, true)
	}
	s.op(abi.OpRequestResume, x.handle, 0, nil, nil)
}

func (x *pipeSide) over(s *pipeSimulation) {
	if x.done {
		s.failf("a handle is over twice")
	}
	x.done = true
	delete(s.sides, x.handle)
	x.other.resume(s)
}

// interfere does something of the handler's own accord.
func (s *pipeSimulation) interfere() {
	open := slices.Sorted(maps.Keys(s.sides))
	if len(open) == 0 {
		return
	}
	x := s.sides[open[s.r.IntN(len(open))]]
	s.engine.enter(s.now)
	switch n := s.r.IntN(30); {
	case n < 6 && !x.paused && !x.ended:
		s.counts["pause"]++
		x.pause(s)
	case n < 16 && x.paused:
		x.resume(s)
	case n < 18:
		s.counts["unpipe"]++
		s.pipe(x.handle, 0)
	case n < 19 && !s.calm:
		s.counts["abort"]++
		s.logf("abort %x", x.handle)
		s.op(abi.OpExchangeAbort, x.handle, 0, nil, nil)
	case n < 20 && !s.calm:
		s.counts["death"]++
		s.logf("death of %x", x.handle)
		for _, dead := range []*pipeSide{x, x.other} {
			if !dead.done {
				dead.over(s)
				s.op(abi.OpExchangeFail, dead.handle, 0, nil, nil)
			}
		}
	}
	s.deliver()
}
