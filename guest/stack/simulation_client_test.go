package stack

import (
	"slices"
	"strconv"
	"strings"

	"github.com/portholehttp/porthole/abi"
)

// simAgent is whose connections calls use; number 0: each its own.
type simAgent struct {
	number  uint32
	port    uint16
	pool    bool
	max     uint32
	free    uint32
	timeout int64
	waiting []*simCall // opened and not given a connection yet, in order
}

func (a *simAgent) destination() []byte {
	return destination(func(d *abi.Destination) {
		d.Port, d.Agent, d.MaxSockets, d.MaxFreeSockets, d.PoolTimeout = a.port, a.number, a.max, a.free, a.timeout
		if a.pool {
			d.Flags |= abi.DestinationPool
		}
	})
}

// simStage is when a call is aborted.
type simStage int

const (
	stageNever simStage = iota
	stageOpened
	stageTimed
	stageHead
	stageBody
	stageSent
	stageSocket
	stageInformation
	stageResponse
	stageData
	stages
)

// simCall is a request that a handler sends, as its plan and what came of it. Its number is in its target, and makes its bytes.
type simCall struct {
	s      *simulation
	number int
	handle uint64
	agent  *simAgent

	// The plan.
	method   string
	size     int  // of the body
	whole    bool // in one call
	declared int  // Content-Length; -1: none
	trailers bool
	expect   bool
	closes   bool // Connection: close
	switches bool // Upgrade, or CONNECT
	abort    simStage
	fails    bool // its handler dies in place of the abort
	removes  bool // the agent is told to forget its socket
	times    int64
	pauses   int  // of n events that carry data
	tunneled int  // bytes to send once it has switched
	limit    int  // the server ends its side after so many
	refused  bool // the server answers in place of switching
	tunnel   bool // a tunnel makes it by hand

	// What came of it.
	sockets           []*simSocket
	headSent, endSent bool
	sentAt, givenAt   uint64 // simulation.step of the head, and of the newest socket
	seen              int    // times it has reached the server
	trailed           bool   // trailers were sent
	last              bool   // the connection is not used again
	sent              int
	drainOwed         bool
	finishOwed        bool
	held              bool   // it waits for 100 Continue
	stopped           bool   // there is no point in sending more
	pausedAt          uint64 // simulation.step
	aborted           bool
	abortedAt         uint64 // simulation.step
	short             bool   // its body is not what it declared
	answer            *simAnswer
	raw               *simTunnel // whose words are the response
	spoofed, foreign  bool       // nobody's response; one that the server's engine gave
	responded, ended  bool
	got               int
	failed, done      bool
}

func (c *simCall) link() *simLink {
	if len(c.sockets) == 0 { // it may have a connection of which it is told later
		n := c.s.client
		if handle, status := n.engine.Handle(abi.OpSocketOf, c.handle, nil); status == abi.StatusOK {
			return n.socket(handle).link
		}
		return nil
	}
	return c.sockets[len(c.sockets)-1].link
}

