package stack

import "github.com/portholehttp/porthole/abi"

// raw is what a connection has whose bytes are a handler's: one that was upgraded, a CONNECT tunnel, one that the
// handler opened, or one that spoke no HTTP. Either side may end while the other goes on.
//
//	                    Data ─► in, while paused ─► EventData
//	connecting ─► open                              OpSocketSend ─► out ─► kernel
//	                    End ─► EventData with End ──┐   SendEnd ─► Shutdown ──┐
//	                                                └────────► closed ◄───────┘
type raw struct {
	pipes                 *piping
	paused                bool // the handler wants no data
	ended                 bool // it sends no more
	shut                  bool // and all it sent is in the kernel
	endTold               bool // the peer's end was
	wantDrain, wantFinish bool // an operation was answered with StatusQueued
}

// maxEventBody is the most bytes that one event carries.
const maxEventBody = 64 << 10

// readFailed is how a connection broke that cannot be read any more.
const readFailed = "ECONNRESET read ECONNRESET"

// makeRaw gives c to a handler. What it was must be over.
func (e *Engine) makeRaw(c *conn) {
	c.raw = new(raw)
	c.deaf = false
	c.readTimer.disarm()
	c.requestTimer.disarm()
	e.hold(c, false)
}

// receiveRaw takes bytes from the socket of c.
func (e *Engine) receiveRaw(c *conn, p []byte) {
	if c.raw.waits() || c.in.len() > 0 {
		c.in.add(&e.buffers, p)
		return
	}
	e.hand(c, p)
}

// waits reports whether input has to wait.
func (r *raw) waits() bool { return r.paused || r.pipes.isFull() }

// hand gives what came to the handler, or to where that wants it to go.
func (e *Engine) hand(c *conn, p []byte) {
	if e.forward(side{c: c}, p) {
		e.carry()
	} else {
		e.emitData(c, p)
	}
}

func (e *Engine) emitData(c *conn, p []byte) {
	for len(p) > maxEventBody {
		e.emitData(c, p[:maxEventBody])
		p = p[maxEventBody:]
	}
	e.events = append(e.events, Event{Kind: abi.EventData, Target: c.handle, Body: p})
}

// settleRaw is settle for a connection of a handler.
func (e *Engine) settleRaw(c *conn) {
	r := c.raw
	if c.broken {
		if c.failure != "" {
			e.fail(c.handle, c.failureStatus, c.failure)
		}
		e.drop(c)
		return
	}
	if !r.waits() {
		if c.in.len() > 0 {
			e.hand(c, c.in.view())
			c.in.drop(&e.buffers)
		}
		if c.eof && !r.endTold {
			r.endTold = true
			e.unpipe(side{c: c})
			e.events = append(e.events, Event{Kind: abi.EventData, Flags: abi.EventEnd, Target: c.handle})
		}
	}
	e.hold(c, r.waits())
	if c.out.len() == 0 && !c.stalled {
		e.drained(c)
	}
	if r.shut && r.endTold {
		e.drop(c)
	}
}

// drained acts on that all bytes of c have reached the kernel.
func (e *Engine) drained(c *conn) {
	r := c.raw
	e.unblock(r.pipes)
	if r.wantDrain {
		r.wantDrain = false
		e.events = append(e.events, Event{Kind: abi.EventDrain, Target: c.handle})
	}
	if r.ended && !r.shut {
		e.shut(c)
	}
	if r.shut && r.wantFinish {
		r.wantFinish = false
		e.events = append(e.events, Event{Kind: abi.EventFinish, Target: c.handle})
	}
}

// shut ends the sending side of c.
func (e *Engine) shut(c *conn) {
	c.raw.shut = true
	e.sockets.Shutdown(c.socket)
}

// fail tells the handler of a client exchange or socket why it ends. EventClose is to follow.
func (e *Engine) fail(target uint64, status abi.Status, text string) {
	if status == abi.StatusOK {
		status = abi.StatusReset
	}
	e.events = append(e.events, Event{Kind: abi.EventError, Flags: abi.StatusFlags(status), Target: target, Head: e.text(text)})
}

// text returns s as memory that events may refer to.
func (e *Engine) text(s string) []byte {
	start := len(e.heads)
	e.heads = append(e.heads, s...)
	return e.heads[start:len(e.heads):len(e.heads)]
}
