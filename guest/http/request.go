package http

import (
	"unsafe"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/flow"
	"github.com/portholehttp/porthole/guest/internal/port"
	"github.com/portholehttp/porthole/guest/net"
)

// ServerRequest is the message a client sent: its head, and its body as events.
//
// The body flows from the start: data that comes while there is no 'data' listener is lost. Pause holds it back.
type ServerRequest struct {
	exchange *exchange
	record   string // the head as it was received: fixed part, fields, text
	headers  Headers
	body     flow.Readable
	more     *requestMore // nil: nothing
}

// requestMore is what not every request needs, for requests are made by the thousand.
type requestMore struct {
	onClose        []func()
	trailersRecord string
	connection     *net.Socket
}

// head is the fixed part of the record.
func (r *ServerRequest) head() *abi.RequestHead {
	return (*abi.RequestHead)(unsafe.Pointer(unsafe.StringData(r.record)))
}

// own returns the requestMore of r to write to.
func (r *ServerRequest) own() *requestMore {
	if r.more == nil {
		r.more = new(requestMore)
	}
	return r.more
}

// OnData adds a listener for pieces of the body. A chunk is valid until the listener returns.
func (r *ServerRequest) OnData(listener func(chunk []byte)) { r.body.OnData(listener) }

// OnEnd adds a listener for the end of the message. It comes exactly once, unless 'close' came before it, also
// for a message without a body, and also if the response has been ended long ago. No data follows.
func (r *ServerRequest) OnEnd(listener func()) { r.body.OnEnd(listener) }

// OnClose adds a listener for the loss of the connection before the exchange was over: before the
// response was ended and flushed, or before the request was complete. It comes once at most; neither data
// nor 'end' follows.
func (r *ServerRequest) OnClose(listener func()) {
	m := r.own()
	m.onClose = append(m.onClose, listener)
}

// Method is the request's method, such as "GET".
func (r *ServerRequest) Method() string { return r.span(r.head().MethodOffset, r.head().MethodSize) }

// isHead reports whether the method is HEAD.
func (r *ServerRequest) isHead() bool { return r.head().MethodSize == 4 && r.Method() == "HEAD" }

// URL is the request target as received, such as "/status?name=ryan". It is not decoded.
func (r *ServerRequest) URL() string { return r.span(r.head().TargetOffset, r.head().TargetSize) }

// HTTPVersion is "1.1" or "1.0".
func (r *ServerRequest) HTTPVersion() string { return httpVersion(r.head().Minor) }

// HTTPVersionMajor is the first number of the version.
func (r *ServerRequest) HTTPVersionMajor() int { return int(r.head().Major) }

// HTTPVersionMinor is the second number of the version.
func (r *ServerRequest) HTTPVersionMinor() int { return int(r.head().Minor) }

// Headers are the header fields in the order of their arrival, names in lower case. They are decoded at the
// first call. The slice is the request's: read only.
func (r *ServerRequest) Headers() Headers {
	if r.headers == nil {
		r.headers = r.decodeHeaders(0)
		lowerNames(r.headers)
	}
	return r.headers
}

// RawHeaders are the header fields with their names as received, decoded anew by each call.
func (r *ServerRequest) RawHeaders() Headers { return r.decodeHeaders(spareFields) }

// decodeHeaders decodes the fields into a list that has room for more.
func (r *ServerRequest) decodeHeaders(more int) Headers {
	return decodeFields(r.record, abi.RequestHeadSize, r.head().FieldCount, r.record[r.head().TextOffset:], more)
}

// Trailers are the trailer fields, names in lower case, decoded anew by each call. There are none before 'end'.
func (r *ServerRequest) Trailers() Headers {
	if !r.body.Ended() {
		return nil
	}
	if r.more == nil {
		return nil
	}
	return decodeTrailers(r.more.trailersRecord)
}

// span is a part of the head's text.
func (r *ServerRequest) span(offset, size uint32) string {
	return r.record[r.head().TextOffset:][offset:][:size]
}

// SetEncoding makes the chunks of 'data' text, in UTF-8, of which no character is split over two chunks: the
// body read as "utf8" (also ""), "ascii", "latin1" or "binary", "ucs2" or "utf16le"; or the body written as
// "base64" or "hex". It concerns the data that comes from now on. The error's code is ERR_UNKNOWN_ENCODING.
func (r *ServerRequest) SetEncoding(encoding string) error { return r.body.SetEncoding(encoding) }

// Pause holds 'data' and 'end' back. What has been read already is kept, at most 64 KiB; then the connection is
// not read any more, and TCP makes the client wait. Once the response has been ended, nothing further is
// kept: the rest of the body is discarded.
func (r *ServerRequest) Pause() { r.body.Pause() }

// Resume lets 'data' and 'end' go on. What was kept is delivered on the next tick, so that listeners added
// after Resume get all of it.
func (r *ServerRequest) Resume() { r.body.Resume() }

// Pipe writes the body to dst and ends it with the body's end. While dst does not keep up the request is paused, so
// that the client of this exchange sends no faster than the receiver of dst reads. If dst closes, the rest of the
// body is discarded.
//
// Into a *ServerResponse, a *ClientRequest or a *net.Socket it is the engine that moves the body, as long as nobody else listens to 'data'.
func (r *ServerRequest) Pipe(dst Writable) { r.body.Pipe(dst) }

// Destroy breaks the connection at once, with all that is under way on it. 'close' follows.
func (r *ServerRequest) Destroy() {
	if !r.exchange.over {
		port.Abort(r.exchange.handle)
	}
}

// closed emits 'close'. What was kept is dropped.
func (r *ServerRequest) closed() {
	r.body.Close()
	if r.more == nil {
		return
	}
	for _, listener := range r.more.onClose {
		listener()
	}
}
