package stack

import (
	"strconv"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/stack/h1"
)

// clientOperation does what a handler asks for of a request that it sends.
func (e *Engine) clientOperation(op abi.Operation, x *exchange, flags uint32, head, body []byte, rest int64) int64 {
	if op == abi.OpExchangeFail { // its handler died
		e.cancel(x)
		e.closeRequest(x)
		return int64(abi.StatusOK) | abi.ResultDone
	}
	if e.lost(x) {
		return int64(abi.StatusClosed)
	}
	switch op {
	case abi.OpRequestSend:
		status := e.requestSend(x, flags, head, body, rest)
		if x.finished && x.received {
			e.release(x)
			return int64(status) | abi.ResultDone
		}
		return int64(status)
	case abi.OpRequestPause:
		e.requestPause(x)
	case abi.OpRequestResume:
		e.requestResume(x)
	case abi.OpExchangeAbort:
		e.cancel(x)
	default:
		return int64(abi.StatusInvalid)
	}
	return int64(abi.StatusOK)
}

// lost reports whether x, which a handler sends, is about to end with an error.
func (e *Engine) lost(x *exchange) bool {
	return x.sends.aborted || x.conn != nil && x.conn.broken && !e.retriable(x.conn, x)
}

// cancel ends x at once; Turn tells its handler.
func (e *Engine) cancel(x *exchange) {
	x.sends.aborted = true
	if x.conn != nil {
		e.destroy(x.conn)
	} else {
		x.sends.pool.aborted = true
		e.schedulePool(x.sends.pool)
	}
}

// release lets go of x, whose response came before its last byte was sent. The connection is seen to in Turn.
func (e *Engine) release(x *exchange) {
	c := x.conn
	e.letGo(c, x)
	e.schedule(c)
}

// letGo parts x, which is over, from its connection.
func (e *Engine) letGo(c *conn, x *exchange) {
	c.reading, x.conn, x.linked = nil, nil, false
	c.client.used = true
	e.closeRequest(x)
	if !c.deaf {
		e.pass(c)
	}
}

// requestSend takes head, body and end of a request, any of them, and sends them, once there is a connection.
func (e *Engine) requestSend(x *exchange, flags uint32, head, body []byte, rest int64) abi.Status {
	if status := checkSend(x, flags, head, rest); status != abi.StatusOK {
		return status
	}
	if x.conn == nil {
		e.takeAtOnce(x)
	}
	waits := x.out.len()
	if x.conn != nil {
		waits = x.conn.waiting
	}
	if waits > int(e.outbound.options.MaxQueuedBytes) || e.queued > MaxTotalQueued {
		e.cancel(x)
		return abi.StatusLimit
	}
	out, status := e.render(x, flags, head, body, rest)
	if status != abi.StatusOK && status != abi.StatusBodyLength {
		return status
	}
	if x.conn != nil && flags&abi.SendHead != 0 {
		x.conn.parser.Answers(x.sends.method)
	}
	e.transmit(x, out)
	end := sendsEnd(flags)
	x.ended, x.wantDrain = end, x.wantDrain && !end
	if end {
		e.unblock(x.pipes)
	}
	queued := x.conn == nil || x.conn.broken || x.conn.stalled || x.conn.out.len() > 0
	switch {
	case x.conn != nil && x.conn.broken && !e.retriable(x.conn, x):
		return abi.StatusReset
	case status == abi.StatusBodyLength:
		x.sends.persist = false
		if end && x.remaining > 0 { // the server waits for what will not come
			e.cancel(x)
		}
	case queued, end && x.tail == e.entry: // as in responseSend
		status = abi.StatusQueued
		x.wantDrain = !end
	case end:
		x.finished, x.quiet = true, true
	}
	if x.conn != nil {
		e.schedule(x.conn)
	}
	return status
}

// takeAtOnce gives x, which waits, an idle connection, if nothing but Turn would be between the two.
func (e *Engine) takeAtOnce(x *exchange) {
	p := x.sends.pool
	if p.first != x || p.last != x || p.aborted || x.out.len() > 0 || len(p.idle) == 0 {
		return
	}
	if c := p.idle[len(p.idle)-1]; c.scheduled || c.stalled || c.out.len() > 0 || c.broken || c.eof || c.deaf {
		return
	}
	if c := p.takeIdle(); c != nil {
		p.sockets++
		c.attach(p.take(), true)
		e.active(c)
		e.schedule(c)
	}
}

