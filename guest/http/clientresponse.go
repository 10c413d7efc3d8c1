package http

import (
	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/flow"
	"github.com/portholehttp/porthole/guest/internal/port"
	"github.com/portholehttp/porthole/guest/internal/text"
)

// ClientResponse is http.ClientResponse: the answer to a ClientRequest, its head, and its body as events.
//
// The body flows from the start: data that comes while there is no 'data' listener is lost. Add it inside of 'response'. Pause
// holds the body back.
type ClientResponse struct {
	req            *ClientRequest
	body           flow.Readable
	record         string // the head as it was received: fixed part, fields, text; "" before it is
	head           abi.ClientResponseHead
	headers        Headers
	trailersRecord string

	onClose   []func(error)
	onAborted []func()
	closeRoom [1]func(error)
}

func (r *ClientResponse) init(req *ClientRequest, record string) {
	r.req = req
	r.record = record
	r.head = abi.Decode[abi.ClientResponseHead](text.Bytes(record))
	r.body.Handle = req.handle
}

// OnData adds a listener for pieces of the body. A chunk is valid until the listener returns.
func (r *ClientResponse) OnData(listener func(chunk []byte)) { r.body.OnData(listener) }

// OnEnd adds a listener for the end of the response. It comes exactly once, unless 'close' came before it, also for a
// response without a body. No data follows.
func (r *ClientResponse) OnEnd(listener func()) { r.body.OnEnd(listener) }

// OnClose adds a listener for the loss of the connection before the response was complete: its error has the code ECONNRESET. It
// comes once at most; neither data nor 'end' follows.
func (r *ClientResponse) OnClose(listener func(err error)) {
	if r.onClose == nil {
		r.onClose = r.closeRoom[:0]
	}
	r.onClose = append(r.onClose, listener)
}

// OnAborted adds a listener that is called before those to 'close'.
func (r *ClientResponse) OnAborted(listener func()) { r.onAborted = append(r.onAborted, listener) }

// StatusCode is the status, such as 404.
func (r *ClientResponse) StatusCode() int { return int(r.head.Status) }

// StatusMessage is the reason phrase, "" if the server gave none.
func (r *ClientResponse) StatusMessage() string {
	return r.record[r.head.TextOffset:][r.head.ReasonOffset:][:r.head.ReasonSize]
}

// HTTPVersion is "1.1" or "1.0".
func (r *ClientResponse) HTTPVersion() string { return httpVersion(r.head.Minor) }

// HTTPVersionMajor is the first number of the version.
func (r *ClientResponse) HTTPVersionMajor() int { return int(r.head.Major) }

// HTTPVersionMinor is the second number of the version.
func (r *ClientResponse) HTTPVersionMinor() int { return int(r.head.Minor) }

// Headers are the header fields in the order of their arrival, names in lower case. They are decoded at the
// first call. The slice is the response's: read only.
func (r *ClientResponse) Headers() Headers {
	if r.headers == nil {
		r.headers = r.decodeHeaders(0)
		lowerNames(r.headers)
	}
	return r.headers
}

// RawHeaders are the header fields with their names as received, decoded anew by each call.
func (r *ClientResponse) RawHeaders() Headers { return r.decodeHeaders(spareFields) }

// decodeHeaders decodes the fields into a list that has room for more.
func (r *ClientResponse) decodeHeaders(more int) Headers {
	return decodeFields(r.record, abi.ClientResponseHeadSize, r.head.FieldCount, r.record[r.head.TextOffset:], more)
}

// Trailers are the trailer fields, names in lower case, decoded anew by each call. There are none before 'end'.
func (r *ClientResponse) Trailers() Headers {
	if !r.body.Ended() {
		return nil
	}
	return decodeTrailers(r.trailersRecord)
}

// SetEncoding makes the chunks of 'data' text, as ServerRequest.SetEncoding does.
func (r *ClientResponse) SetEncoding(encoding string) error { return r.body.SetEncoding(encoding) }

// Pause holds 'data' and 'end' back. What has been read already is kept, at most 64 KiB; then the connection is
// not read any more, and TCP makes the server wait.
func (r *ClientResponse) Pause() { r.body.Pause() }

// Resume lets 'data' and 'end' go on. What was kept is delivered on the next tick, so that listeners added
// after Resume get all of it.
func (r *ClientResponse) Resume() { r.body.Resume() }

// Pipe writes the body to dst and ends it with the body's end. While dst does not keep up the response is paused, so
// that the server sends no faster than the receiver of dst reads. If dst closes, the rest of the body is discarded.
func (r *ClientResponse) Pipe(dst Writable) { r.body.Pipe(dst) }

// Complete reports whether the whole response has been received. Without it, what came of the body is a part.
func (r *ClientResponse) Complete() bool { return r.body.Complete }

// Request returns the request that this is the answer to.
func (r *ClientResponse) Request() *ClientRequest { return r.req }

// Destroy is the request's Abort.
func (r *ClientResponse) Destroy() { r.req.Abort() }

// cut ends a response whose rest will not come.
func (r *ClientResponse) cut() {
	r.body.Close()
	for _, listener := range r.onAborted {
		listener()
	}
	for _, listener := range r.onClose {
		listener(port.NewError(codeReset, "aborted"))
	}
}

// Information is an interim response, such as 103 Early Hints.
type Information struct {
	StatusCode    int
	StatusMessage string
	HTTPVersion   string
	Headers       Headers // names in lower case
}
