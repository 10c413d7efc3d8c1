package http

import (
	"strconv"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
	"github.com/portholehttp/porthole/guest/internal/text"
)

// ServerResponse is the answer to one request. Its head is either written by WriteHead, or made of StatusCode and
// the header fields that were set when the first part of the body is. It is held back until then, so that a
// small answer leaves in one piece.
//
// Which framing the body gets is the engine's choice: the Content-Length that was set; the length of the body that
// is given to End, if that is all of it; chunked otherwise, to HTTP/1.1.
type ServerResponse struct {
	// StatusCode is sent if WriteHead is not called. Afterwards it is what was sent.
	StatusCode int
	// SendDate adds a Date field unless there is one. Turn it off for tests only: RFC 9110 §6.6.1 wants it.
	SendDate bool

	exchange *exchange
	status   int    // once the head is written
	reason   string // "" is the standard phrase
	headers  Headers
	inline   [3]Header // room for the first of headers
	more     *responseMore

	headWritten bool // the head is complete
	headSent    bool // the engine has it
	noBody      bool // once the head is written: to HEAD; 204, 205, 304
	ended       bool
	flushed     bool // all of it has reached the kernel
	needDrain   bool // a Write returned false for bytes that wait
	refused     bool // by refuse
}

// responseMore is what not every response needs.
type responseMore struct {
	onDrain  []func()
	onFinish []func()
	onClose  []func()
	onError  []func(error)
	trailers Headers
}

// noResponseMore is the responseMore of those that have none. It is only read.
var noResponseMore responseMore

func (r *ServerResponse) init(x *exchange) {
	r.exchange = x
	r.StatusCode = 200
	r.SendDate = true
	r.headers = r.inline[:0]
	r.more = &noResponseMore
}

// own returns the responseMore of r to write to.
func (r *ServerResponse) own() *responseMore {
	if r.more == &noResponseMore {
		r.more = new(responseMore)
	}
	return r.more
}

// OnDrain adds a listener for the time when the bytes have left for which Write returned false.
func (r *ServerResponse) OnDrain(listener func()) {
	m := r.own()
	m.onDrain = append(m.onDrain, listener)
}

// OnFinish adds a listener for the time when the whole response has been handed to the kernel, after End.
func (r *ServerResponse) OnFinish(listener func()) {
	m := r.own()
	m.onFinish = append(m.onFinish, listener)
}

// OnClose adds a listener for the loss of the connection before the response was ended and flushed.
func (r *ServerResponse) OnClose(listener func()) {
	m := r.own()
	m.onClose = append(m.onClose, listener)
}

// OnError adds a listener for the errors of methods that return none: write after end, a body that is not as
// long as its Content-Length, an unknown encoding, an invalid StatusCode. If nothing was sent the method may be called again with
// better arguments.
//
// An error that nobody listens to is printed to stderr. If a part of the response is lost by it the exchange fails: the
// client gets status 500 or, if the head is out, its connection is cut, for it must not take half a response for a
// whole one.
func (r *ServerResponse) OnError(listener func(error)) {
	m := r.own()
	m.onError = append(m.onError, listener)
}

// HeadersSent reports whether the head is complete, so that it cannot be changed any more.
func (r *ServerResponse) HeadersSent() bool { return r.headWritten }

// WriteHead completes the head: the status, and the fields that were set before with these in place of those of the same
// name. Several of one name make several lines. It is called once at most.
//
// Error codes: ERR_HTTP_HEADERS_SENT; ERR_HTTP_INVALID_STATUS_CODE outside of 200 to 999, for others are no final status
// (see WriteContinue); ERR_INVALID_HTTP_TOKEN and ERR_INVALID_CHAR for a field; ERR_HTTP_TRAILER_INVALID for Trailer
// together with Content-Length.
func (r *ServerResponse) WriteHead(statusCode int, headers ...Header) error {
	return r.WriteHeadReason(statusCode, "", headers...)
}

// WriteHeadReason is WriteHead with a reason phrase in place of the standard one.
func (r *ServerResponse) WriteHeadReason(statusCode int, reason string, headers ...Header) error {
	if r.headWritten {
		return errHeadersSent("write the head")
	}
	if statusCode < 200 || statusCode > 999 {
		return port.NewError(codeStatus, "invalid status code: "+strconv.Itoa(statusCode))
	}
	if err := checkReason(reason); err != nil {
		return err
	}
	if err := checkHeaders(headers); err != nil {
		return err
	}
	merged := r.headers
	merged.replace(headers)
	if merged.Has("trailer") && merged.Has("content-length") {
		return port.NewError(codeTrailer, "a response with Content-Length has no trailers")
	}
	r.headers = merged
	r.status, r.reason, r.StatusCode = statusCode, reason, statusCode
	r.noBody = statusCode == 204 || statusCode == 205 || statusCode == 304 || r.exchange.req.Method() == "HEAD"
	r.headWritten = true
	return nil
}