// appendRequestHead appends the head of x and decides how its body is framed. whole is the body's size if all
// of it is known, else -1; begun says that a part of it goes with the head. x changes only if the status is OK.
func (e *Engine) appendRequestHead(out []byte, x *exchange, record []byte, whole int64, begun bool) ([]byte, abi.Status) {
	if len(record) < abi.ClientRequestHeadSize {
		return nil, abi.StatusInvalid
	}
	r := abi.Decode[abi.ClientRequestHead](record)
	fields, ok := abi.Table(record, abi.ClientRequestHeadSize, r.TextOffset, r.FieldCount)
	if !ok {
		return nil, abi.StatusInvalid
	}
	method, ok1 := fields.Span(r.MethodOffset, r.MethodSize)
	target, ok2 := fields.Span(r.TargetOffset, r.TargetSize)
	if !ok1 || !ok2 || !h1.ValidName(method) || !validTarget(target) {
		return nil, abi.StatusInvalid
	}
	out = append(append(append(append(out, method...), ' '), target...), " HTTP/1.1\r\n"...)
	s := requestFields{length: -1}
	for i := range fields.Len() {
		if out, ok = s.appendField(out, fields, i); !ok {
			return nil, abi.StatusInvalid
		}
	}
	known := methodNamed(method)
	chunked, remaining := false, int64(-1)
	declare := int64(-1) // a Content-Length of our own
	switch {
	case s.chunked && s.length >= 0:
		return nil, abi.StatusInvalid // RFC 9112 §6.2
	case known.name == h1.MethodConnect:
		if whole > 0 || s.chunked || s.length > 0 {
			return nil, abi.StatusInvalid // RFC 9110 §9.3.6
		}
	case s.length >= 0:
		remaining = s.length
	case whole < 0 && !begun && !s.chunked && !s.expect && known.bare:
		remaining = 0
	case s.chunked, whole < 0:
		chunked = true
	case whole > 0 || known.enclosing: // RFC 9110 §8.6
		declare, remaining = whole, whole
	}
	persist := x.sends.pool.key != "" && !s.close
	if !s.connection {
		if persist {
			out = append(out, "Connection: keep-alive\r\n"...)
		} else {
			out = append(out, "Connection: close\r\n"...)
		}
	}
	if declare >= 0 {
		out = strconv.AppendInt(append(out, "Content-Length: "...), declare, 10)
		out = append(out, "\r\n"...)
	} else if chunked {
		out = append(out, "Transfer-Encoding: chunked\r\n"...)
	}
	x.chunked, x.remaining, x.noBody = chunked, remaining, known.name == h1.MethodConnect
	x.sends.method, x.sends.idempotent = known.name, known.idempotent
	x.sends.persist, x.sends.upgrade = persist, s.upgrade && s.upgradeOption
	return append(out, "\r\n"...), abi.StatusOK
}

// validTarget reports whether b may stand between the spaces of a request line. That it has a form of RFC 9112 §3.2 is the
// server's to judge.
func validTarget(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c == 0x7F {
			return false
		}
	}
	return len(b) > 0
}

// requestFields is what the fields of a request say.
type requestFields struct {
	length        int64 // Content-Length; -1: none
	chunked       bool
	connection    bool // there is a Connection field
	close         bool // and it has the token close
	upgradeOption bool // and upgrade
	upgrade       bool // there is an Upgrade field
	expect        bool // there is an Expect field: a body is to follow
}

// appendField appends field i unless the engine writes its own in its place.
func (s *requestFields) appendField(out []byte, fields abi.FieldTable, i int) ([]byte, bool) {
	name, value, ok := validField(fields, i)
	if !ok {
		return nil, false
	}
	switch kindOf(name) {
	case fieldContentLength:
		if s.length >= 0 || !parseLength(value, &s.length) {
			return nil, false
		}
	case fieldTransferEncoding:
		if s.chunked || !h1.EqualFold(value, "chunked") {
			return nil, false
		}
		s.chunked = true
		return out, true
	case fieldUpgrade:
		s.upgrade = true
	case fieldExpect:
		s.expect = true
	case fieldConnection:
		s.connection = true
		s.close = s.close || hasToken(value, "close")
		s.upgradeOption = s.upgradeOption || hasToken(value, "upgrade")
	}
	return appendField(out, name, value), true
}
