package stack

import (
	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/stack/h1"
)

// highWater is how many response bytes may wait before a connection's further requests are left
// unread: a client that pipelines and does not read gets no more of our memory.
const highWater = 64 << 10

// receive takes bytes from the socket of c.
func (e *Engine) receive(c *conn, p []byte) {
	if c.readTimer.running(timeBodyIdle) {
		c.readTimer.disarm() // watch starts it anew
	}
	switch {
	case c.deaf:
		// RFC 9112 §9.6: nothing after the last request is processed.
	case c.in.len() > 0:
		c.in.add(&e.buffers, p)
	default:
		if n := e.feed(c, p); n < len(p) && !c.deaf {
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
		n := e.feed(c, c.in.view())
		c.in.skip(&e.buffers, n)
	}
	if c.deaf {
		c.in.drop(&e.buffers)
	}
	blocked := c.blocked()
	if blocked != c.held {
		if c.held = blocked; blocked {
			e.sockets.Pause(c.socket)
		} else {
			e.sockets.Resume(c.socket)
		}
	}
	if c.eof && !blocked {
		e.endOfInput(c)
	}
}

// endOfInput acts on the peer's FIN once everything before it has been consumed.
func (e *Engine) endOfInput(c *conn) {
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
	if c.deaf {
		return false
	}
	if x := c.reading; x != nil {
		return x.paused && !x.ended
	}
	return c.unanswered >= c.listener.options.MaxPipelined || c.out.len() > highWater
}

// feed parses buf and raises the events in it. It returns how many bytes it consumed; the rest is
// an unfinished head, or has to wait.
func (e *Engine) feed(c *conn, buf []byte) (consumed int) {
	for !c.deaf && !c.blocked() {
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

// beginRequest opens an exchange for the request whose head is complete, and announces it.
func (e *Engine) beginRequest(c *conn, head []byte) {
	h, l := &c.parser.Head, c.listener
	c.served++
	switch {
	case h.Method == h1.MethodConnect, h.Upgrade && l.options.Lenient&abi.IgnoreUpgrade == 0:
		e.reject(c, reply{}) // nobody listens for it: close without an answer
		return
	case h.ExpectOther:
		e.reject(c, reply{status: 417}) // RFC 9110 §10.1.1
		return
	}
	c.readTimer.disarm()
	x := e.exchanges.open()
	x.head, x.http10 = h.Method == h1.MethodHead, h.Minor == 0
	x.last = !h.KeepAlive || l.options.MaxRequests > 0 && c.served >= l.options.MaxRequests
	c.append(x)
	c.reading = x

	event := Event{Kind: abi.EventRequest, Target: x.handle, Listener: l.handle}
	if h.ExpectContinue && h.ContentLength != 0 {
		mask := l.mask
		if l.server == 0 {
			mask = e.hostMask
		}
		if mask&abi.ListenCheckContinue != 0 {
			event.Kind, x.expects = abi.EventCheckContinue, true
		} else {
			e.output(x, continueHead, false)
		}
	}
	event.Head = e.requestRecord(h, head, uint32(l.server))
	e.events = append(e.events, event)
}

// requestRecord puts together the abi.RequestHead of a request. Its text begins with the method: empty
// lines before it may or may not have come with it.
func (e *Engine) requestRecord(h *h1.Head, head []byte, server uint32) []byte {
	if skip := h.MethodSpan.Offset; skip > 0 {
		head = head[skip:]
		h.MethodSpan.Offset = 0
		h.Target.Offset -= skip
		rebase(h.Fields, skip)
	}
	r := abi.RequestHead{
		TextOffset:   uint32(abi.RequestHeadSize + len(h.Fields)*abi.FieldSize),
		FieldCount:   uint32(len(h.Fields)),
		MethodOffset: h.MethodSpan.Offset, MethodSize: h.MethodSpan.Size,
		TargetOffset: h.Target.Offset, TargetSize: h.Target.Size,
		Major: 1, Minor: h.Minor,
		Server:   server,
		BodySize: h.ContentLength,
	}
	if h.KeepAlive {
		r.Flags |= abi.RequestKeepAlive
	}
	if h.HasBody {
		r.Flags |= abi.RequestHasBody
	}
	start := len(e.heads)
	e.heads = abi.Append(e.heads, &r)
	e.heads = abi.AppendFields(e.heads, h.Fields)
	e.heads = append(e.heads, head...)
	return e.heads[start:len(e.heads):len(e.heads)]
}

// trailersRecord puts together the abi.Trailers of a message. Its text begins with the first field: the
// last chunk's bytes before it may or may not have come with it.
func (e *Engine) trailersRecord(fields []abi.Field, section []byte) []byte {
	skip := fields[0].NameOffset
	rebase(fields, skip)
	start := len(e.heads)
	e.heads = abi.Append(e.heads, &abi.Trailers{
		TextOffset: uint32(abi.TrailersSize + len(fields)*abi.FieldSize),
		FieldCount: uint32(len(fields)),
	})
	e.heads = abi.AppendFields(e.heads, fields)
	e.heads = append(e.heads, section[skip:]...)
	return e.heads[start:len(e.heads):len(e.heads)]
}

// rebase moves the offsets of fields to a text that begins skip bytes later.
func rebase(fields []abi.Field, skip uint32) {
	for i := range fields {
		fields[i].NameOffset -= skip
		fields[i].ValueOffset -= skip
	}
}

// bodyPiece hands a piece of the body to the handler, with the head if that is still here.
func (e *Engine) bodyPiece(x *exchange, piece []byte) {
	if x.handle == 0 || x.ended && x.paused {
		return
	}
	if ev := e.lastEvent(x); ev != nil && ev.Kind == abi.EventRequest && ev.Body == nil {
		ev.Body = piece
		return
	}
	e.events = append(e.events, Event{Kind: abi.EventData, Target: x.handle, Body: piece})
}

// endRequest ends the request that is being received. section holds its trailers.
func (e *Engine) endRequest(c *conn, section []byte) {
	x := c.reading
	c.reading = nil
	c.deaf = x.last
	c.requestTimer.disarm()
	x.received = true
	if x.handle == 0 {
		return
	}
	ev := e.lastEvent(x)
	if ev == nil || ev.Kind == abi.EventCheckContinue || len(c.parser.Trailers) > 0 {
		e.events = append(e.events, Event{Kind: abi.EventData, Target: x.handle})
		ev = &e.events[len(e.events)-1]
		if fields := c.parser.Trailers; len(fields) > 0 {
			ev.Head = e.trailersRecord(fields, section)
		}
	}
	ev.Flags |= abi.EventEnd
	if ev.Kind != abi.EventRequest {
		x.tail = e.entry
	}
	if x.finished {
		ev.Flags |= abi.EventDone
		e.exchanges.close(x)
	}
}

// lastEvent returns the newest event of this entry if it is of x and may grow.
func (e *Engine) lastEvent(x *exchange) *Event {
	if n := len(e.events); n > 0 && e.events[n-1].Target == x.handle {
		switch ev := &e.events[n-1]; ev.Kind {
		case abi.EventRequest, abi.EventCheckContinue, abi.EventData:
			return ev
		}
	}
	return nil
}

// watch arms the timers that fit what the connection waits for.
func (e *Engine) watch(c *conn) {
	switch {
	case c.reading != nil:
		e.watchRequest(c)
		if c.held {
			c.readTimer.disarm() // the handler's pause, not the client's
		} else {
			e.watchRead(c, timeBodyIdle)
		}
	case !c.deaf && !c.parser.Idle():
		e.watchRequest(c)
		e.watchRead(c, timeHeaders)
	case c.served == 0: // armed since Accept: a connection that says nothing
	default:
		c.requestTimer.disarm()
		if c.idle() {
			e.watchRead(c, timeKeepAlive)
		} else {
			c.readTimer.disarm()
		}
	}
}

// watchRequest arms the timer of a whole request, unless it runs.
func (e *Engine) watchRequest(c *conn) {
	if c.requestTimer.list == nil {
		e.arm(&c.requestTimer, timeRequest)
	}
}

// watchRead arms the timer of what is read next, unless it runs.
func (e *Engine) watchRead(c *conn, class timeClass) {
	if !c.readTimer.running(class) {
		e.arm(&c.readTimer, class)
	}
}
