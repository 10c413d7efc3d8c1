package http

import (
	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
)

// exchange is a request and its response. A handler may keep them for as long as it likes, so they are not used again. But they are
// allocated together with those that come next: what is kept of one keeps up to slabSize of them in memory, without what their
// listeners held on to.
type exchange struct {
	partner
	bound bool // it gets the handle's events. Most are over before there is another one
	req   ServerRequest
	res   ServerResponse
}

// partner is whom a message is exchanged with.
type partner struct {
	handle uint64
	over   bool // the handle is stale, or there never was one
}

// slabSize exchanges are one allocation: with it an exchange of a few bytes costs a sixteenth of one.
const slabSize = 16

var (
	slab     = new([slabSize]exchange)
	slabUsed uint
)

// newSlab is a function of its own so that those who come by do not save their variables for it.
//
//go:noinline
func newSlab() { slab, slabUsed = new([slabSize]exchange), 0 }

// newExchange returns an exchange for init.
func newExchange() *exchange {
	if slabUsed == slabSize {
		newSlab()
	}
	slabUsed++
	return &slab[slabUsed-1]
}

func (x *exchange) init(handle uint64, record string) {
	_ = record[abi.RequestHeadSize-1] // of ServerRequest.head
	x.handle = handle
	x.req.exchange, x.req.record = x, record
	x.req.body.Handle = handle
	x.res.exchange, x.res.StatusCode, x.res.SendDate = x, 200, true
}

// begin makes an exchange and tells its server.
func begin(kind abi.EventKind, flags uint32, target uint64, head, body []byte) {
	x := newExchange()
	x.init(target, port.Keep(head))
	complete := flags&abi.EventEnd != 0
	x.req.body.Complete = complete
	heard := false
	if s := serverOf(x.req.head().Server); s != nil {
		listeners := s.onRequest
		if kind == abi.EventCheckContinue && len(s.onCheckContinue) > 0 {
			listeners = s.onCheckContinue
		}
		for _, listener := range listeners {
			listener(&x.req, &x.res)
			heard = true
		}
	}
	if !heard {
		x.res.refuse(503)
	}
	if b := &x.req.body; b.Unheard() {
		b.Pass(complete)
	} else {
		x.receive(body, complete)
	}
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
	if x.over {
		x.forget()
	}
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

// forget lets go of the listeners of an exchange that is over, to what will not come any more.
func (x *exchange) forget() {
	if m := x.req.more; m != nil {
		m.onClose = nil
	}
	if m := x.res.more; m != nil {
		m.forget()
	}
}