// SetHeader gives name one line for each value, in place of those it has. Without a value it has none left.
func (r *ServerResponse) SetHeader(name string, value ...string) error {
	if r.headWritten {
		return errHeadersSent("set a header")
	}
	for _, v := range value {
		if err := checkHeader(Header{name, v}); err != nil {
			return err
		}
	}
	switch len(value) {
	case 0:
		r.headers.Del(name)
	case 1:
		r.headers.Set(name, value[0])
	default:
		lines := make([]Header, len(value))
		for i, v := range value {
			lines[i] = Header{name, v}
		}
		r.headers.replace(lines)
	}
	return nil
}

// GetHeader is the value of name that was set, merged as by Headers.Get.
func (r *ServerResponse) GetHeader(name string) string { return r.headers.Get(name) }

// GetHeaderValues are the values of name that were set, one for each line.
func (r *ServerResponse) GetHeaderValues(name string) []string { return r.headers.Values(name) }

// RemoveHeader takes back what was set for name. The error's code is ERR_HTTP_HEADERS_SENT.
func (r *ServerResponse) RemoveHeader(name string) error {
	if r.headWritten {
		return errHeadersSent("remove a header")
	}
	r.headers.Del(name)
	return nil
}

// FlushHeaders sends the head without waiting for the first part of the body.
func (r *ServerResponse) FlushHeaders() {
	if !r.ended && !r.headSent && r.implicitHead() {
		r.send(0, nil)
	}
}

// Write sends a piece of the body, after the head if that is not out. It returns true if the kernel has all of
// it. False means that some waits in memory, and 'drain' follows: a handler that goes on regardless makes the queue
// grow to the server's MaxQueuedBytes, and then loses the connection.
//
// False without a 'drain' is the answer to a piece of no bytes, which sends nothing, and to one that is refused: after
// an error or the loss of the connection. Bytes beyond Content-Length are dropped, and the connection closes after
// the response. To a request with HEAD, and with status 204 and 304, there is no body: it is dropped, and the result true.
func (r *ServerResponse) Write(chunk []byte) bool {
	if r.ended {
		r.fail(errWriteAfterEnd())
		return false
	}
	if !r.implicitHead() || len(chunk) == 0 {
		return false
	}
	if r.noBody {
		return true
	}
	switch r.send(0, chunk) {
	case abi.StatusOK:
		return true
	case abi.StatusQueued:
		r.needDrain = true
	case abi.StatusBodyLength:
		return !r.needDrain // what was too much is gone, there is nothing to wait for
	}
	return false
}

// WriteString is Write of the bytes that s stands for: those of UTF-8, or of another encoding by
// the names of ServerRequest.SetEncoding.
func (r *ServerResponse) WriteString(s string, encoding ...string) bool {
	chunk, err := text.Encode(s, encoding)
	if err != nil {
		r.fail(err)
		return false
	}
	return r.Write(chunk)
}

// AddTrailers sets the fields that follow the body, in place of earlier ones. They are sent with chunked
// framing only, and discarded otherwise, as to HTTP/1.0. HTTP wants them announced in a Trailer field.
//
// Error codes: those of a field in WriteHead; ERR_HTTP_TRAILER_INVALID for one that has no meaning there;
// ERR_STREAM_WRITE_AFTER_END.
func (r *ServerResponse) AddTrailers(headers ...Header) error {
	if r.ended {
		return errWriteAfterEnd()
	}
	for _, h := range headers {
		if err := checkTrailer(h); err != nil {
			return err
		}
	}
	r.own().trailers = append(Headers(nil), headers...)
	return nil
}

// End completes the response, with a last piece of its body if there is one (several are put together).
// It must be called on every response. Called again, without a body, it does nothing.
func (r *ServerResponse) End(data ...[]byte) {
	switch len(data) {
	case 0:
		r.end(nil)
	case 1:
		r.end(data[0])
	default:
		var all []byte
		for _, d := range data {
			all = append(all, d...)
		}
		r.end(all)
	}
}

// EndString is End with the bytes that s stands for, as in WriteString.
func (r *ServerResponse) EndString(s string, encoding ...string) {
	chunk, err := text.Encode(s, encoding)
	if err != nil {
		r.fail(err)
		return
	}
	r.end(chunk)
}

