package http

import (
	"strings"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
	"github.com/portholehttp/porthole/guest/internal/text"
	"github.com/portholehttp/porthole/guest/net"
)

// clientExchange is a ClientRequest as the receiver of its events.
type clientExchange ClientRequest

// Event implements port.Receiver.
func (x *clientExchange) Event(kind abi.EventKind, flags uint32, head, body []byte) {
	r := (*ClientRequest)(x)
	if flags&abi.EventDone != 0 {
		r.finish()
	}
	if r.aborted {
		r.abandon(kind, flags, head)
		return
	}
	end := flags&abi.EventEnd != 0
	switch kind {
	case abi.EventSocket:
		r.assign(decodeHandle(head))
	case abi.EventInformation:
		r.inform(string(head))
	case abi.EventResponse:
		r.respond(port.Keep(head), body, end)
	case abi.EventData:
		if len(head) > 0 {
			r.res.trailersRecord = string(head)
		}
		r.res.body.Receive(body, end)
	case abi.EventUpgrade:
		r.hand(r.clientMore.onUpgrade, string(head), body)
	case abi.EventConnect:
		r.hand(r.clientMore.onConnect, string(head), body)
	case abi.EventDrain:
		r.drained()
	case abi.EventFinish:
		r.finished()
	case abi.EventError:
		r.broken(port.ParseError(string(head)))
	case abi.EventClose:
		r.closed()
	}
}

// abandon takes an event after Abort. Some may have been on their way, and one of them may have been the last.
func (r *ClientRequest) abandon(kind abi.EventKind, flags uint32, head []byte) {
	switch kind {
	case abi.EventSocket:
		r.socketHandle = decodeHandle(head)
	case abi.EventUpgrade, abi.EventConnect:
		port.Abort(r.socketHandle) // it is the handler's, which does not know it
	}
	if flags&abi.EventDone != 0 {
		r.closed()
	}
}

// finish takes r off its socket: the handle is stale.
func (r *ClientRequest) finish() {
	r.over = true
	r.res.body.Handle = 0
	underWay.remove(r)
	r.giveBack()
	r.closeIfOver()
}

// closeIfOver emits 'close' on the next tick if the exchange is over and its connection too.
func (r *ClientRequest) closeIfOver() {
	if r.over && r.res.body.Ended() && !r.persists() {
		port.NextTick(port.TaskFunc(r.emitClose))
	}
}

// persists reports whether the connection can be used for another request. It is called when the head is sent.
func (r *ClientRequest) persists() bool {
	if r.agent == NoAgent || r.res.head.Flags&abi.ResponseKeepAlive == 0 {
		return false
	}
	return !r.headers.Has("connection") || !r.closes()
}

// closes reports whether a Connection field says close.
func (r *ClientRequest) closes() bool {
	for token := range strings.SplitSeq(r.headers.Get("connection"), ",") {
		if text.EqualFold(strings.Trim(token, " \t"), "close") {
			return true
		}
	}
	return false
}

// emitClose emits 'close', once.
func (r *ClientRequest) emitClose() {
	if !r.gone {
		r.gone = true
		r.outgoing.emitClose()
	}
}

// inform emits 'continue' or 'information'.
func (r *ClientRequest) inform(record string) {
	var res ClientResponse
	res.init(r, record)
	if res.head.Status == 100 {
		for _, listener := range r.clientMore.onContinue {
			listener()
		}
		return
	}
	if len(r.clientMore.onInformation) == 0 {
		return
	}
	info := Information{res.StatusCode(), res.StatusMessage(), res.HTTPVersion(), res.Headers()}
	for _, listener := range r.clientMore.onInformation {
		listener(info)
	}
}

// respond emits 'response', and the first piece of its body.
func (r *ClientRequest) respond(record string, body []byte, end bool) {
	r.res.init(r, record)
	r.res.body.Complete = end
	if !r.persists() {
		r.res.body.OnEnd(r.closeIfOver)
	}
	for _, listener := range r.onResponse {
		listener(&r.res)
	}
	if !r.aborted {
		r.res.body.Receive(body, end)
	}
}

// hand gives the socket to the listeners of 'upgrade' or 'connect'.
func (r *ClientRequest) hand(listeners []func(*ClientResponse, *net.Socket, []byte), record string, head []byte) {
	r.res.init(r, record)
	r.res.body.Complete = true
	s := net.OfRawHandle(r.socketHandle)
	for _, listener := range listeners {
		listener(&r.res, s, head)
	}
	if len(listeners) == 0 {
		s.Destroy()
	}
	r.emitClose()
}

// broken takes the reason for the 'close' that follows. It is an 'error' unless a response has come, whose own 'close' says it;
// what is no HTTP is one all the same.
func (r *ClientRequest) broken(err *port.Error) {
	if !r.failed && (r.res.req == nil || !r.res.Complete() && err.Code != codeReset) {
		r.failed = true
		r.tell(err)
	}
}

// closed emits 'close' of an exchange that was cut off. After Abort the 'error' comes last, as Node has it.
func (r *ClientRequest) closed() {
	r.emitClose()
	switch {
	case r.res.req == nil:
		if !r.failed {
			r.tell(port.NewError(codeReset, "socket hang up"))
		}
	case !r.res.body.Ended() && (r.aborted || !r.res.Complete()):
		r.res.cut()
	}
}
