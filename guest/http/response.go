package http

import (
	"strconv"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
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

	refused bool   // by refuse
	status  uint16 // once the head is written
	outgoing
}

// OnClose adds a listener for the loss of the connection before the response was ended and flushed.
func (r *ServerResponse) OnClose(listener func()) { r.own().addClose(port.TaskFunc(listener)) }

// OnError adds a listener for the errors of methods that return none: write after end, a body that is not as
// long as its Content-Length, an unknown encoding, an invalid StatusCode. If nothing was sent the method may be called again with
// better arguments.
//
// An error that nobody listens to is printed to stderr. If a part of the response is lost by it the exchange fails: the
// client gets status 500 or, if the head is out, its connection is cut, for it must not take half a response for a
// whole one.
func (r *ServerResponse) OnError(listener func(error)) {
	r.own().addError(listener)
}

// WriteHead completes the head: the status, and the fields that were set before with these in place of those of the same
// name. Several of one name make several lines. It is called once at most.
//
// Error codes: ERR_HTTP_HEADERS_SENT; ERR_HTTP_INVALID_STATUS_CODE outside of 200 to 999, for others are no final status
// (see WriteContinue); ERR_INVALID_HTTP_TOKEN and ERR_INVALID_CHAR for a field; ERR_HTTP_TRAILER_INVALID for Trailer
// together with Content-Length.
func (r *ServerResponse) WriteHead(statusCode int, headers ...Header) error {
	if !r.headWritten && len(r.headers) == 0 {
		k := recent
		if !k.is(statusCode, headers) {
			k = findHead(statusCode, headers)
		}
		if k != nil {
			r.writeKnown(k)
			return nil
		}
	}
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
	switch {
	case len(headers) > 0 && len(merged) == 0:
		merged = append(newFields(), headers...)
	case len(headers) > 0:
		merged.replace(headers)
	case reason == "": // all was set one by one
		if k := findHead(statusCode, merged); k != nil {
			r.writeKnown(k)
			return nil
		}
	}
	announces := merged.Has("trailer")
	if announces && merged.Has("content-length") {
		return port.NewError(codeTrailer, "a response with Content-Length has no trailers")
	}
	if reason == "" {
		if k := rememberHead(statusCode, merged); k != nil {
			r.writeKnown(k)
			return nil
		}
	}
	if reason != "" || r.more != nil {
		r.own().reason = reason
	}
	r.headers, r.announces = merged, announces
	r.status, r.StatusCode = uint16(statusCode), statusCode
	r.headWritten = true
	return nil
}

// writeKnown completes the head with one that was written before.
func (r *ServerResponse) writeKnown(k *knownHead) {
	if r.more != nil {
		r.more.reason = ""
	}
	r.known, r.headers, r.announces = k, k.headers, k.announces
	r.status, r.StatusCode = uint16(k.status), k.status
	r.headWritten = true
}

// Destroy breaks the connection at once, with all that is under way on it. 'close' follows.
func (r *ServerResponse) Destroy() { r.exchange.req.Destroy() }

// completeHead makes the head of StatusCode.
func (r *ServerResponse) completeHead() error { return r.WriteHead(r.StatusCode) }

func (r *ServerResponse) encodeHead() []byte {
	flags := abi.ResponseNoDate
	if r.SendDate {
		flags = 0
	}
	reason := ""
	if r.more != nil {
		reason = r.more.reason
	}
	return encodeResponseHead(r.status, flags, reason, r.headers)
}

func (r *ServerResponse) noBody() bool {
	return r.status == 204 || r.status == 205 || r.status == 304 || r.exchange.req.isHead()
}

// hasChunks: HTTP/1.0 does not know them.
func (r *ServerResponse) hasChunks() bool { return !r.noBody() && r.exchange.req.head().Minor > 0 }

// sentAll ends the exchange if the request is complete too.
func (r *ServerResponse) sentAll(status abi.Status) {
	if status == abi.StatusOK && r.exchange.req.body.Complete {
		r.exchange.finish()
		r.exchange.forget()
	}
}

// closed emits 'close', unless only the rest of the request was missing.
func (r *ServerResponse) closed() {
	if r.flushed {
		return
	}
	r.emitClose()
	if r.more != nil {
		r.more.onFinish = nil
	}
}

// report tells the 'error' listeners, or stderr if there are none. It returns whether anybody listens.
func (r *ServerResponse) report(err error) bool {
	if r.emitError(err) {
		return true
	}
	port.Complain("http: " + r.exchange.req.Method() + " " + quote(r.exchange.req.URL()) + ": " + err.Error())
	return false
}

func (r *ServerResponse) warn(err error) { r.report(err) }

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
	r.headers, r.known, r.headWritten = nil, nil, false
	if r.more != nil {
		r.more.trailers = nil
	}
	if r.WriteHead(status) == nil {
		r.end(nil)
	}
}
