package shard

import "github.com/portholehttp/porthole/abi"

// pipeRoom is how many bytes of a pipe may wait to leave: the stack stops reading the source when some do, of which it gets that many at once.
const pipeRoom = receiveBufferSize

// ExchangePipe implements httpabi.Host. What goes through a pipe is counted as if the handler had sent it, and against the limit of a body:
// the stack gets what is left of that, and says with the next event how much has gone through.
func (i *instance) ExchangePipe(from, to uint64) abi.Status {
	s, v := i.shard, i.version
	x := s.handles.get(from)
	if x == nil || x.owner != i {
		return abi.StatusClosed
	}
	p := abi.Pipe{Most: -1}
	if to != 0 {
		sink := s.handles.get(to)
		if sink == nil || sink.owner != i {
			return abi.StatusClosed
		}
		if x.piped == 0 && v.unsent+pipeRoom > v.Limits.MaxQueuedBytes {
			return abi.StatusLimit
		}
		p.To = sink.stack
		if most := v.Limits.MaxBodyBytes; most > 0 && x.kind == ofExchange {
			p.Most = max(most-x.received, 0)
		}
	}
	status := abi.Status(s.operate(abi.OpPipe, x.stack, 0, abi.Append(nil, &p), nil, 0) & abi.ResultStatusMask)
	switch {
	case status != abi.StatusOK:
	case to == 0:
		x.unpiped()
	case x.piped == 0:
		x.piped = pipeRoom
		v.unsent += pipeRoom
	}
	return status
}

// unpiped takes note that nothing goes through a pipe from x any more.
func (x *entry) unpiped() {
	x.owner.version.unsent -= x.piped
	x.piped = 0
}
