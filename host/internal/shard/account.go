package shard

import (
	"encoding/binary"

	"github.com/portholehttp/porthole/abi"
)

// kind says what a handle is of, for those who count.
type kind uint8

const (
	ofExchange   kind = iota // a request that came in, and its response
	ofConnection             // a connection that was taken over from HTTP: by upgrade, connect or client_error
	ofClient                 // a client exchange
	ofSocket                 // a connection that the handler has made for itself
	ofHTTP                   // a connection on which HTTP is spoken, which the handler has asked for or been told of
)

// account is what the host knows of something with a handle.
type account struct {
	kind     kind
	headSent bool             // of the final response
	ended    bool             // the response has left in full
	answered bool             // by the host, in full
	paused   bool             // by the handler
	charge   uint64           // handle of the exchange for which it was made, or that it is; 0: none
	socket   uint64           // of a client exchange: handle of the connection that it goes out on; 0: not known
	received int64            // bytes of the request's body
	unsent   int64            // bytes that were sent and are not known to have left
	piped    int64            // bytes that may wait to leave because of a pipe from here; 0: there is none
	fuel     int64            // units that events of an exchange have used
	observer ExchangeObserver // of an exchange, or of the request by which a connection was taken over; nil: nobody looks
}

// enter counts something new of i, for the exchange that i is at.
func (i *instance) enter(handle uint64, k kind, o ExchangeObserver) {
	x := i.shard.handles.get(handle)
	x.kind, x.observer = k, o
	switch k {
	case ofExchange:
		x.charge = handle
	case ofClient, ofSocket:
		x.charge = i.charged
	}
	i.count(k, 1)
}

// become changes what a handle is of.
func (i *instance) become(x *entry, k kind) {
	i.count(x.kind, -1)
	x.kind = k
	i.count(k, 1)
}

func (i *instance) count(k kind, change int) {
	switch k {
	case ofExchange, ofConnection:
		i.serving += change
		i.version.serving += change
	case ofClient:
		i.requests += change
		i.version.pending += change
	case ofSocket:
		i.version.pending += change
	}
}

// over makes a handle stale: what it was of is over, or the instance is to have no more of it.
func (s *Shard) over(handle uint64) {
	x := s.handles.get(handle)
	if x == nil {
		return
	}
	i := x.owner
	v := i.version
	i.count(x.kind, -1)
	v.unsent -= x.unsent
	x.unpiped()
	if x.kind == ofExchange && x.ended {
		v.backoff.served++
	}
	if x.observer != nil {
		i.observeEnd(x)
	}
	s.handles.close(handle)
	if v.queue.length > 0 || v.retired {
		s.stir(v)
	}
}

// sends reports whether an operation takes bytes that go out.
func sends(op abi.Operation) bool {
	return op == abi.OpResponseSend || op == abi.OpRequestSend || op == abi.OpSocketSend
}

// sent takes note of what became of n bytes and the flags of a send.
func (i *instance) sent(x *entry, op abi.Operation, flags uint32, head []byte, n int64, status abi.Status) {
	v := i.version
	switch status {
	case abi.StatusOK:
		v.unsent -= x.unsent
		x.unsent = 0
		x.ended = flags&(abi.SendEnd|abi.SendMore) == abi.SendEnd
	case abi.StatusQueued, abi.StatusBodyLength:
		v.unsent += n
		x.unsent += n
	default:
		return // nothing was done, or there is nowhere to send to
	}
	if op == abi.OpResponseSend && flags&abi.SendHead != 0 {
		x.headSent = true
		if x.observer != nil && len(head) >= abi.ResponseHeadSize {
			x.observer.Status(int(binary.LittleEndian.Uint16(head[16:])))
		}
	}
}

// left takes note that all bytes that were sent have reached the kernel.
func (x *entry) left(kind abi.EventKind) {
	x.owner.version.unsent -= x.unsent
	x.unsent = 0
	x.ended = kind == abi.EventFinish
}
