package stack

import (
	"strconv"

	"github.com/portholehttp/porthole/abi"
)

// What response_send and request_send have in common: a head, a body and its end, any of them.

const knownSendFlags = abi.SendHead | abi.SendEnd | abi.SendTrailers | abi.SendMore

// checkSend checks all of a call but its records.
func checkSend(x *exchange, flags uint32, head []byte, rest int64) abi.Status {
	withHead, withTrailers := flags&abi.SendHead != 0, flags&abi.SendTrailers != 0
	switch {
	case flags&^knownSendFlags != 0,
		withTrailers && (withHead || flags&abi.SendEnd == 0),
		!withHead && !withTrailers && len(head) > 0,
		(flags&abi.SendMore != 0) != (rest > 0):
		return abi.StatusInvalid
	case x.ended, withHead == x.headSent:
		return abi.StatusState
	}
	return abi.StatusOK
}

// sendsEnd reports whether the message is complete with this call.
func sendsEnd(flags uint32) bool { return flags&abi.SendEnd != 0 && flags&abi.SendMore == 0 }

// render puts a call that checkSend found in order on the wire's form, in e.scratch or where body is. Unless the status is OK or
// StatusBodyLength, nothing has changed.
func (e *Engine) render(x *exchange, flags uint32, head, body []byte, rest int64) (out []byte, status abi.Status) {
	if flags&(abi.SendHead|abi.SendTrailers) == 0 && !x.chunked { // the body is what goes out
		return x.frame(body, sendsEnd(flags))
	}
	out = e.scratch[:0]
	if flags&abi.SendHead != 0 {
		whole := int64(-1)
		if flags&abi.SendEnd != 0 {
			whole = int64(len(body)) + rest
		}
		if x.sends != nil {
			out, status = e.appendRequestHead(out, x, head, whole, len(body) > 0)
		} else {
			out, status = e.appendHead(out, x, head, whole)
		}
		if status != abi.StatusOK {
			return nil, status
		}
		x.headSent = true
	}
	var trailers abi.FieldTable
	if flags&abi.SendTrailers != 0 {
		if trailers, status = parseTrailers(head); status != abi.StatusOK {
			return nil, status
		}
	}
	end := sendsEnd(flags)
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
	return out, status
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
