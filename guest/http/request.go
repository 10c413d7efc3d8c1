package http

import "github.com/portholehttp/porthole/abi"

// ServerRequest is the message a client sent: its head, and its body as events.
//
// The body flows from the start: data that comes while there is no 'data' listener is lost. Pause holds it back.
type ServerRequest struct {
	exchange *exchange
	record   string // the head as it was received: fixed part, fields, text
	head     abi.RequestHead
	headers  Headers
	more     *requestMore

	paused bool
	endDue bool // the body's end is behind what is kept
	ended  bool // 'end' was emitted
	gone   bool // 'close' was emitted
}

// requestMore is what not every request needs, for requests are made by the thousand.
type requestMore struct {
	onData  []func([]byte)
	onEnd   []func()
	onClose []func()

	decoder        *decoder // after SetEncoding
	queue          [][]byte // what came while paused, until it is delivered
	trailersRecord string
}

// noRequestMore is the requestMore of those that have none. It is only read.
var noRequestMore requestMore

func (r *ServerRequest) init(x *exchange, record string) {
	r.exchange = x
	r.record = record
	r.head = abi.Decode[abi.RequestHead](bytesOf(record))
	r.more = &noRequestMore
}

// own returns the requestMore of r to write to.
func (r *ServerRequest) own() *requestMore {
	if r.more == &noRequestMore {
		r.more = new(requestMore)
	}
	return r.more
}

// OnData adds a listener for pieces of the body. A chunk is valid until the listener returns.
func (r *ServerRequest) OnData(listener func(chunk []byte)) {
	m := r.own()
	m.onData = append(m.onData, listener)
}

// OnEnd adds a listener for the end of the message. It comes exactly once, unless 'close' came before it, also
// for a message without a body, and also if the response has been ended long ago. No data follows.
func (r *ServerRequest) OnEnd(listener func()) {
	m := r.own()
	m.onEnd = append(m.onEnd, listener)
}

// OnClose adds a listener for the loss of the connection before the exchange was over: before the
// response was ended and flushed, or before the request was complete. It comes once at most; neither data
// nor 'end' follows.
func (r *ServerRequest) OnClose(listener func()) {
	m := r.own()
	m.onClose = append(m.onClose, listener)
}

// Method is the request's method, such as "GET".
func (r *ServerRequest) Method() string { return r.span(r.head.MethodOffset, r.head.MethodSize) }

// URL is the request target as received, such as "/status?name=ryan". It is not decoded.
func (r *ServerRequest) URL() string { return r.span(r.head.TargetOffset, r.head.TargetSize) }

// HTTPVersion is "1.1" or "1.0".
func (r *ServerRequest) HTTPVersion() string {
	if r.head.Minor == 0 {
		return "1.0"
	}
	return "1.1"
}

// HTTPVersionMajor is the first number of the version.
func (r *ServerRequest) HTTPVersionMajor() int { return int(r.head.Major) }

// HTTPVersionMinor is the second number of the version.
func (r *ServerRequest) HTTPVersionMinor() int { return int(r.head.Minor) }

// Headers are the header fields in the order of their arrival, names in lower case. They are decoded at the
// first call. The slice is the request's: read only.
func (r *ServerRequest) Headers() Headers {
	if r.headers == nil {
		r.headers = r.decodeHeaders()
		lowerNames(r.headers)
	}
	return r.headers
}

// RawHeaders are the header fields with their names as received, decoded anew by each call.
func (r *ServerRequest) RawHeaders() Headers { return r.decodeHeaders() }

func (r *ServerRequest) decodeHeaders() Headers {
	return decodeFields(r.record, abi.RequestHeadSize, r.head.FieldCount, r.record[r.head.TextOffset:])
}

// Trailers are the trailer fields, names in lower case, decoded anew by each call. There are none before 'end'.
func (r *ServerRequest) Trailers() Headers {
	record := r.more.trailersRecord
	if !r.ended || record == "" {
		return nil
	}
	t := abi.Decode[abi.Trailers](bytesOf(record))
	trailers := decodeFields(record, abi.TrailersSize, t.FieldCount, record[t.TextOffset:])
	lowerNames(trailers)
	return trailers
}

