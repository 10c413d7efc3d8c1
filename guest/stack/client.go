package stack

import (
	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/stack/h1"
)

// client is what a connection has on which a handler makes requests, one after another:
//
//	connecting ─► busy ─► the response has ended ─► another request that waits
//	                ▲                             ├─► idle, in pool.free
//	                └─────────────────────────────┤
//	                                              └─► closed: nobody keeps it, or either side said close
//
// The exchange it works for is conn.reading, from when it is given the connection until both messages are complete.
type client struct {
	pool *pool
	used bool // it has brought a response
	idle bool // it is in pool.free
	free bool // the pool does not count it: AgentRemove

	untold bool          // its exchange got it in an operation: EventSocket is for Turn to raise
	terms  responseTerms // on which responses are parsed
}

// sending is what an exchange has besides that a handler began.
type sending struct {
	pool       *pool
	method     h1.Method // 0: one that frames nothing in its own way
	idempotent bool      // RFC 9110 §9.2.2
	persist    bool      // it lets the connection be used again
	upgrade    bool      // it asks for another protocol
	answered   bool      // bytes of a response have come
	responded  bool      // the head of the final one has
	aborted    bool      // by the handler
	retried    bool
	replay     []byte // what was sent on a connection that was used before, to be sent again
	unfit      bool   // it cannot be: it is too long
}

// maxReplay is the longest request that is kept to be sent a second time.
const maxReplay = 64 << 10

// Why a client exchange fails that the network did not break.
const (
	hungUp       = "ECONNRESET socket hang up"
	abortedText  = "ECONNRESET aborted"
	surplusReply = "HPE_INVALID_CONSTANT Parse Error: a response that no request asked for"
)

// attach has c work for x, which is told later if it is untold.
func (c *conn) attach(x *exchange, untold bool) {
	c.reading, x.conn, x.linked = x, c, true
	c.deaf = false
	c.client.untold = untold
}

// tell tells the handler of c's exchange which connection it has got.
func (e *Engine) tell(c *conn) {
	c.client.untold = false
	if x := c.reading; x != nil && x.handle != 0 {
		e.events = append(e.events, Event{Kind: abi.EventSocket, Target: x.handle, Other: c.handle})
	}
}

// give has c work for x.
func (e *Engine) give(c *conn, x *exchange) {
	c.attach(x, false)
	e.active(c)
	if x.headSent {
		c.parser.Answers(x.sends.method)
	}
	e.tell(c)
	if n := x.out.len(); n > 0 {
		e.queued -= n
		e.transmit(x, x.out.view())
		x.out.drop(&e.buffers)
	}
	e.settleClient(c)
}

// transmit puts bytes of a request on their way: to its connection, if it has one.
func (e *Engine) transmit(x *exchange, p []byte) {
	c, s := x.conn, x.sends
	if c == nil {
		e.queued += len(p)
		x.out.add(&e.buffers, p)
		return
	}
	if c.client.used && (s.idempotent || !x.headSent) && !s.answered && !s.unfit {
		if s.unfit = len(s.replay)+len(p) > maxReplay; s.unfit {
			s.replay = nil
		} else {
			s.replay = append(s.replay, p...)
		}
	}
	if len(p) > 0 {
		e.send(c, p, false)
	}
}

// feedClient parses buf and raises the events in it. It returns how many bytes it consumed.
func (e *Engine) feedClient(c *conn, buf []byte) (consumed int) {
	if c.client.untold {
		e.tell(c)
	}
	for !c.deaf && c.client != nil && !c.blocked() {
		x := c.reading
		switch {
		case x == nil && len(buf) == consumed:
			return consumed
		case x == nil: // an idle connection on which somebody speaks cannot be trusted
			c.deaf = true
			e.sever(c)
			return len(buf)
		case (!x.headSent || x.received) && len(buf) > consumed:
			e.breakOff(c, surplusReply)
			return len(buf)
		}
		x.sends.answered = x.sends.answered || len(buf) > consumed
		step, n := c.parser.Next(buf[consumed:])
		switch step {
		case h1.NeedMore:
			return consumed + n
		case h1.HeadDone:
			head := buf[consumed : consumed+n]
			if kind := x.switchesTo(&c.parser.Head); kind != 0 {
				e.switchClient(c, x, kind, head, buf[consumed+n:])
				return len(buf)
			}
			e.beginResponse(c, x, head)
		case h1.BodyPiece:
			e.bodyPiece(x, c.parser.Body)
		case h1.MessageDone:
			if c.parser.Head.Status >= 200 {
				e.endResponse(c, x, buf[consumed:consumed+n], len(buf) > consumed+n)
			}
		case h1.Failed:
			e.breakOff(c, replyTo(c.parser.Err).text)
			return len(buf)
		}
		consumed += n
	}
	return consumed
}

// beginResponse announces the response whose head is complete.
func (e *Engine) beginResponse(c *conn, x *exchange, head []byte) {
	h := &c.parser.Head
	kind := abi.EventResponse
	switch {
	case h.Status == 101:
		e.breakOff(c, "HPE_INVALID_STATUS Parse Error: 101 without a request to switch protocols")
		return
	case h.Status < 200:
		kind = abi.EventInformation
	default:
		x.sends.responded = true
	}
	record := e.responseRecord(h, head)
	e.events = append(e.events, Event{Kind: kind, Target: x.handle, Head: record})
	if kind == abi.EventResponse && c.client.used {
		e.rememberResponse(c, h, head, record)
	}
}

// endResponse ends the response that is being received. surplus says that bytes follow it that nothing asked for.
func (e *Engine) endResponse(c *conn, x *exchange, section []byte, surplus bool) {
	x.received = true
	e.endMessage(c, x, section)
	if surplus || !c.parser.Head.KeepAlive || !x.sends.persist || c.eof {
		c.deaf = true // it is not used again
	}
	if c.deaf || x.finished {
		e.doneWith(x)
	}
}

