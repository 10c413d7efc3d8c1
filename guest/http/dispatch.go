package http

import (
	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
)

// exchange is a request and its response. They are one allocation, and not used again: a handler may keep them.
type exchange struct {
	handle uint64
	over   bool // the handle is stale
	bound  bool // it gets the handle's events. Most are over before there is another one
	req    ServerRequest
	res    ServerResponse
}

func init() {
	port.Servers.Target = arrive
	port.Servers.Server = tell
	port.AtEnd(func() {
		for _, s := range servers {
			s.unregister()
		}
	})
}

// finish makes the exchange's handle stale.
func (x *exchange) finish() {
	x.over = true
	x.req.body.Handle = 0
	if x.bound {
		x.bound = false
		port.Unbind(x.handle)
	}
}

// arrive delivers an event of something new.
func arrive(kind abi.EventKind, flags uint32, target uint64, head, body []byte) {
	switch kind {
	case abi.EventRequest, abi.EventCheckContinue:
		begin(kind, flags, target, head, body)
	case abi.EventUpgrade, abi.EventConnect:
		takeOver(kind, target, head, body)
	case abi.EventConnection:
		connected(target, head)
	case abi.EventClientError:
		clientFailed(target, head)
	}
}

// begin makes an exchange and tells its server.
func begin(kind abi.EventKind, flags uint32, target uint64, head, body []byte) {
	x := &exchange{handle: target}
	x.req.init(x, string(head))
	x.req.body.Complete = flags&abi.EventEnd != 0
	x.res.init(x)
	if s := serverOf(x.req.head.Server); s == nil || !s.emitRequest(kind, x) {
		x.res.refuse(503)
	}
	x.receive(body, x.req.body.Complete)
	if !x.over {
		x.bound = true
		port.Bind(target, x)
	}
}

// receive takes a piece of the request's body.
func (x *exchange) receive(body []byte, end bool) {
	x.req.body.Discard = x.res.ended
	x.req.body.Receive(body, end)
}

// serverOf is who gets what came in on the listener of a server: that one, or with 0 the first of those that have none.
func serverOf(number uint32) *Server {
	if number != 0 {
		return servers[number]
	}
	if len(attached) > 0 {
		return attached[0]
	}
	return nil
}

// Event delivers an event of an exchange that is under way.
func (x *exchange) Event(kind abi.EventKind, flags uint32, head, body []byte) {
	if flags&abi.EventDone != 0 {
		x.finish()
	}
	switch kind {
	case abi.EventData:
		if len(head) > 0 {
			x.req.own().trailersRecord = string(head)
		}
		x.receive(body, flags&abi.EventEnd != 0)
	case abi.EventDrain:
		x.res.drained()
	case abi.EventFinish:
		x.res.finished()
	case abi.EventClose:
		x.req.closed()
		x.res.closed()
	}
}

// tell delivers an event of a server.
func tell(kind abi.EventKind, flags, server uint32, text []byte) {
	if s := servers[server]; s != nil {
		s.proceed(kind, flags, string(text))
	}
}
