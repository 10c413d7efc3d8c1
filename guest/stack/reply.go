package stack

import (
	"strconv"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/stack/h1"
)

// reply is an answer of our own, without a handler: an error status and no body. The connection
// closes after it. Status 0 is no answer at all.
type reply struct {
	status int
	text   string // for a handler that listens to client errors, as in EventError; "": it is not told
}

var replyTimeout = reply{408, "ERR_HTTP_REQUEST_TIMEOUT Request timeout"}

func replyTo(err *h1.Error) reply {
	return reply{err.Code.Status(), err.Code.Name() + " Parse Error: " + err.Code.String()}
}

// continueHead answers Expect: 100-continue (RFC 9110 §10.1.1).
var continueHead = []byte("HTTP/1.1 100 Continue\r\n\r\n")

// reject ends the input of c with an error. Earlier requests are still answered, in order. The one
// being received gets r in place of its response, unless bytes of that are on the wire. A handler that listens to client errors is
// told in place of all that.
func (e *Engine) reject(c *conn, r reply) {
	c.deaf = true
	x := c.reading
	switch {
	case r.text != "" && e.mask(c.listener)&abi.ListenClientError != 0:
		c.await(abi.EventClientError, []byte(r.text))
	case x == nil:
		x = &exchange{remaining: -1}
		c.append(x)
		e.answer(x, r)
	case x.ended && c.last != x: // answered, though maybe not all of it has left: settle sees to the rest
		c.closing = true
	case x.ended:
		x.last = true
	case x.headSent && c.first == x:
		e.sever(c)
	default:
		c.reading = nil
		e.disown(x)
		e.answer(x, r)
	}
}

// answer makes r the response of x, which no longer has a handler.
func (e *Engine) answer(x *exchange, r reply) {
	c := x.conn
	e.dequeue(c, &x.out, x.out.len())
	x.ended, x.last, x.headSent, x.wantDrain = true, true, true, false
	if r.status != 0 {
		out := append(e.scratch[:0], "HTTP/1.1 "...)
		out = strconv.AppendInt(out, int64(r.status), 10)
		out = append(append(append(out, ' '), reason(r.status)...), "\r\nDate: "...)
		out = append(append(out, e.dateValue()...), "\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"...)
		e.scratch = out
		e.output(x, out, false)
	}
	if c.first == x {
		e.advance(c)
	}
}