func (c *simCall) idempotent() bool {
	return slices.Contains([]string{"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}, c.method)
}

// open begins c.
func (c *simCall) open() {
	s, n := c.s, c.s.client
	h, status := n.open(abi.OpRequestOpen, 7<<32, c.agent.destination())
	if status != abi.StatusOK {
		s.failf("request_open: %v", status)
	}
	c.handle = h
	if n.calls[h] != nil {
		s.failf("a handle is used twice")
	}
	n.calls[h] = c
	if c.agent.number != 0 {
		c.agent.waiting = append(c.agent.waiting, c)
	}
	s.logf("call %d: open %s, %d bytes, agent %d", c.number, c.method, c.size, c.agent.number)
	c.reaches(stageOpened)
	if c.abort == stageTimed {
		n.later(s.r.Int64N(200*ms), func() { c.reaches(stageTimed) })
	}
	if s.chance(2) {
		c.step()
	} else {
		n.later(s.delay(), c.step)
	}
}

// reaches aborts c if it is to be at this stage.
func (c *simCall) reaches(at simStage) {
	if c.abort != at || c.done || c.aborted {
		return
	}
	s := c.s
	s.count("abort" + strconv.Itoa(int(at)))
	s.logf("call %d: abort", c.number)
	if l := c.link(); l != nil {
		l.excused("aborted by the client")
	}
	if c.fails {
		s.client.later(0, c.die) // no event for it may be on its way
		return
	}
	switch status := s.client.do(abi.OpExchangeAbort, c.handle); status {
	case abi.StatusOK:
		c.aborted, c.abortedAt = true, s.step
	case abi.StatusClosed: // it is about to fail, or to end, anyhow
	default:
		s.failf("exchange_abort: %v", status)
	}
}

// die is that the handler of c dies.
func (c *simCall) die() {
	if c.done {
		return
	}
	c.aborted = true
	if l := c.link(); l != nil {
		l.excused("the client's handler died")
	}
	if status, done := c.s.client.op(abi.OpExchangeFail, c.handle, 0, nil, nil, 0); status != abi.StatusOK || !done {
		c.s.failf("exchange_fail: %v", status)
	}
	c.finish()
}

func (c *simCall) head() []byte {
	fields := []string{"Host", "host"}
	if c.declared >= 0 {
		fields = append(fields, "Content-Length", strconv.Itoa(c.declared))
	}
	if c.expect {
		fields = append(fields, "Expect", "100-continue")
	}
	if c.closes {
		fields = append(fields, "Connection", "close")
	}
	target := "/" + strconv.Itoa(c.number)
	if c.switches {
		if c.method == "CONNECT" {
			target = "h" + strconv.Itoa(c.number) + ":443"
		} else {
			fields = append(fields, "Connection", "upgrade", "Upgrade", "echo")
		}
	}
	return clientHead(c.method, target, fields...)
}

// bare reports whether the head of c alone says that there is no body.
func (c *simCall) bare() bool {
	return c.declared < 0 && !c.expect && (c.method == "GET" || c.method == "HEAD")
}

// step sends the next piece of c.
func (c *simCall) step() {
	s, n := c.s, c.s.client
	for !c.done && !c.endSent && !c.stopped && !c.held && !c.aborted {
		var flags uint32
		var head []byte
		if !c.headSent {
			flags, head = abi.SendHead, c.head()
		}
		rest := c.size - c.sent
		k := s.piece(rest)
		switch {
		case c.whole:
			k = rest
		case c.bare() && !c.headSent && rest > 0:
			k = max(k, 1) // a head alone says that there is no body
		case c.expect && !c.headSent:
			k, c.held = 0, true
			n.later(sec, func() { c.held = false; c.step() })
		}
		end := k == rest && (c.whole || c.headSent && s.chance(2))
		if end {
			flags |= abi.SendEnd
			if c.trailers && c.headSent {
				flags, head = flags|abi.SendTrailers, trailers("T", strconv.Itoa(c.number))
				c.trailed = c.declared < 0 && !(c.bare() && c.size == 0)
			}
		}
		first := !c.headSent
		c.headSent, c.endSent, c.sent = true, end, c.sent+k
		if first {
			c.sentAt = s.step
		}
		status, done := n.send(abi.OpRequestSend, c.handle, flags, head, simBody(c.number, 0, c.sent-k, k))
		s.logf("call %d: send %d, flags %d: %v", c.number, k, flags, status)
		if done {
			if !end || !c.ended {
				s.failf("call %d is done before its response has ended", c.number)
			}
			c.finish()
		}
		if c.sent > c.declared && c.declared >= 0 || end && c.sent != c.declared && c.declared >= 0 {
			c.short = true
		}
		switch {
		case status == abi.StatusBodyLength && c.short:
			c.drainOwed, c.finishOwed = !end, end
			if l := c.link(); l != nil {
				l.excused("a body of another length")
			}
		case status == abi.StatusQueued:
			c.drainOwed, c.finishOwed = !end, end
		case status == abi.StatusOK:
		case status == abi.StatusClosed, status == abi.StatusReset: // an error is to follow
			c.stopped = true
		default:
			s.failf("request_send of call %d: %v", c.number, status)
		}
		c.drainOwed = c.drainOwed && !end
		if first {
			c.reaches(stageHead)
		}
		c.reaches(stageBody)
		if end {
			c.reaches(stageSent)
		}
		if status == abi.StatusQueued && !s.chance(5) {
			return // until it has left
		}
		if s.chance(2) {
			n.later(s.delay(), c.step)
			return
		}
	}
}

// event is what c is told.
func (c *simCall) event(ev Event) {
	s := c.s
	if c.done {
		s.failf("an event of kind %d for call %d, which is done", ev.Kind, c.number)
	}
	if c.failed && ev.Kind != abi.EventClose {
		s.failf("an event of kind %d for call %d, which has failed", ev.Kind, c.number)
	}
	switch ev.Kind {
	case abi.EventSocket:
		c.given(ev.Other)
		c.reaches(stageSocket)
	case abi.EventInformation:
		if c.responded || len(c.sockets) == 0 {
			s.failf("information comes too late for call %d, or too early", c.number)
		}
		c.held = false
		c.reaches(stageInformation)
		s.client.later(s.delay(), c.step)
	case abi.EventResponse:
		c.response(ev)
		c.body(ev)
		c.reaches(stageResponse)
	case abi.EventData:
		if !c.responded {
			s.failf("data before the response of call %d", c.number)
		}
		c.body(ev)
		c.reaches(stageData)
	case abi.EventUpgrade, abi.EventConnect:
		c.switched(ev)
	case abi.EventDrain:
		if !c.drainOwed {
			s.failf("a drain that call %d does not wait for", c.number)
		}
		c.drainOwed = false
		c.step()
	case abi.EventFinish:
		again := len(c.sockets) > 1 && c.ended && ev.Flags&abi.EventDone != 0 // the only event that can say it is done
		if !c.finishOwed && !again {
			s.failf("a finish that call %d does not wait for", c.number)
		}
		c.finishOwed = false
	case abi.EventError:
		c.fail(string(ev.Head))
	case abi.EventClose:
		if !c.failed || ev.Flags&abi.EventDone == 0 {
			s.failf("call %d is closed without an error", c.number)
		}
	default:
		s.failf("an event of kind %d for call %d", ev.Kind, c.number)
	}
	if ev.Kind != abi.EventError && ev.Flags&abi.EventDone != 0 { // the flags of an error are a status
		c.finish()
	}
}

// given notes on which socket c goes out.
func (c *simCall) given(handle uint64) {
	s := c.s
	k := s.client.socket(handle)
	switch before := len(c.sockets); {
	case before == 0:
		if c.agent.number != 0 {
			c.agent.serves(c)
		}
	case before > 1 || !c.idempotent() && c.headSent || c.responded || c.sockets[0].calls < 2 || c.link().excuse == "" || c.abortedAt < s.step && c.aborted:
		s.failf("call %d, a %s, is sent again", c.number, c.method)
	default:
		s.count("retried")
	}
	if k.current != nil && !k.current.done || k.closed || k.tunnel != nil {
		s.failf("call %d is given a connection that is in use", c.number)
	}
	if k.removed {
		s.failf("call %d is given a connection that its agent has forgotten", c.number)
	}
	if k.calls++; k.calls > 1 {
		s.count("reused")
	}
	k.current = c
	c.sockets, c.givenAt = append(c.sockets, k), s.step
	if c.switches && s.listens&(abi.ListenUpgrade|abi.ListenConnect) == 0 {
		k.link.excused("nobody listens")
	}
	s.logf("call %d: socket %d", c.number, k.link.number)
	if c.short {
		k.link.excused("a body of another length")
	}
	if c.times > 0 {
		k.set(abi.SocketTimeout, c.times)
	}
	if c.removes {
		s.client.later(s.delay(), func() {
			if !k.closed && k.current == c && k.tunnel == nil {
				k.removed = k.set(abi.SocketAgentRemove, 0) == abi.StatusOK
				s.count("removed")
			}
		})
	}
}

// serves checks that c is first in the queue, but for those that are not wanted any more, and takes it off.
func (a *simAgent) serves(c *simCall) {
	for i, w := range a.waiting {
		if w == c {
			a.waiting = slices.Delete(a.waiting, i, i+1)
			return
		}
		if !w.aborted {
			c.s.failf("call %d overtakes call %d", c.number, w.number)
		}
	}
	c.s.failf("call %d does not wait", c.number)
}

// response checks that a response is one to c.
func (c *simCall) response(ev Event) {
	s, l := c.s, c.link()
	if c.responded || l == nil || !c.headSent {
		s.failf("a response that call %d does not wait for", c.number)
	}
	c.responded = true
	h := decodeResponse(s.t, ev.Head)
	who := h["x-s"]
	c.last = h[":last"] != ""
	s.logf("call %d: response %s of %q", c.number, h[":status"], who)
	switch {
	case who == "spoof":
		c.spoofed = true
		if l.spoof == 0 || c.sentAt >= l.spoken || c.givenAt >= l.spoken {
			s.failf("call %d takes a response that was there before it was sent", c.number)
		}
	case who == "":
		c.foreign = true
		if l.excuse == "" {
			s.failf("the server refuses call %d: %s", c.number, h[":status"])
		}
	case l.spoof > 0: // one too many makes the next ones each other's
		c.spoofed = true
	case who[0] == 'r':
		n, err := strconv.Atoi(who[1:])
		if c.raw = s.tunnelOf(l); err != nil || n != c.number || c.raw == nil {
			s.failf("call %d gets the response to %s", c.number, who)
		}
	default:
		n, err := strconv.Atoi(who)
		if err != nil || n >= len(s.answers) {
			s.failf("call %d gets a response of nobody: %s", c.number, who)
		}
		c.answer = s.answers[n]
		if c.answer.call != c || c.answer.link != l || strconv.Itoa(c.answer.status) != h[":status"] {
			s.failf("call %d gets the response to call %d", c.number, c.answer.call.number)
		}
	}
}

// body checks a piece of the response, and that it is all of it when it ends.
func (c *simCall) body(ev Event) {
	s := c.s
	if c.ended || c.pausedAt > 0 && c.pausedAt < s.step {
		s.failf("data for call %d, which has ended or is paused", c.number)
	}
	if !c.spoofed && !c.foreign && c.link().spoof == 0 {
		s.checkBody(c.number, 1, c.got, ev.Body)
	}
	c.got += len(ev.Body)
	if ev.Flags&abi.EventEnd == 0 {
		if len(ev.Body) > 0 && c.pauses > 0 && !c.aborted {
			c.pauses--
			c.pause()
		}
		return
	}
	c.ended = true
	t := ""
	if ev.Kind == abi.EventData && len(ev.Head) > 0 {
		t = decodeTrailers(s.t, ev.Head)
	}
	switch a := c.answer; {
	case c.spoofed, c.foreign, c.link().spoof > 0:
	case c.raw != nil:
		if !c.link().server.cut && c.got != c.raw.size {
			s.failf("call %d: %d bytes of %d until the connection's end", c.number, c.got, c.raw.size)
		}
	case !a.complete(c.got) || t != a.trailer:
		s.failf("call %d: %d bytes, with trailers %q, are taken for the whole of answer %d", c.number, c.got, t, a.serial)
	}
}

func (c *simCall) pause() {
	s, n := c.s, c.s.client
	if n.do(abi.OpRequestPause, c.handle) != abi.StatusOK {
		return
	}
	c.pausedAt = s.step
	n.later(s.delay(), func() {
		if !c.done {
			c.pausedAt = 0
			n.do(abi.OpRequestResume, c.handle)
		}
	})
}

// switched makes the connection of c raw.
func (c *simCall) switched(ev Event) {
	s := c.s
	if c.responded || !c.switches || (ev.Kind == abi.EventConnect) != (c.method == "CONNECT") || ev.Flags&abi.EventDone == 0 {
		s.failf("call %d switches protocols", c.number)
	}
	c.responded, c.ended = true, true
	s.count("switched")
	k := c.sockets[len(c.sockets)-1]
	t := k.newTunnel(c.number)
	t.out, t.in, t.size = 2, 3, c.tunneled
	t.receive(ev.Body)
	s.client.later(s.delay(), t.step)
}

// fail notes that c has failed, if it may.
func (c *simCall) fail(text string) {
	s, l := c.s, c.link()
	c.failed = true
	s.count("failed")
	s.logf("call %d: error %s", c.number, text)
	switch {
	case strings.HasPrefix(text, "EMFILE ") && s.refused > 0:
		s.refused--
	case s.calm:
		s.failf("call %d fails: %s", c.number, text)
	case c.aborted, c.short:
	case l == nil || l.excuse == "":
		s.failf("call %d fails for no reason: %s", c.number, text)
	}
}

// finish checks what came of c.
func (c *simCall) finish() {
	s := c.s
	c.done = true
	s.logf("call %d: done", c.number)
	if i := slices.Index(c.agent.waiting, c); i >= 0 {
		c.agent.waiting = slices.Delete(c.agent.waiting, i, i+1)
	}
	switch {
	case c.fails && c.aborted, c.failed:
	case c.stopped:
		s.failf("an operation on call %d said that it is over, and it went on", c.number)
	case !c.ended:
		s.failf("call %d is done without an end", c.number)
	case s.calm && c.finishOwed && !c.last && !c.closes && !c.switches && c.agent.number != 0:
		s.failf("call %d is not told that it has left", c.number)
	default:
		s.count("completed")
		if l := c.link(); s.fault(6) {
			s.after(s.r.Int64N(50*ms), l.breakSomehow)
		}
	}
}
