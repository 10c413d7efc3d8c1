package stack

import "github.com/portholehttp/porthole/abi"

// responseSend takes head, body and end of a response, any of them, and writes them.
func (e *Engine) responseSend(x *exchange, flags uint32, head, body []byte, rest int64) abi.Status {
	c := x.conn
	if status := checkSend(x, flags, head, rest); status != abi.StatusOK {
		return status
	}
	if c.waiting > int(c.terms.options.MaxQueuedBytes) || e.queued > MaxTotalQueued {
		e.sever(c)
		return abi.StatusLimit
	}
	out, status := e.render(x, flags, head, body, rest)
	if status != abi.StatusOK && status != abi.StatusBodyLength {
		return status
	}
	end := sendsEnd(flags)
	cork := end && x.next != nil && !c.stalled && c.out.len() < corkLimit
	e.output(x, out, cork)
	return e.sent(x, status, end, cork)
}

// sent acts on that bytes of the response of x, and with end the last, are in the kernel or in a queue. It returns what the
// handler is told in place of status, which is that of the body's size.
func (e *Engine) sent(x *exchange, status abi.Status, end, cork bool) abi.Status {
	c := x.conn
	switch {
	case c.broken:
		return abi.StatusReset
	case status == abi.StatusOK && (c.first != x || c.out.len() > 0 && !cork):
		status = abi.StatusQueued
		x.wantDrain = !end
	case status == abi.StatusOK && end && x.tail == e.entry:
		// The event with the request's end may not have been delivered yet, so the exchange
		// cannot be over: EventFinish will say so.
		status = abi.StatusQueued
	}
	if end {
		x.ended, x.wantDrain = true, false
		e.unblock(x.pipes)
		x.quiet = status == abi.StatusOK
		if c.first == x {
			e.advance(c)
		}
		if c.reading == x && c.held {
			e.schedule(c) // nobody wants the rest of a paused request: let it pass
		}
	}
	return status
}

// responseInform sends an interim response (RFC 9110 §15.2).
func (e *Engine) responseInform(x *exchange, head []byte) abi.Status {
	if x.headSent || x.http10 {
		return abi.StatusState
	}
	r, fields, status := parseResponseHead(head, 100, 199)
	if status != abi.StatusOK {
		return status
	}
	if r.Status == 101 {
		return abi.StatusInvalid // only an upgrade may switch protocols
	}
	out, status := appendInterim(e.scratch[:0], &r, fields)
	if status != abi.StatusOK {
		return status
	}
	e.keepScratch(out)
	e.output(x, out, false)
	if r.Status == 100 {
		x.expects = false
	}
	return abi.StatusOK
}