func (r *ServerResponse) end(body []byte) {
	if r.ended {
		if len(body) > 0 {
			r.fail(errWriteAfterEnd())
		}
		return
	}
	if !r.implicitHead() {
		return
	}
	if r.hasTrailers() {
		// The head goes first, so that the engine does not choose the framing of a body that is complete: chunked it must be.
		if (len(body) > 0 || !r.headSent) && !r.send(0, body).OK() {
			return
		}
		body = nil
	}
	r.send(abi.SendEnd, body)
}

// hasTrailers reports whether trailers will be sent, or were announced.
func (r *ServerResponse) hasTrailers() bool {
	return (len(r.more.trailers) > 0 || r.headers.Has("trailer")) &&
		!r.noBody && r.exchange.req.head.Minor > 0 && !r.headers.Has("content-length")
}

// Destroy breaks the connection at once, with all that is under way on it. 'close' follows.
func (r *ServerResponse) Destroy() { r.exchange.req.Destroy() }

// implicitHead completes the head from StatusCode if WriteHead was not called.
func (r *ServerResponse) implicitHead() bool {
	if r.headWritten {
		return true
	}
	if err := r.WriteHead(r.StatusCode); err != nil {
		r.fail(err)
		return false
	}
	return true
}

// send hands body to the engine, with the head if it does not have that, or with trailers.
func (r *ServerResponse) send(flags uint32, body []byte) abi.Status {
	end := flags&abi.SendEnd != 0
	if r.exchange.over {
		r.ended = r.ended || end
		return abi.StatusClosed
	}
	var head []byte
	switch {
	case !r.headSent:
		flags |= abi.SendHead
		head = encodeResponseHead(r.status, r.headFlags(), r.reason, r.headers)
	case end && len(r.more.trailers) > 0:
		flags |= abi.SendTrailers
		head = encodeTrailers(r.more.trailers)
	}
	status := port.ResponseSend(r.exchange.handle, flags, head, body)
	switch {
	case status.OK():
		r.headSent = true
		if end {
			r.sentAll(status)
		}
	case isGone(status):
		r.ended = r.ended || end // 'close' says the rest
	case status == abi.StatusBodyLength: // as if queued, but for what was too much
		r.headSent, r.ended = true, end
		r.report(sendError(status))
	case status == abi.StatusLimit && len(r.more.onError) == 0: // the connection is gone, and 'close' follows
	default:
		r.headWritten = r.headSent // a head that was refused can be mended
		r.fail(sendError(status))
	}
	return status
}

func (r *ServerResponse) headFlags() uint16 {
	if r.SendDate {
		return 0
	}
	return abi.ResponseNoDate
}

// sentAll notes that the engine has the complete response.
func (r *ServerResponse) sentAll(status abi.Status) {
	r.ended = true
	if status == abi.StatusOK {
		if r.exchange.req.body.Complete {
			r.exchange.finish()
		}
		port.NextTick((*finishing)(r))
	}
}

// finishing is the tick on which a response is finished that the kernel took at once.
type finishing ServerResponse

func (r *finishing) Run() { (*ServerResponse)(r).finished() }

// finished emits 'finish'.
func (r *ServerResponse) finished() {
	r.flushed = true
	for _, listener := range r.more.onFinish {
		listener()
	}
}

// drained emits 'drain' if a Write waits for it.
func (r *ServerResponse) drained() {
	if !r.needDrain || r.ended {
		return
	}
	r.needDrain = false
	for _, listener := range r.more.onDrain {
		listener()
	}
}

// closed emits 'close', unless only the rest of the request was missing.
func (r *ServerResponse) closed() {
	if r.flushed {
		return
	}
	for _, listener := range r.more.onClose {
		listener()
	}
}

// report tells the 'error' listeners, or stderr if there are none. It returns whether anybody listens.
func (r *ServerResponse) report(err error) bool {
	for _, listener := range r.more.onError {
		listener(err)
	}
	if len(r.more.onError) > 0 {
		return true
	}
	port.Complain("http: " + r.exchange.req.Method() + " " + quote(r.exchange.req.URL()) + ": " + err.Error())
	return false
}

// fail reports an error. If nobody listens it ends the exchange.
func (r *ServerResponse) fail(err error) {
	if r.report(err) || r.ended {
		return
	}
	if r.headSent || r.refused {
		r.Destroy()
		return
	}
	r.refuse(500)
}

// refuse answers with a status and nothing else, whatever was prepared.
func (r *ServerResponse) refuse(status int) {
	r.refused = true
	r.headers, r.headWritten = nil, false
	if len(r.more.trailers) > 0 {
		r.more.trailers = nil
	}
	if r.WriteHead(status) == nil {
		r.end(nil)
	}
}

// isGone reports whether an operation found the connection gone. 'close' says it to the handler.
func isGone(status abi.Status) bool {
	return status == abi.StatusClosed || status == abi.StatusReset
}
