package shard

import (
	"github.com/portholehttp/porthole/abi"
)

// deliverNew delivers the first event of a handle: to an instance of the version whose it is, at once if there is one.
func (s *Shard) deliverNew(e *event) {
	v, l, pattern := s.destination(e)
	if v == nil {
		s.refuse(e.Target, 404)
		return
	}
	var observer ExchangeObserver
	if most := v.Limits.MaxBodyBytes; (most > 0 || v.Observer != nil) && hasRequest(e.Kind) {
		r := readRequest(s.stack.view(e.Head))
		if v.Observer != nil {
			observer = s.observe(v, pattern, &r)
		}
		if most > 0 && max(r.bodySize, int64(e.Body.Size)) > most && isExchange(e.Kind) {
			observeRefusal(observer, 413)
			s.refuse(e.Target, 413)
			return
		}
	}
	if v.queue.length == 0 {
		if i := v.instanceFor(l); i != nil {
			s.serve(i, e, nil, l, observer)
			return
		}
	}
	v.wait(e, l, observer)
}

// instanceFor returns an instance for what came on a listener, nil if it has to wait.
func (v *version) instanceFor(l *server) *instance {
	if l == nil {
		return v.take()
	}
	if l.owner.dead || v.serving >= v.Limits.MaxExchanges {
		return nil
	}
	return l.owner
}

// isExchange reports whether an event that begins something begins an exchange.
func isExchange(kind abi.EventKind) bool {
	return kind == abi.EventRequest || kind == abi.EventCheckContinue
}

// serve gives an instance something new, from a copy if there is one, and returns its handle; 0 if it is over already.
func (s *Shard) serve(i *instance, e *event, c *copied, l *server, o ExchangeObserver) uint64 {
	if l == nil && s.routes.told != i.mask && !s.suits(i, e) {
		s.refuse(e.Target, 0)
		if o != nil {
			o.End(false, 0)
		}
		s.unused(i)
		return 0
	}
	handle, err := s.handles.open(e.Target, i)
	if err != nil {
		s.misused("event_emit", err)
		if o != nil {
			o.End(false, 0)
		}
		s.unused(i)
		return 0
	}
	k := ofConnection
	switch {
	case isExchange(e.Kind):
		k = ofExchange
		i.exchange = handle
	case e.Kind == abi.EventConnection:
		k = ofHTTP
	}
	i.enter(handle, k, o)
	if o != nil && hasRequest(e.Kind) {
		if fields := o.Fields(); len(fields) > 0 {
			if c == nil {
				s.rewritten = s.copyEvent(e)
				c = &s.rewritten
			}
			c.head = appendWithFields(nil, c.head, fields)
		}
	}
	x := s.handles.get(handle)
	x.received = int64(e.Body.Size)
	charged := i.payer(x)
	if e.Flags&abi.EventDone != 0 {
		s.over(handle)
	}
	i.deliver(e, handle, charged, c)
	s.rewritten = copied{}
	return handle
}

// unused takes back an instance that take has given.
func (s *Shard) unused(i *instance) {
	if i.version.alone() {
		s.recycle(i)
	}
}

// continueHead is an abi.ResponseHead with status 100 and no fields.
var continueHead = abi.Append(nil, &abi.ResponseHead{TextOffset: abi.ResponseHeadSize, Status: 100})

// suits makes of an event what it is for an instance that does not listen to what another handler of the shard does. It returns
// false if that is nothing. Node does the same for a server without a listener: it sends 100 itself, and closes a connection that
// is to speak another protocol.
func (s *Shard) suits(i *instance, e *event) bool {
	not := s.routes.told &^ i.mask // which the stack has left to the handlers
	switch e.Kind {
	case abi.EventCheckContinue:
		if not&abi.ListenCheckContinue != 0 {
			s.operate(abi.OpResponseInform, e.Target, 0, continueHead, nil, 0)
			e.Kind = abi.EventRequest
		}
	case abi.EventConnect:
		return not&abi.ListenConnect == 0
	case abi.EventUpgrade:
		return not&abi.ListenUpgrade == 0
	}
	return true
}

// receive counts a piece of a request's body, and reports whether there is too much of it.
func (s *Shard) receive(x *entry, e *event, c *copied) bool {
	size := e.Body.Size
	if c != nil {
		size = uint32(len(c.body))
	}
	const much = 1 << 61
	x.received += int64(size) + int64(min(e.Other, much)) // what went through a pipe since the last piece
	most := x.owner.version.Limits.MaxBodyBytes
	return most > 0 && x.received > most
}
