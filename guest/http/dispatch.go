package http

import "github.com/portholehttp/porthole/abi"

// exchange is a request and its response. They are one allocation, and not used again: a handler may keep them.
type exchange struct {
	handle   uint64
	received bool // the event that ends the request has come
	over     bool // the handle is stale
	listed   bool // it is in exchanges
	req      ServerRequest
	res      ServerResponse
}

// exchanges finds those that outlived the event that began them. Most do not.
var exchanges = map[uint64]*exchange{}

// finish makes the exchange's handle stale.
func (x *exchange) finish() {
	x.over = true
	if x.listed {
		x.listed = false
		delete(exchanges, x.handle)
	}
}

// dispatch delivers one event. head and body are views that end when it returns.
func dispatch(kind abi.EventKind, flags uint32, target uint64, head, body []byte) {
	switch kind {
	case abi.EventRequest, abi.EventCheckContinue:
		begin(kind, flags, target, head, body)
	case abi.EventData, abi.EventDrain, abi.EventFinish, abi.EventClose:
		if x := exchanges[target]; x != nil {
			x.proceed(kind, flags, head, body)
		}
	case abi.EventListening, abi.EventListenError, abi.EventServerClose:
		if s := servers[uint32(target)]; s != nil {
			s.proceed(kind, flags, string(head))
		}
	}
	if len(ticks) > 0 {
		runTicks()
	}
}

// begin makes an exchange and tells its server.
func begin(kind abi.EventKind, flags uint32, target uint64, head, body []byte) {
	x := &exchange{handle: target, received: flags&abi.EventEnd != 0}
	x.req.init(x, string(head))
	x.res.init(x)
	if s := x.server(); s == nil || !s.emitRequest(kind, x) {
		x.res.refuse(503)
	}
	x.req.receive(body, x.received)
	if !x.over {
		x.listed = true
		exchanges[target] = x
	}
}

// server is who the request is for: the one whose listener it came in on, or the first of those that have none.
func (x *exchange) server() *Server {
	if n := x.req.head.Server; n != 0 {
		return servers[n]
	}
	if len(attached) > 0 {
		return attached[0]
	}
	return nil
}

// proceed delivers an event of an exchange that is under way.
func (x *exchange) proceed(kind abi.EventKind, flags uint32, head, body []byte) {
	if flags&abi.EventDone != 0 {
		x.finish()
	}
	switch kind {
	case abi.EventData:
		end := flags&abi.EventEnd != 0
		x.received = x.received || end
		if len(head) > 0 {
			x.req.own().trailersRecord = string(head)
		}
		x.req.receive(body, end)
	case abi.EventDrain:
		x.res.drained()
	case abi.EventFinish:
		x.res.finished()
	case abi.EventClose:
		x.req.closed()
		x.res.closed()
	}
}