// doneWith lets go of x: the newest event, which is of x, says so.
func (e *Engine) doneWith(x *exchange) {
	if x.handle != 0 {
		e.events[len(e.events)-1].Flags |= abi.EventDone
	}
	e.release(x)
}

// closeRequest makes the handle of a client exchange stale.
func (e *Engine) closeRequest(x *exchange) {
	if x.handle != 0 {
		e.requests--
		e.handles.close(x)
	}
}

// settleClient is settle for a connection on which a handler makes requests.
func (e *Engine) settleClient(c *conn) {
	if c.client.untold {
		e.tell(c)
	}
	e.consume(c)
	switch x := c.reading; {
	case c.raw != nil: // it has switched
		e.settleRaw(c)
		return
	case c.broken:
		e.loseServer(c)
		return
	case x != nil && c.out.len() == 0 && !c.stalled:
		e.requestDrained(c, x)
	}
	if c.deaf && c.reading == nil {
		e.leave(c)
		e.drop(c)
	}
}

// requestDrained acts on that all bytes of x so far have reached the kernel.
func (e *Engine) requestDrained(c *conn, x *exchange) {
	e.unblock(x.pipes)
	if x.wantDrain {
		x.wantDrain = false
		e.events = append(e.events, Event{Kind: abi.EventDrain, Target: x.handle})
	}
	if !x.ended || x.finished {
		return
	}
	x.finished = true
	if !x.quiet || x.received {
		e.events = append(e.events, Event{Kind: abi.EventFinish, Target: x.handle})
		x.quiet = true // not again, after a retry
	}
	if x.received {
		e.doneWith(x)
	}
}

// endOfResponses acts on the server's FIN once everything before it has been consumed.
func (e *Engine) endOfResponses(c *conn) {
	if c.deaf {
		return
	}
	if c.reading != nil && !c.parser.Idle() && c.parser.EOF() == nil {
		e.feedClient(c, nil) // a body that ends with the connection
		return
	}
	c.deaf = true
	if c.reading != nil && c.failure == "" {
		c.failure = hungUp
	}
	if c.reading != nil {
		e.sever(c)
	}
}

// breakOff fails the exchange that c works for, and c with it.
func (e *Engine) breakOff(c *conn, text string) {
	c.deaf = true
	c.failure, c.failureStatus = text, abi.StatusInvalid
	c.reading.sends.unfit = true
	e.sever(c)
}

// switchesTo returns the event for a response with which the connection leaves HTTP, as x asked for; else 0.
func (x *exchange) switchesTo(h *h1.Head) abi.EventKind {
	switch {
	case h.Status == 101 && h.Upgrade && x.sends.upgrade:
		return abi.EventUpgrade
	case h.Status/100 == 2 && x.sends.method == h1.MethodConnect:
		return abi.EventConnect
	}
	return 0
}

// switchClient makes c the handler's. rest is what came behind the response.
func (e *Engine) switchClient(c *conn, x *exchange, kind abi.EventKind, head, rest []byte) {
	e.events = append(e.events, Event{Kind: kind, Flags: abi.EventDone, Target: x.handle,
		Head: e.responseRecord(&c.parser.Head, head), Body: rest})
	e.leave(c)
	c.reading, x.conn, x.linked, x.received = nil, nil, false, true
	e.closeRequest(x)
	c.client = nil
	e.makeRaw(c)
}

// loseServer ends a connection to a server that broke. Its exchange fails, unless it can be sent once more.
func (e *Engine) loseServer(c *conn) {
	if x := c.reading; x != nil {
		c.reading = nil
		x.conn, x.linked = nil, false
		if e.retriable(c, x) {
			e.retry(x)
		} else {
			e.failRequest(x, c)
		}
	}
	e.leave(c)
	e.drop(c)
}

// failRequest tells the handler of x that its connection ended too early.
func (e *Engine) failRequest(x *exchange, c *conn) {
	text, status := c.failure, c.failureStatus
	switch {
	case x.sends.responded && status == abi.StatusOK:
		text = abortedText
	case x.sends.aborted || text == "":
		text = hungUp
	}
	e.endRequestEarly(x, status, text)
}

// endRequestEarly ends x with an error.
func (e *Engine) endRequestEarly(x *exchange, status abi.Status, text string) {
	e.queued -= x.out.len()
	x.out.drop(&e.buffers)
	if x.handle == 0 {
		return
	}
	e.fail(x.handle, status, text)
	e.events = append(e.events, Event{Kind: abi.EventClose, Flags: abi.EventDone, Target: x.handle})
	e.closeRequest(x)
}

// retriable reports whether x may be sent again: its connection, which had been idle, was closed by the server at about the
// time when x was sent, and doing it twice is like doing it once (RFC 9110 §9.2.2, RFC 9112 §9.3.1), or nothing of it
// was sent yet.
func (e *Engine) retriable(c *conn, x *exchange) bool {
	s := x.sends
	return c.client.used && (s.idempotent || !x.headSent) && !s.answered && !s.retried && !s.unfit && !s.aborted && x.handle != 0 && c.in.len() == 0
}

// retry has x sent on another connection, before those that wait.
func (e *Engine) retry(x *exchange) {
	s := x.sends
	s.retried = true
	if len(s.replay) > 0 {
		x.out.add(&e.buffers, s.replay)
		e.queued += len(s.replay)
		s.replay = nil
	}
	x.finished, x.quiet = false, x.quiet && x.ended
	s.pool.putFirst(x)
	e.schedulePool(s.pool)
}