// span is a part of the head's text.
func (r *ServerRequest) span(offset, size uint32) string {
	return r.record[r.head.TextOffset:][offset:][:size]
}

// SetEncoding makes the chunks of 'data' text, in UTF-8, of which no character is split over two chunks: the
// body read as "utf8" (also ""), "ascii", "latin1" or "binary", "ucs2" or "utf16le"; or the body written as
// "base64" or "hex". It concerns the data that comes from now on. The error's code is ERR_UNKNOWN_ENCODING.
func (r *ServerRequest) SetEncoding(encoding string) error {
	e, err := encodingNamed(encoding)
	if err != nil {
		return err
	}
	r.own().decoder = &decoder{encoding: e}
	return nil
}

// Pause holds 'data' and 'end' back. What has been read already is kept, at most 64 KiB; then the connection is
// not read any more, and TCP makes the client wait. Once the response has been ended, nothing further is
// kept: the rest of the body is discarded.
func (r *ServerRequest) Pause() {
	if r.paused || r.ended || r.gone {
		return
	}
	r.paused = true
	if !r.exchange.received {
		requestPause(r.exchange.handle)
	}
}

// Resume lets 'data' and 'end' go on. What was kept is delivered on the next tick, so that listeners added
// after Resume get all of it.
func (r *ServerRequest) Resume() {
	if !r.paused {
		return
	}
	r.paused = false
	if len(r.more.queue) > 0 || r.endDue {
		nextTick(r)
	}
	if !r.exchange.received && !r.exchange.over {
		requestResume(r.exchange.handle)
	}
}

// Destroy breaks the connection at once, with all that is under way on it. 'close' follows.
func (r *ServerRequest) Destroy() {
	if !r.exchange.over {
		exchangeAbort(r.exchange.handle)
	}
}

// receive takes a piece of the body, and its end. chunk is a view.
func (r *ServerRequest) receive(chunk []byte, end bool) {
	if r.paused || len(r.more.queue) > 0 {
		r.keep(chunk)
	} else {
		r.emitData(chunk)
	}
	if end {
		r.endDue = true
		r.deliverEnd()
	}
}

// keep queues a copy of chunk, unless the response has been ended: then nobody may ever ask for it.
func (r *ServerRequest) keep(chunk []byte) {
	if len(chunk) > 0 && !r.exchange.res.ended {
		m := r.own()
		m.queue = append(m.queue, append([]byte(nil), chunk...))
	}
}

// run is the tick that Resume asked for: it delivers what was kept, until it is paused again.
func (r *ServerRequest) run() {
	for m := r.more; len(m.queue) > 0 && !r.paused; {
		chunk := m.queue[0]
		m.queue[0] = nil
		m.queue = m.queue[1:]
		r.emitData(chunk)
	}
	r.deliverEnd()
}

func (r *ServerRequest) emitData(chunk []byte) {
	if d := r.more.decoder; d != nil {
		chunk = d.write(chunk)
	}
	r.emitChunk(chunk)
}

func (r *ServerRequest) emitChunk(chunk []byte) {
	if len(chunk) == 0 {
		return
	}
	for _, listener := range r.more.onData {
		listener(chunk)
	}
}

// deliverEnd emits 'end' if all that comes before it has been delivered.
func (r *ServerRequest) deliverEnd() {
	if !r.endDue || r.paused || len(r.more.queue) > 0 {
		return
	}
	if d := r.more.decoder; d != nil {
		r.emitChunk(d.end())
		if r.paused || r.gone {
			return
		}
	}
	r.endDue = false
	r.ended = true
	for _, listener := range r.more.onEnd {
		listener()
	}
}

// closed emits 'close'. What was kept is dropped.
func (r *ServerRequest) closed() {
	r.gone = true
	r.endDue = false
	if len(r.more.queue) > 0 {
		r.more.queue = nil
	}
	for _, listener := range r.more.onClose {
		listener()
	}
}
