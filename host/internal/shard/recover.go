package shard

import "github.com/portholehttp/porthole/abi"

// replaceStack goes on with a fresh stack after a fault. What the old one knew is lost: its connections are cut,
// and handlers are told that their exchanges and sockets are over. If the fresh one fails at once, so would the next: the shard ends.
func (s *Shard) replaceStack() {
	s.logFault("stack ended, its connections are cut", "guest", s.fault)
	s.stack.instance.Close()
	s.stack, s.fault, s.turn = nil, nil, false

	s.loop.SetTimer(0)
	for socket := range s.sockets {
		s.forget(socket)
		s.loop.CloseHandle(socket, true)
	}
	s.severed = nil
	clear(s.unheard)
	clear(s.failed)
	for _, v := range s.all {
		v.lose()
	}
	s.handles.live(func(x entry) {
		s.over(x.handle)
		x.owner.event(abi.EventClose, abi.EventDone, x.handle, 0)
	})

	if err := s.startStack(); err != nil {
		if s.stack != nil {
			s.stack.instance.Close()
			s.stack, s.fault = nil, nil
		}
		s.fail(err)
	}
}

// lose ends what waits for an instance: its connections are gone.
func (v *version) lose() {
	for w := v.queue.head(); w != nil; w = v.queue.head() {
		v.shard.leave(w)
		if w.observer != nil {
			w.observer.End(false, 0)
		}
	}
}
