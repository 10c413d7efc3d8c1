package shard

import "github.com/portholehttp/porthole/abi"

// orphan is a server whose handler died. Its listener stays open, and connections on it are taken up, until the next instance has started:
// that has it back if it asks for the same.
type orphan struct {
	*server
	dead   *handler
	target uint64 // what the stack calls the server of the dead handler
}

// orphan makes the servers of a dead handler orphans.
func (s *Shard) orphan(h *handler) {
	for number, l := range h.servers {
		s.orphans = append(s.orphans, orphan{l, h, h.target(number)})
	}
}

// adopt gives h the orphan that a request is about, if there is one.
func (s *Shard) adopt(h *handler, r *ListenRequest, record []byte) *server {
	for _, o := range s.orphans {
		if o.owner == o.dead && o.request == *r {
			if !s.give(o.server, h, r.Server, record) {
				return nil
			}
			return o.server
		}
	}
	return nil
}

// closeOrphans has the stack finish what the servers of a dead handler began, and closes those that nobody has adopted.
func (s *Shard) closeOrphans() {
	orphans := s.orphans
	s.orphans = nil
	for _, o := range orphans {
		s.operate(abi.OpServerClose, o.target, 0, nil, nil, 0) // of one that was adopted, the listener is another server's by now
		if o.owner == o.dead {
			s.release(o.server)
		}
	}
}
