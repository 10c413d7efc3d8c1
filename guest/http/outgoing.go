package http

import (
	"slices"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
	"github.com/portholehttp/porthole/guest/internal/text"
)

// outgoing is a message that is sent: what a ServerResponse and a ClientRequest have in common. Header fields may change until the
// head is complete; that is sent with the first piece of the body, and the end with the last one if it is known by then.
//
//	                 first body, FlushHeaders              End
//	headers change ───────────────────────────► body … ───────────► ended ──► 'finish'
//	        ▲                │ refused
//	        └────────────────┘
type outgoing struct {
	exchange *exchange      // of a response, else nil
	sender   *ClientRequest // whose message it is, nil for a response
	headers  Headers
	known    *knownHead    // once the head is written, and it is one that was written before: headers are its
	more     *outgoingMore // nil: nothing
	turn     uint32        // in which it was flushed

	headWritten bool // the head is complete
	headSent    bool // the engine has it
	announces   bool // once the head is written: it has a Trailer field
	ended       bool
	flushed     bool // all of it has reached the kernel
	needDrain   bool // a Write returned false for bytes that wait
}

// message is what differs. Bodies do not pass through it: an argument of an interface's method is a heap allocation.
type message interface {
	// completeHead makes the head final, unless it is not valid.
	completeHead() error
	// encodeHead returns the record of the head, in scratch.
	encodeHead() []byte
	// noBody says that the message has none, whatever is written, once the head is.
	noBody() bool
	// hasChunks reports whether the framing can be chunked, so that there may be trailers.
	hasChunks() bool
	// sentAll is told that the engine has the complete message, with abi.StatusOK or StatusQueued.
	sentAll(status abi.Status)
	// warn emits 'error' for a body that is not as long as its Content-Length.
	warn(err error)
	// fail emits 'error' for a call by which a part of the message is lost.
	fail(err error)
}

// message is the whole of which o is a part.
func (o *outgoing) message() message {
	if o.exchange != nil {
		return &o.exchange.res
	}
	return o.sender
}

// partner is whom o is for.
func (o *outgoing) partner() *partner {
	if o.exchange != nil {
		return &o.exchange.partner
	}
	return &o.sender.partner
}

// OnDrain adds a listener for the time when the bytes have left for which Write returned false.
func (o *outgoing) OnDrain(listener func()) { o.own().addDrain(port.TaskFunc(listener)) }

// OnFinish adds a listener for the time when the whole message has been handed to the kernel, after End.
func (o *outgoing) OnFinish(listener func()) {
	m := o.own()
	m.onFinish = append(m.onFinish, listener)
	m.heard = true
	if o.flushed && o.turn == port.Turn { // it would be told on the tick that follows, if there had been a listener
		o.flushed = false
		o.finishNext()
	}
}

// HeadersSent reports whether the head is complete, so that it cannot be changed any more.
func (o *outgoing) HeadersSent() bool { return o.headWritten }

// SetHeader gives name one line for each value, in place of those it has. Without a value it has none left.
//
// Error codes: ERR_HTTP_HEADERS_SENT; ERR_INVALID_HTTP_TOKEN for a name, and ERR_INVALID_CHAR for a value that could break out
// of its line.
func (o *outgoing) SetHeader(name string, value ...string) error {
	if o.headWritten {
		return errHeadersSent("set a header")
	}
	for i := range value {
		if err := checkField(name, value[i]); err != nil {
			return err
		}
	}
	switch len(value) {
	case 0:
		o.headers.Del(name)
	case 1:
		if o.headers == nil {
			o.headers = newFields()
		}
		o.headers.Set(name, value[0])
	default:
		lines := make([]Header, len(value))
		for i, v := range value {
			lines[i] = Header{name, v}
		}
		o.headers.replace(lines)
	}
	return nil
}

// GetHeader is the value of name that was set, merged as by Headers.Get.
func (o *outgoing) GetHeader(name string) string { return o.headers.Get(name) }

// GetHeaderValues are the values of name that were set, one for each line.
func (o *outgoing) GetHeaderValues(name string) []string { return o.headers.Values(name) }

// RemoveHeader takes back what was set for name. The error's code is ERR_HTTP_HEADERS_SENT.
func (o *outgoing) RemoveHeader(name string) error {
	if o.headWritten {
		return errHeadersSent("remove a header")
	}
	o.headers.Del(name)
	return nil
}

// FlushHeaders sends the head without waiting for the first part of the body.
func (o *outgoing) FlushHeaders() {
	if o.more != nil && o.more.held != nil {
		o.release()
	}
	if !o.ended && !o.headSent && o.implicitHead() {
		o.send(0, nil)
	}
}

