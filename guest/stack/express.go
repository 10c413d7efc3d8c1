package stack

import (
	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/stack/h1"
)

// The ordinary exchange: nothing is under way on a connection, then a whole request without a body comes in one piece, with a head
// that is remembered, and nothing else until a handler answers it in one piece, which the kernel takes. It goes a way of its
// own, in which all that the general one would find out again is known, or does not matter. It leaves connection and exchange
// as the general one does, so that may go on at any time: leaveExpress. TestExpressIsGeneral compares the two.

// ease says how much is known of a connection.
type ease uint8

const (
	easeNone  ease = iota
	easeCalm       // it is calm
	easeAsked      // it was, until one request came, which is complete and unanswered
)

// calm reports whether c waits for a request, and nothing that could happen to one has to be considered.
func (c *conn) calm() bool {
	return c.raw == nil && c.client == nil && c.takeover == nil && c.idle() && c.parser.Fresh() &&
		!c.held && !c.eof && !c.deaf && !c.stalled && !c.closing && !c.lingering && !c.broken && !c.scheduled &&
		c.served > 0 && c.idleAfter == 0 && c.requestTimer.list == nil && c.writeTimer.list == nil &&
		!c.listener.closing && c.listener.options.MaxPipelined > 1 && c.listener.options.MaxRequests == 0
}

// leaveExpress has the general way go on with c.
func (c *conn) leaveExpress() {
	if c.ease == easeAsked {
		c.append(c.asked)
	}
	c.ease = easeNone
}

// ask takes a request without a body, which is all that c, which is calm, has received.
func (e *Engine) ask(c *conn, record []byte, method h1.Method) {
	c.served++
	c.readTimer.suspend()
	x := e.handles.open(c)
	x.head, x.received = method == h1.MethodHead, true
	c.asked = x
	c.ease = easeAsked
	e.events = append(e.events, Event{Kind: abi.EventRequest, Flags: abi.EventEnd, Target: x.handle, Other: c.listener.handle, Head: record})
}

// reply answers x, whose connection is easeAsked, with a whole response. If it returns false, nothing has happened.
func (e *Engine) reply(x *exchange, head, body []byte) (result int64, ok bool) {
	c := x.conn
	out := e.readyResponse(x, head, body)
	if out == nil || e.queued > MaxTotalQueued {
		return 0, false
	}
	n, status := e.sockets.Write(c.socket, out)
	if n < len(out) || status != abi.StatusOK {
		return e.replyShort(x, out, n, status), true
	}
	c.ease = easeCalm
	x.received, x.head, x.clean = false, false, true
	i := uint32(x.handle)
	x.handle = 0
	e.handles.release(i)
	e.arm(&c.readTimer, timeKeepAlive)
	return int64(abi.StatusOK) | abi.ResultDone, true
}

// replyShort goes on where the kernel did not take all of out, the response to x.
func (e *Engine) replyShort(x *exchange, out []byte, n int, status abi.Status) int64 {
	c := x.conn
	c.leaveExpress()
	x.headSent, x.remaining = true, 0
	c.written += int64(len(out))
	if rest := out[e.wrote(c, n, len(out), status):]; !c.broken {
		e.enqueue(c, &c.out, rest)
	}
	return int64(e.sent(x, abi.StatusOK, true, false))
}
