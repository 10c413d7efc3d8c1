package stack

import (
	"strconv"

	"github.com/portholehttp/porthole/abi"
)

const knownSendFlags = abi.SendHead | abi.SendEnd | abi.SendTrailers | abi.SendMore

// responseSend takes head, body and end of a response, any of them, and writes them.
func (e *Engine) responseSend(x *exchange, flags uint32, head, body []byte, rest int64) abi.Status {
	c := x.conn
	withHead, withTrailers := flags&abi.SendHead != 0, flags&abi.SendTrailers != 0
	more := flags&abi.SendMore != 0
	end := flags&abi.SendEnd != 0 && !more
	switch {
	case flags&^knownSendFlags != 0,
		withTrailers && (withHead || flags&abi.SendEnd == 0),
		!withHead && !withTrailers && len(head) > 0,
		more != (rest > 0):
		return abi.StatusInvalid
	case x.ended, withHead == x.headSent:
		return abi.StatusState
	case c.waiting > int(c.listener.options.MaxQueuedBytes), e.queued > MaxTotalQueued:
		e.sever(c)
		return abi.StatusLimit
	}
	out := e.scratch[:0]
	var status abi.Status
	if withHead {
		whole := int64(-1)
		if flags&abi.SendEnd != 0 {
			whole = int64(len(body)) + rest
		}
		if out, status = e.appendHead(out, x, head, whole); status != abi.StatusOK {
			return status
		}
		x.headSent = true
	}
	var trailers abi.FieldTable
	if withTrailers {
		if trailers, status = parseTrailers(head); status != abi.StatusOK {
			return status
		}
	}
	body, status = x.frame(body, end)
	if x.chunked {
		out = appendChunk(out, body)
		if end {
			out = append(out, "0\r\n"...)
			out = appendTrailers(out, trailers)
			out = append(out, "\r\n"...)
		}
	} else {
		out = append(out, body...)
	}
	e.keepScratch(out)

	cork := end && x.next != nil && !c.stalled && c.out.len() < corkLimit
	e.output(x, out, cork)
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

// maxScratch is the largest scratch buffer kept between responses.
const maxScratch = 256 << 10

func (e *Engine) keepScratch(b []byte) {
	if cap(b) <= maxScratch {
		e.scratch = b
	}
}

// frame returns what of body may be sent. No byte goes beyond the declared Content-Length, where
// the client would read it as the next response; a body that differs from it ends the connection.
func (x *exchange) frame(body []byte, end bool) ([]byte, abi.Status) {
	if x.noBody {
		return nil, abi.StatusOK
	}
	if x.remaining < 0 {
		return body, abi.StatusOK
	}
	status := abi.StatusOK
	if int64(len(body)) > x.remaining {
		body, status = body[:x.remaining], abi.StatusBodyLength
	}
	if x.remaining -= int64(len(body)); end && x.remaining > 0 {
		status = abi.StatusBodyLength
	}
	if status != abi.StatusOK {
		x.last = true
	}
	return body, status
}

// appendChunk appends body as one chunk (RFC 9112 §7.1). An empty body is none: it would end the message.
func appendChunk(out, body []byte) []byte {
	if len(body) == 0 {
		return out
	}
	out = strconv.AppendUint(out, uint64(len(body)), 16)
	out = append(out, "\r\n"...)
	out = append(out, body...)
	return append(out, "\r\n"...)
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
