package stack

import (
	"math"
	"strconv"

	"github.com/portholehttp/porthole/abi"
)

// readyHead is the head of the last response that took the express way, as it was on the wire. The next one is mostly the same, but for the
// body's size, as long as the second lasts.
type readyHead struct {
	listener *listener // nil: there is none. The record is that of Engine.rendered
	until    int64     // on the clock of now: when Date changes
	out      []byte    // the head, and the last body
	size     int       // of the body that the head declares
	line     int       // offset in out of the digits of that; 0: they are the handler's, not to be changed
	end      int       // of the head
}

const endOfHead = "\r\n\r\n"

// maxReadyBody is the longest body that is copied to be behind its head.
const maxReadyBody = 64 << 10

// readyResponse returns the whole response of x, whose connection is easeAsked, as bytes for the wire; nil if it is one that needs more care. They
// are valid until the next call.
func (e *Engine) readyResponse(x *exchange, record, body []byte) []byte {
	r := &e.ready
	switch {
	case x.head || len(body) > maxReadyBody:
		return nil
	case r.listener != x.conn.listener || e.now >= r.until || len(record) != len(e.rendered.record) || !beginsWith(record, e.rendered.record):
		if !e.makeReady(x, record, len(body)) {
			return nil
		}
	case r.size == len(body):
	case r.line == 0:
		return nil
	default:
		r.out = append(strconv.AppendInt(r.out[:r.line], int64(len(body)), 10), endOfHead...)
		r.size, r.end = len(body), len(r.out)
	}
	r.out = append(r.out[:r.end], body...)
	return r.out
}

// makeReady makes the head of the response to x anew. It returns false if that does not follow from record and size alone, or the body is framed by
// other means than Content-Length.
func (e *Engine) makeReady(x *exchange, record []byte, size int) bool {
	r := &e.ready
	r.listener = nil
	out, status := e.appendHead(r.out[:0], x, record, int64(size))
	if status != abi.StatusOK || x.last || x.noBody || x.chunked || x.remaining != int64(size) {
		return false
	}
	x.remaining = -1 // as it was
	*r = readyHead{listener: x.conn.listener, until: math.MaxInt64, out: out, size: size, end: len(out)}
	if !e.rendered.date {
		r.until = e.date.until
	}
	if e.rendered.length < 0 {
		r.line = len(out) - len(endOfHead)
		for out[r.line-1] != ' ' {
			r.line--
		}
	}
	return true
}
