package shard

import (
	"slices"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/sandbox"
	"github.com/portholehttp/porthole/internal/netloop"
)

// instance is a live handler guest. It owns the exchanges whose requests it got, and what it opened itself.
type instance struct {
	version *version
	shard   *Shard
	number  uint32 // from 1: the high half of the targets of its operations; the stack keeps its connections by that
	sandbox *sandbox.Instance
	inbox   *sandbox.Function
	onEvent *sandbox.Function
	output  []*sandbox.Lines
	dead    bool

	owned    []uint64 // its handles
	serving  int      // exchanges, and connections that were taken over
	requests int      // client exchanges
	idle     bool     // it is in version.free, or not there yet
	exchange uint64   // of Pooled and Fresh: handle of the one that it serves; 0: none

	timer    *netloop.Timer
	timerAt  int64                       // when it is due; 0: disarmed
	outbound map[netloop.Handle]struct{} // connections that it has made and that are open
	dialed   bool                        // there has been one since it had this number

	mask      uint32             // the last of server_listeners for server 0
	servers   map[uint32]*server // what it listens on itself, by its own numbers
	postponed []postponed        // what it will listen on
	asked     int                // calls of server_listen whose outcome it has not been told
	epoch     uint32             // how often it was reset: what was for an earlier one does not reach it
	origin    origin             // of Fresh
	disposed  bool               // of Fresh: it cannot be reset

	metered
}

// target returns the target of an operation on one of i's servers.
func (i *instance) target(server uint32) uint64 { return uint64(i.number)<<32 | uint64(server) }

// nextNumber returns a number that no instance has.
func (s *Shard) nextNumber() uint32 {
	for {
		s.instances++
		if _, used := s.numbers[s.instances]; !used && s.instances != 0 {
			return s.instances
		}
	}
}

// end ends an instance that failed. The stack answers for it.
func (s *Shard) end(i *instance, err error) {
	i.flush() // what it said last comes first
	s.logFault("handler ended", "handler", err)
	v := i.version
	v.observeFault(err)
	s.abandon(i)
	v.faulted()
}

// abandon ends all that is i's, and i. What it listened on is kept for the next: see orphan.
func (s *Shard) abandon(i *instance) {
	s.remove(i)
	s.drop(i)
	s.orphan(i)
	i.close()
}

// dismiss ends an instance that has nothing that anybody waits for.
func (s *Shard) dismiss(i *instance) {
	s.remove(i)
	s.drop(i)
	for _, l := range i.servers {
		s.release(l)
	}
	i.close()
}

// remove has nothing new come to i.
func (s *Shard) remove(i *instance) {
	v := i.version
	i.dead = true
	v.live = slices.DeleteFunc(v.live, func(other *instance) bool { return other == i })
	v.free = slices.DeleteFunc(v.free, func(other *instance) bool { return other == i })
	delete(s.numbers, i.number)
	s.stir(v)
}

// drop ends all that i has open.
func (s *Shard) drop(i *instance) {
	if len(i.owned) > 0 {
		for _, handle := range slices.Clone(i.owned) {
			s.cut(handle, 0)
		}
	}
	s.sever(i)
}

// cut ends what nobody sees to any more. A request whose response has not begun is answered with a status, where 0 means 500.
func (s *Shard) cut(handle uint64, status int) {
	x := s.handles.get(handle)
	if x == nil {
		return
	}
	if x.observer != nil && x.kind == ofExchange && !x.headSent {
		x.observer.Status(statusOr500(status))
		x.answered = true
	}
	target := x.stack
	s.over(handle)
	s.refuse(target, status)
}

// refuse has the stack end what a handler does not get, or not any more, with a status, where 0 means 500.
func (s *Shard) refuse(target uint64, status int) {
	s.failed[target] = struct{}{}
	s.operate(abi.OpExchangeFail, target, uint32(status), nil, nil, 0)
}

func statusOr500(status int) int {
	if status == 0 {
		return 500
	}
	return status
}

// close frees the instance.
func (i *instance) close() {
	i.timer.Set(0)
	i.sandbox.Close()
	i.flush()
	if o := i.version.Observer; o != nil {
		o.Gone()
	}
}

// flush logs lines that the handler began and did not end.
func (i *instance) flush() {
	for _, o := range i.output {
		o.Flush()
	}
}