// Write sends a piece of the body, after the head if that is not out. It returns true if the kernel has all of
// it. False means that some waits in memory, and 'drain' follows: a handler that goes on regardless makes the queue
// grow to its limit, a server's MaxQueuedBytes, and then loses the connection.
//
// False without a 'drain' is the answer to a piece of no bytes, which sends nothing, and to one that is refused: after
// an error or the loss of the connection. Bytes beyond Content-Length are dropped, and the connection closes after
// the exchange. The response to HEAD, and one with status 204, 205 or 304, has no body: it is dropped, and the result true.
func (o *outgoing) Write(chunk []byte) bool {
	if o.more != nil && o.more.held != nil {
		o.release()
	}
	if o.ended {
		o.message().fail(errWriteAfterEnd())
		return false
	}
	if !o.implicitHead() || len(chunk) == 0 {
		return false
	}
	if o.message().noBody() {
		return true
	}
	return o.write(chunk)
}

// write sends a piece of the body, as Write.
func (o *outgoing) write(chunk []byte) bool {
	switch o.send(0, chunk) {
	case abi.StatusOK:
		return true
	case abi.StatusQueued:
		o.needDrain = true
	case abi.StatusBodyLength:
		return !o.needDrain // what was too much is gone, there is nothing to wait for
	}
	return false
}

// WriteString is Write of the bytes that s stands for: those of UTF-8, or of another encoding by
// the names of ServerRequest.SetEncoding.
func (o *outgoing) WriteString(s string, encoding ...string) bool {
	chunk, err := text.Encode(s, encoding)
	if err != nil {
		o.message().fail(err)
		return false
	}
	return o.Write(chunk)
}

// AddTrailers sets the fields that follow the body, in place of earlier ones. They are sent with chunked
// framing only, and discarded otherwise, as to HTTP/1.0. HTTP wants them announced in a Trailer field.
//
// Error codes: those of SetHeader for a field; ERR_HTTP_TRAILER_INVALID for one that has no meaning there;
// ERR_STREAM_WRITE_AFTER_END.
func (o *outgoing) AddTrailers(headers ...Header) error {
	if o.ended {
		return errWriteAfterEnd()
	}
	for _, h := range headers {
		if err := checkTrailer(h); err != nil {
			return err
		}
	}
	o.own().trailers = append(Headers(nil), headers...)
	return nil
}

// End completes the message, with a last piece of its body if there is one (several are put together).
// It must be called on every message. Called again, without a body, it does nothing.
func (o *outgoing) End(data ...[]byte) {
	switch len(data) {
	case 0:
		o.end(nil)
	case 1:
		o.end(data[0])
	default:
		var all []byte
		for _, d := range data {
			all = append(all, d...)
		}
		o.end(all)
	}
}

// EndString is End with the bytes that s stands for, as in WriteString.
func (o *outgoing) EndString(s string, encoding ...string) {
	if len(encoding) == 0 {
		o.end(text.Bytes(s))
		return
	}
	chunk, err := text.Encode(s, encoding)
	if err != nil {
		o.message().fail(err)
		return
	}
	o.end(chunk)
}

func (o *outgoing) end(body []byte) {
	if k, x := o.known, o.exchange; k != nil && !o.headSent && !o.ended && o.more == nil && !k.announces && x.res.SendDate && !x.over {
		// A response that is all here, as most are: what follows does the same for it, with more questions.
		status := port.ResponseSend(x.handle, abi.SendHead|abi.SendEnd, k.record, body)
		if status != abi.StatusOK {
			o.outcome(status, true)
			return
		}
		o.headSent, o.ended = true, true
		o.flushed, o.turn = true, port.Turn
		if x.req.body.Complete {
			x.finish()
			if x.req.more != nil {
				x.forget()
			}
		}
		return
	}
	if o.more != nil && o.more.held != nil {
		body = o.more.take(o, body)
	}
	if o.ended {
		if len(body) > 0 {
			o.message().fail(errWriteAfterEnd())
		}
		return
	}
	if !o.headWritten && !o.implicitHead() {
		return
	}
	if (o.announces || o.more != nil) && o.hasTrailers() {
		// The head goes first, so that the engine does not choose the framing of a body that is complete: chunked it must be.
		if (len(body) > 0 || !o.headSent) && !o.send(0, body).OK() {
			return
		}
		body = nil
	}
	o.send(abi.SendEnd, body)
}

