package stack

import (
	"strconv"
	"strings"

	"github.com/portholehttp/porthole/abi"
)

// simAnswer is a request that a handler got, and how it answers it.
type simAnswer struct {
	s      *simulation
	serial int
	call   *simCall
	link   *simLink
	handle uint64

	// The plan.
	status   int
	size     int
	whole    bool
	declared int // Content-Length; -1: none
	trailer  string
	closes   bool
	wrong    bool // which is not the size
	early    bool // before the request has ended
	informs  int
	pauses   int
	cuts     int // aborted after so many pieces; -1: never
	dies     bool

	got               int
	received, paused  bool
	pausedAt          uint64 // simulation.step
	headSent, endSent bool
	begun             bool
	sent, pieces      int
	drainOwed         bool
	finishOwed        bool
	stopped           bool
	done              bool
}

// complete reports whether a body of so many bytes is all that the client may get.
func (a *simAnswer) complete(got int) bool {
	switch {
	case a.call.method == "HEAD", a.status == 204, a.status == 205, a.status == 304:
		return got == 0
	case a.declared >= 0:
		return got == a.declared && a.sent >= got
	}
	return a.endSent && got == a.sent
}

// newAnswer is a request that arrived.
func (s *simulation) newAnswer(ev Event) *simAnswer {
	n := s.server
	q := decodeRequest(s.t, ev.Head)
	number, err := strconv.Atoi(strings.TrimPrefix(q.target, "/"))
	if err != nil || number >= len(s.calls) {
		s.failf("a request that nobody sent: %s", q.target)
	}
	c := s.calls[number]
	a := &simAnswer{s: s, serial: len(s.answers), call: c, handle: ev.Target}
	switch x := n.engine.handles.exchange(ev.Target); {
	case x != nil:
		a.link = n.all[x.conn.socket].link
	case n.current != nil: // it is over already
		a.link = n.current
	default:
		a.link = n.linkOf(0)
	}
	s.answers = append(s.answers, a)
	s.logf("answer %d to call %d", a.serial, number)
	c.seen++
	if c.seen > 2 || c.seen > 1 && (!c.idempotent() || len(c.sockets) < 2) || q.method != c.method {
		s.failf("call %d, a %s, arrives again, as %s", number, c.method, q.method)
	}
	n.answers[ev.Target] = a
	a.plan()
	return a
}

// plan decides how a answers.
func (a *simAnswer) plan() {
	s, n := a.s, a.s.server
	if a.declared, a.cuts = -1, -1; s.plain {
		a.status, a.size, a.whole = 200, 20, true
		return
	}
	if s.uniform && !s.chance(3) {
		a.status, a.size, a.whole = 200, s.r.IntN(3)*10, true
		return
	}
	a.status = []int{200, 200, 200, 200, 200, 404, 500, 204, 205, 304}[s.r.IntN(10)]
	a.size, a.whole = s.size(), s.chance(2)
	a.early, a.closes = s.chance(4), s.chance(10)
	if a.whole && a.status == 200 && s.chance(2) || s.chance(3) {
		a.declared = a.size
	}
	if a.status == 205 { // RFC 9110 §15.3.6
		a.size, a.declared = 0, -1
	}
	if s.chance(3) {
		a.informs = 1 + s.r.IntN(2)
	}
	if s.chance(3) {
		a.pauses = 3
	}
	if s.fault(20) {
		a.declared, a.wrong = s.r.IntN(a.size+10), true
	}
	if s.fault(20) {
		a.cuts, a.dies = s.r.IntN(3), s.chance(2)
	}
	if s.fault(20) {
		n.later(s.delay(), a.die)
	}
	if s.chance(10) {
		if h, status := n.open(abi.OpSocketOf, a.handle, nil); status == abi.StatusOK {
			n.socket(h)
		}
	}
}

