package stack

import (
	"slices"
	"strconv"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/stack/h1"
)

// parseResponseHead checks the fixed part of an abi.ResponseHead whose status is from low to high.
func parseResponseHead(record []byte, low, high uint16) (r abi.ResponseHead, fields abi.FieldTable, status abi.Status) {
	if len(record) < abi.ResponseHeadSize {
		return r, fields, abi.StatusInvalid
	}
	r = abi.Decode[abi.ResponseHead](record)
	fields, ok := abi.Table(record, abi.ResponseHeadSize, r.TextOffset, r.FieldCount)
	if !ok || r.Status < low || r.Status > high {
		return r, fields, abi.StatusInvalid
	}
	return r, fields, abi.StatusOK
}

// appendStatusLine appends a status line; it is always HTTP/1.1, our own version (RFC 9112 §2.3).
func appendStatusLine(out []byte, r *abi.ResponseHead, fields abi.FieldTable) ([]byte, abi.Status) {
	out = append(out, "HTTP/1.1 "...)
	out = strconv.AppendUint(out, uint64(r.Status), 10)
	out = append(out, ' ')
	if r.ReasonSize == 0 {
		out = append(out, reason(int(r.Status))...)
	} else {
		phrase, ok := fields.Span(r.ReasonOffset, r.ReasonSize)
		if !ok || !h1.ValidValue(phrase) {
			return out, abi.StatusInvalid
		}
		out = append(out, phrase...)
	}
	return append(out, "\r\n"...), abi.StatusOK
}

func appendField(out, name, value []byte) []byte {
	out = append(append(out, name...), ": "...)
	return append(append(out, value...), "\r\n"...)
}

// renderedHead is the part of a response's head that follows from its record alone. The last one is kept: a
// handler says mostly the same (BenchmarkExchange).
type renderedHead struct {
	record []byte // empty: there is none
	out    []byte // status line and fields, as on the wire
	code   uint16
	headState
}

// headState is what the fields of a response say.
type headState struct {
	length       int64 // Content-Length; -1: none
	chunked      bool
	date         bool
	keepAlive    bool
	connection   bool // there is a Connection field
	close        bool // and it has the token close
	keepAliveEnd int  // where a line "Connection: keep-alive" ends; 0: there is none
}

// render checks record and renders it.
func (h *renderedHead) render(record []byte) abi.Status {
	h.record = h.record[:0]
	r, fields, status := parseResponseHead(record, 200, 999)
	if status != abi.StatusOK {
		return status
	}
	if h.out, status = appendStatusLine(h.out[:0], &r, fields); status != abi.StatusOK {
		return status
	}
	h.code = r.Status
	h.headState = headState{length: -1, date: r.Flags&abi.ResponseNoDate != 0}
	for i := range fields.Len() {
		var ok bool
		if h.out, ok = h.appendField(h.out, fields, i, r.Status); !ok {
			return abi.StatusInvalid
		}
	}
	if h.chunked && h.length >= 0 {
		return abi.StatusInvalid // RFC 9112 §6.2
	}
	h.record = append(h.record, record...)
	return abi.StatusOK
}

// appendHead appends the head of the final response of x and decides how its body is framed.
// whole is the body's size if all of it is known, else -1. x changes only if the status is OK.
func (e *Engine) appendHead(out []byte, x *exchange, record []byte, whole int64) ([]byte, abi.Status) {
	if len(record) != len(e.rendered.record) || len(record) == 0 || !beginsWith(record, e.rendered.record) {
		e.ready.listener = nil
		if status := e.rendered.render(record); status != abi.StatusOK {
			return nil, status
		}
	}
	s, code := e.rendered.headState, e.rendered.code
	out = append(out, e.rendered.out...)

	// The body's framing: RFC 9112 §6.3.
	l := x.conn.listener
	last := x.last || s.close || l.closing || x.expects
	bodyless := code == 204 || code == 304
	noBody, chunked, remaining := bodyless || x.head || code == 205, false, int64(-1)
	declare := int64(-1) // a Content-Length of our own
	switch {
	case bodyless:
		last = last || s.chunked
	case code == 205:
		declare = 0
	case s.length >= 0:
		remaining = s.length
	case whole > 0, whole == 0 && !x.head:
		if !s.chunked || x.http10 {
			declare, remaining = whole, whole
		} else {
			chunked = true
		}
	case x.head:
		chunked = s.chunked && !x.http10
	case x.http10:
		last = true // the body ends with the connection
	default:
		chunked = true
	}

	if !s.date {
		out = append(append(append(out, "Date: "...), e.dateValue()...), "\r\n"...)
	}
	switch {
	case last && s.keepAliveEnd > 0:
		value := s.keepAliveEnd - len("keep-alive\r\n")
		out = slices.Replace(out, value, s.keepAliveEnd, []byte("close\r\n")...)
	case last && !s.close:
		out = append(out, "Connection: close\r\n"...)
	case !s.connection:
		out = append(out, "Connection: keep-alive\r\n"...)
		if !s.keepAlive {
			out = append(out, l.keepAliveLine...)
		}
	}
	if declare >= 0 {
		out = strconv.AppendInt(append(out, "Content-Length: "...), declare, 10)
		out = append(out, "\r\n"...)
	} else if chunked {
		out = append(out, "Transfer-Encoding: chunked\r\n"...)
	}
	x.last, x.noBody, x.chunked, x.remaining = last, noBody, chunked && !noBody, remaining
	return append(out, "\r\n"...), abi.StatusOK
}

// appendField appends field i unless the engine writes its own in its place.
func (s *headState) appendField(out []byte, fields abi.FieldTable, i int, status uint16) ([]byte, bool) {
	name, value, ok := validField(fields, i)
	if !ok {
		return nil, false
	}
	switch kindOf(name) {
	case fieldContentLength:
		if s.length >= 0 || !parseLength(value, &s.length) {
			return nil, false
		}
		if status == 204 || status == 205 {
			s.length = -1
			return out, true // RFC 9110 §8.6; §15.3.6: always 0, which is ours to say
		}
	case fieldTransferEncoding:
		if s.chunked || !h1.EqualFold(value, "chunked") {
			return nil, false
		}
		s.chunked = true
		return out, true
	case fieldDate:
		s.date = true
	case fieldKeepAlive:
		s.keepAlive = true
	case fieldConnection:
		s.connection = true
		s.close = s.close || hasToken(value, "close")
		out = appendField(out, name, value)
		if h1.EqualFold(value, "keep-alive") {
			s.keepAliveEnd = len(out)
		}
		return out, true
	}
	return appendField(out, name, value), true
}