// hasTrailers reports whether trailers will be sent, or were announced.
func (o *outgoing) hasTrailers() bool {
	return (o.announces || len(o.trailers()) > 0) && o.message().hasChunks() && !o.headers.Has("content-length")
}

func (o *outgoing) trailers() Headers {
	if o.more == nil {
		return nil
	}
	return o.more.trailers
}

// implicitHead completes the head if it is not.
func (o *outgoing) implicitHead() bool {
	if o.headWritten {
		return true
	}
	if err := o.message().completeHead(); err != nil {
		o.message().fail(err)
		return false
	}
	return true
}

// send hands body to the engine, with the head if it does not have that, or with trailers.
func (o *outgoing) send(flags uint32, body []byte) abi.Status {
	x, to := o.exchange, o.partner()
	end := flags&abi.SendEnd != 0
	if to.over {
		o.ended = o.ended || end
		return abi.StatusClosed
	}
	var head []byte
	switch {
	case o.headSent:
		if end && len(o.trailers()) > 0 {
			flags |= abi.SendTrailers
			head = encodeTrailers(o.more.trailers)
		}
	case o.known != nil && x.res.SendDate:
		flags |= abi.SendHead
		head = o.known.record
	default:
		flags |= abi.SendHead
		head = o.message().encodeHead()
	}
	var status abi.Status
	if x != nil {
		status = port.ResponseSend(to.handle, flags, head, body)
	} else {
		status = port.RequestSend(to.handle, flags, head, body)
	}
	o.outcome(status, end)
	return status
}

// outcome deals with the status of a call that sent a part of the message, the last with end.
func (o *outgoing) outcome(status abi.Status, end bool) {
	switch {
	case status.OK():
		o.headSent = true
		if end {
			o.ended = true
			if status == abi.StatusOK {
				o.finishSoon()
			}
			o.message().sentAll(status)
		}
	case isGone(status):
		o.ended = o.ended || end // 'close' says the rest
	case status == abi.StatusBodyLength: // as if queued, but for what was too much
		o.headSent, o.ended = true, end
		o.message().warn(sendError(status))
	case status == abi.StatusLimit && o.exchange != nil && !o.hasErrorListener(): // a client that does not read writes no log
	default:
		if o.headWritten = o.headSent; !o.headWritten && o.known != nil { // a head that was refused can be mended
			o.headers, o.known = slices.Clone(o.headers), nil
		}
		o.message().fail(sendError(status))
	}
}

// finishSoon has 'finish' emitted on the next tick, for the kernel took all of the message at once. Without a listener that is now: should one be
// added before that tick, OnFinish sees to it.
func (o *outgoing) finishSoon() {
	if o.more == nil || !o.more.heard {
		o.flushed, o.turn = true, port.Turn
		return
	}
	o.finishNext()
}

// finishNext has 'finish' emitted on the next tick, but not before the 'socket' of a request, which is on its way.
func (o *outgoing) finishNext() {
	if r := o.sender; r != nil && r.socket == nil && r.res.req == nil {
		r.finishDue = true
		return
	}
	port.NextTick((*finishing)(o))
}

// finishing is the tick on which a message is finished that the kernel took at once.
type finishing outgoing

// Run emits 'finish'.
func (f *finishing) Run() { (*outgoing)(f).finished() }

// finished emits 'finish'. The engine may send a request once more; it is finished once.
func (o *outgoing) finished() {
	if o.flushed {
		return
	}
	o.flushed = true
	if o.more == nil {
		return
	}
	listeners := o.more.onFinish
	o.more.onFinish = nil
	for _, listener := range listeners {
		listener()
	}
}

// drained emits 'drain' if a Write waits for it.
func (o *outgoing) drained() {
	if !o.needDrain || o.ended {
		return
	}
	o.needDrain = false
	if o.more == nil {
		return
	}
	for _, listener := range o.more.onDrain {
		listener.Run()
	}
}

// emitClose calls the listeners to 'close'.
func (o *outgoing) emitClose() {
	if o.more == nil {
		return
	}
	for _, listener := range o.more.onClose {
		listener.Run()
	}
}

// emitError calls the listeners to 'error', and returns whether there are any.
func (o *outgoing) emitError(err error) bool {
	if !o.hasErrorListener() {
		return false
	}
	for _, listener := range o.more.onError {
		listener(err)
	}
	return true
}

func (o *outgoing) hasErrorListener() bool { return o.more != nil && len(o.more.onError) > 0 }

// isGone reports whether an operation found the connection gone. 'close' says it to the handler.
func isGone(status abi.Status) bool {
	return status == abi.StatusClosed || status == abi.StatusReset
}