func (a *simAnswer) head() []byte {
	fields := []string{"X-S", strconv.Itoa(a.serial)}
	if a.declared >= 0 {
		fields = append(fields, "Content-Length", strconv.Itoa(a.declared))
	}
	if a.closes {
		fields = append(fields, "Connection", "close")
	}
	return responseHead(a.status, fields...)
}

// event is what the handler of a is told.
func (a *simAnswer) event(ev Event) {
	s, n := a.s, a.s.server
	if a.done {
		s.failf("an event of kind %d for answer %d, which is done", ev.Kind, a.serial)
	}
	switch ev.Kind {
	case abi.EventRequest, abi.EventCheckContinue, abi.EventData:
		a.receive(ev)
	case abi.EventDrain:
		if !a.drainOwed {
			s.failf("a drain that answer %d does not wait for", a.serial)
		}
		a.drainOwed = false
		a.step()
	case abi.EventFinish:
		if !a.finishOwed {
			s.failf("a finish that answer %d does not wait for", a.serial)
		}
		a.finishOwed = false
	case abi.EventClose:
		if a.link.excuse == "" && !(s.drained && a.endSent) || ev.Flags&abi.EventDone == 0 {
			s.failf("answer %d is closed for no reason", a.serial)
		}
		a.stopped = true
	default:
		s.failf("an event of kind %d for answer %d", ev.Kind, a.serial)
	}
	if ev.Flags&abi.EventDone != 0 {
		a.finish(ev.Kind == abi.EventClose)
		return
	}
	if !a.begun && (a.early || a.received) {
		a.begun = true
		if s.chance(2) {
			a.step()
		} else {
			n.later(s.delay(), a.step)
		}
	}
	if a.begun || ev.Kind != abi.EventCheckContinue {
		return
	}
	n.later(s.delay(), func() { // the client waits for it
		if !a.done && !a.headSent {
			n.op(abi.OpResponseInform, a.handle, 0, responseHead(100), nil, 0)
		}
	})
}

func (a *simAnswer) receive(ev Event) {
	s, c := a.s, a.call
	if a.received || a.paused && a.pausedAt < s.step && !a.endSent {
		s.failf("data of the request of answer %d, which has ended or is paused", a.serial)
	}
	s.checkBody(c.number, 0, a.got, ev.Body)
	a.got += len(ev.Body)
	if ev.Flags&abi.EventEnd == 0 {
		if len(ev.Body) > 0 && a.pauses > 0 {
			a.pauses--
			a.pause()
		}
		return
	}
	a.received = true
	if a.endSent && a.paused {
		return // the rest of the body has been discarded
	}
	whole := c.sent
	if c.declared >= 0 {
		whole = min(whole, c.declared)
	}
	t := ""
	if ev.Kind == abi.EventData && len(ev.Head) > 0 {
		t = decodeTrailers(s.t, ev.Head)
	}
	// A request whose declared length has been sent is whole before its handler says so, and so is one that is only a head.
	if !c.endSent && c.declared != a.got && !(c.bare() && c.size == 0) || a.got != whole || c.declared >= 0 && a.got != c.declared || (t != "") != c.trailed {
		s.failf("answer %d: a request of %d bytes is taken for whole, of which %d were sent", a.serial, a.got, whole)
	}
}

func (a *simAnswer) pause() {
	s, n := a.s, a.s.server
	if n.do(abi.OpRequestPause, a.handle) != abi.StatusOK {
		return
	}
	a.paused, a.pausedAt = true, s.step
	n.later(s.delay(), func() {
		if !a.done {
			n.do(abi.OpRequestResume, a.handle)
			a.paused = a.endSent
		}
	})
}

