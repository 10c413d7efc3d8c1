package shard

import "github.com/portholehttp/porthole/abi"

// maxAsked is how many calls of server_listen may wait for their outcome to be told.
const maxAsked = 64

// notice is an event of the host's own that waits to be delivered.
type notice struct {
	handler *handler
	kind    abi.EventKind // EventListening or EventListenError
	flags   uint32
	server  uint32
	text    string
}

// note has the loop deliver n, which is the outcome of a call of server_listen: not at once, so that a handler which asks again for ever does
// not stop the shard. False: the loop has ended.
func (h *handler) note(n notice) bool {
	s := h.shard
	if len(s.notices) == 0 && !s.loop.Post(s.deliverNotices) {
		return false
	}
	h.asked++
	s.notices = append(s.notices, n)
	return true
}

func (s *Shard) deliverNotices() {
	notices := s.notices
	s.notices = nil
	for _, n := range notices {
		n.handler.asked--
		if n.handler == s.handler {
			n.handler.tell(n.kind, n.flags, uint64(n.server), n.text)
		}
	}
	s.settle()
}
