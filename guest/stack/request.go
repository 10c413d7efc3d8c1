package stack

import (
	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/stack/h1"
)

// beginRequest opens an exchange for the request whose head is complete, and announces it.
func (e *Engine) beginRequest(c *conn, head []byte) {
	h, l := &c.parser.Head, c.listener
	c.served++
	switch {
	case (h.Upgrade || h.Method == h1.MethodConnect) && e.leaveHTTP(c, h, head):
		return
	case h.ExpectOther:
		e.reject(c, reply{status: 417}) // RFC 9110 §10.1.1
		return
	}
	c.readTimer.suspend()
	x := e.handles.open(c)
	x.head, x.http10 = h.Method == h1.MethodHead, h.Minor == 0
	x.last = !h.KeepAlive || l.options.MaxRequests > 0 && c.served >= l.options.MaxRequests
	c.append(x)
	c.reading = x

	event := Event{Kind: abi.EventRequest, Target: x.handle, Other: l.handle}
	if h.ExpectContinue && h.ContentLength != 0 {
		if e.mask(l)&abi.ListenCheckContinue != 0 {
			event.Kind, x.expects = abi.EventCheckContinue, true
		} else {
			e.output(x, continueHead, false)
		}
	}
	event.Head = e.requestRecord(h, head, uint32(l.server))
	e.events = append(e.events, event)
	if c.served > 1 {
		e.remember(c, h, event.Head)
	}
}

// beginKnown is beginRequest for a head that is remembered, with the request's end if there is no body.
func (e *Engine) beginKnown(c *conn, m *recollection, record []byte, method h1.Method) {
	l := c.listener
	c.served++
	c.readTimer.suspend()
	x := e.handles.open(c)
	x.head = method == h1.MethodHead
	x.last = l.options.MaxRequests > 0 && c.served >= l.options.MaxRequests
	c.append(x)
	event := Event{Kind: abi.EventRequest, Target: x.handle, Other: l.handle, Head: record}
	if m.head.HasBody {
		c.reading = x
		c.parser.Adopt(&m.head, len(record)-m.text)
	} else {
		c.deaf = x.last
		x.received = true
		c.requestTimer.disarm()
		event.Flags = abi.EventEnd
	}
	e.events = append(e.events, event)
}

// bodyPiece hands a piece of the body to the handler, with the head if that is still here.
func (e *Engine) bodyPiece(x *exchange, piece []byte) {
	if x.handle == 0 || x.ended && x.paused && x.sends == nil || x.pipes != nil && e.forward(side{x, x.conn}, piece) {
		return
	}
	for len(piece) > maxEventBody {
		e.bodyPiece(x, piece[:maxEventBody])
		piece = piece[maxEventBody:]
	}
	if ev := e.lastEvent(x); ev != nil && (ev.Kind == abi.EventRequest || ev.Kind == abi.EventResponse) && ev.Body == nil {
		ev.Body = piece
		return
	}
	e.events = append(e.events, Event{Kind: abi.EventData, Target: x.handle, Other: x.pipes.tell(), Body: piece})
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
	ev := e.endMessage(c, x, section)
	if x.finished {
		ev.Flags |= abi.EventDone
		e.handles.close(x)
	}
}

// endMessage tells the handler of the end of the message that is being received, in an event that it returns.
func (e *Engine) endMessage(c *conn, x *exchange, section []byte) *Event {
	ev := e.lastEvent(x)
	if ev == nil || ev.Kind == abi.EventCheckContinue || len(c.parser.Trailers) > 0 {
		e.events = append(e.events, Event{Kind: abi.EventData, Target: x.handle})
		ev = &e.events[len(e.events)-1]
		if fields := c.parser.Trailers; len(fields) > 0 {
			ev.Head = e.trailersRecord(fields, section)
		}
	}
	ev.Flags |= abi.EventEnd
	if ev.Kind == abi.EventData {
		x.tail = e.entry
		if x.pipes != nil {
			e.carry()
			ev.Other += x.pipes.tell()
			e.unpipe(side{x, c})
		}
	}
	return ev
}

// lastEvent returns the newest event of this entry if it is of x and may grow.
func (e *Engine) lastEvent(x *exchange) *Event {
	if n := len(e.events); n > 0 && e.events[n-1].Target == x.handle {
		switch ev := &e.events[n-1]; ev.Kind {
		case abi.EventRequest, abi.EventCheckContinue, abi.EventResponse, abi.EventData:
			return ev
		}
	}
	return nil
}