// step sends the next piece of a.
func (a *simAnswer) step() {
	s, n := a.s, a.s.server
	for !a.done && !a.endSent && !a.stopped {
		if a.pieces++; a.cuts >= 0 && a.pieces > a.cuts {
			a.cut()
			return
		}
		if !a.headSent && a.informs > 0 {
			a.informs--
			n.op(abi.OpResponseInform, a.handle, 0, responseHead(103, "Link", "x"), nil, 0)
		}
		var flags uint32
		var head []byte
		if !a.headSent {
			flags, head = abi.SendHead, a.head()
		}
		rest := a.size - a.sent
		k := s.piece(rest)
		if a.whole {
			k = rest
		}
		end := k == rest && (a.whole || a.headSent && s.chance(2))
		x := n.engine.handles.exchange(a.handle)
		if end {
			flags |= abi.SendEnd
			if a.headSent && x != nil && x.chunked && s.chance(3) {
				a.trailer = strconv.Itoa(a.serial)
				flags, head = flags|abi.SendTrailers, trailers("T", a.trailer)
			}
		}
		a.headSent, a.endSent, a.sent = true, end, a.sent+k
		status, done := n.send(abi.OpResponseSend, a.handle, flags, head, simBody(a.call.number, 1, a.sent-k, k))
		s.logf("answer %d: send %d, flags %d: %v", a.serial, k, flags, status)
		if x != nil && x.last && !a.received {
			a.link.excused("answered before the request had ended")
		}
		if done {
			if !end || !a.received {
				s.failf("answer %d is done before its request has ended", a.serial)
			}
			a.finish(false)
		}
		switch {
		case status == abi.StatusBodyLength && a.wrong:
			a.drainOwed, a.finishOwed = !end, end
			a.link.excused("a response of another length")
		case status == abi.StatusQueued:
			a.drainOwed, a.finishOwed = !end, end
		case status == abi.StatusOK:
		case status == abi.StatusClosed, status == abi.StatusReset:
			a.stopped = true
		default:
			s.failf("response_send of answer %d: %v", a.serial, status)
		}
		a.drainOwed = a.drainOwed && !end
		if end && !a.received && s.fault(2) { // while the rest of the request still comes
			n.later(s.delay(), a.die)
		}
		if status == abi.StatusQueued && !s.chance(5) {
			return
		}
		if s.chance(2) {
			n.later(s.delay(), a.step)
			return
		}
	}
}

// cut destroys the connection of a, or has its handler die.
func (a *simAnswer) cut() {
	n := a.s.server
	a.stopped = true
	if a.dies {
		n.later(0, a.die) // no event for it may be on its way
		return
	}
	a.link.excused("aborted by the server")
	n.do(abi.OpExchangeAbort, a.handle)
}

// die is that the handler of a dies. What it has said to its end still counts.
func (a *simAnswer) die() {
	if a.done {
		return
	}
	a.s.logf("answer %d: its handler dies", a.serial)
	if !a.endSent {
		a.link.excused("its handler died")
	}
	a.s.server.op(abi.OpExchangeFail, a.handle, 0, nil, nil, 0)
	a.done = true
}

// finish notes that a is over.
func (a *simAnswer) finish(closed bool) {
	s := a.s
	a.done = true
	s.logf("answer %d: done", a.serial)
	if closed {
		return
	}
	if !a.received || !a.endSent || a.stopped {
		s.failf("answer %d is done before it has ended", a.serial)
	}
	s.count("answered")
	if s.fault(8) {
		s.after(s.delay(), a.link.inject)
	}
}

const spoof = "HTTP/1.1 200 OK\r\nX-S: spoof\r\nContent-Length: 5\r\n\r\nspoof"

// inject puts a response on the line that nobody asked for, if the server has nothing to say.
func (l *simLink) inject() {
	to := l.client
	if !l.server.socket || !to.socket || to.fin || l.server.broken || l.server.cut || l.spoof > 0 || len(to.in) > to.room {
		return
	}
	if c := l.server.node.engine.conn(l.server.handle); c == nil || c.raw != nil || c.takeover != nil || !c.idle() || c.closing {
		return
	}
	l.excused("spoof")
	l.s.count("spoofed")
	l.spoof = to.received + int64(len(to.in))
	to.in = append(to.in, spoof...)
	to.come()
}
