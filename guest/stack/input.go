package stack

import (
	"github.com/portholehttp/porthole/guest/stack/h1"
)

// highWater is how many response bytes may wait before a connection's further requests are left
// unread: a client that pipelines and does not read gets no more of our memory.
const highWater = 64 << 10

// receive takes bytes from the socket of c. unknown is as in feed.
func (e *Engine) receive(c *conn, p []byte, unknown bool) {
	if c.readTimer.running(timeBodyIdle) {
		c.readTimer.disarm() // watch starts it anew
	}
	switch {
	case c.deaf:
		// RFC 9112 §9.6: nothing after the last request is processed.
	case c.in.len() > 0:
		c.in.add(&e.buffers, p)
	default:
		n := e.feed(c, p, unknown)
		e.carry()
		if n < len(p) && !c.deaf {
			c.in.add(&e.buffers, p[n:])
		}
	}
}

// consume goes on with input that was held back, and with the end of input behind it.
func (e *Engine) consume(c *conn) {
	if c.broken || c.lingering {
		return
	}
	if c.in.len() > 0 && !c.deaf {
		n := e.feed(c, c.in.view(), false)
		e.carry()
		c.in.skip(&e.buffers, n)
	}
	if c.raw != nil {
		return // it has switched protocols
	}
	if c.deaf {
		c.in.drop(&e.buffers)
	}
	blocked := c.blocked()
	e.hold(c, blocked)
	if c.eof && !blocked {
		e.endOfInput(c)
	}
}

// hold stops reading the socket of c, or goes on.
func (e *Engine) hold(c *conn, held bool) {
	if held != c.held {
		if c.held = held; held {
			e.sockets.Pause(c.socket)
		} else {
			e.sockets.Resume(c.socket)
		}
	}
}

// endOfInput acts on the peer's FIN once everything before it has been consumed.
func (e *Engine) endOfInput(c *conn) {
	switch {
	case c.client != nil:
		e.endOfResponses(c)
		return
	case c.takeover != nil:
		return // it is the handler's to act on
	}
	if !c.deaf && c.parser.EOF() != nil {
		e.reject(c, replyTo(c.parser.Err))
		return
	}
	c.deaf = true
	switch {
	case c.last != nil: // a half-closed client still gets its answers
		c.last.last = true
	default:
		c.closing = true
	}
}

// blocked reports whether input of c has to wait.
func (c *conn) blocked() bool {
	switch x := c.reading; {
	case c.deaf:
		return false
	case c.client != nil:
		return x != nil && (x.paused || x.pipes.isFull())
	case c.takeover != nil:
		return true
	case x != nil:
		return x.paused && !x.ended || x.pipes.isFull()
	}
	return c.unanswered >= c.terms.options.MaxPipelined || c.out.len() > highWater
}

// feed parses buf and raises the events in it. It returns how many bytes it consumed; the rest is
// an unfinished head, or has to wait. unknown says that buf begins with a head that is not remembered.
func (e *Engine) feed(c *conn, buf []byte, unknown bool) (consumed int) {
	if c.client != nil {
		return e.feedClient(c, buf)
	}
	for !c.deaf && !c.blocked() {
		if !unknown && c.parser.Fresh() && len(buf) > consumed {
			if m, record, method := e.recall(c, buf[consumed:]); m != nil {
				e.beginKnown(c, m, record, method)
				consumed += len(record) - m.text
				continue
			}
		}
		unknown = false
		step, n := c.parser.Next(buf[consumed:])
		switch step {
		case h1.NeedMore:
			return consumed + n
		case h1.HeadDone:
			e.beginRequest(c, buf[consumed:consumed+n])
		case h1.BodyPiece:
			e.bodyPiece(c.reading, c.parser.Body)
		case h1.MessageDone:
			e.endRequest(c, buf[consumed:consumed+n])
		case h1.Failed:
			e.reject(c, replyTo(c.parser.Err))
		}
		consumed += n
	}
	return consumed
}
