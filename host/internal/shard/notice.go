package shard

import "github.com/portholehttp/porthole/abi"

// maxAsked is how many calls of server_listen may wait for their outcome to be told.
const maxAsked = 64

// notice is an event of the host's own that waits to be delivered.
type notice struct {
	instance *instance
	epoch    uint32
	kind     abi.EventKind
	flags    uint32
	target   uint64
	text     string
}

// note has the loop deliver n: not at once, so that a handler which asks again for ever does not stop the shard, and since
// another instance may be running. False: the loop has ended.
func (i *instance) note(n notice) bool {
	s := i.shard
	if len(s.notices) == 0 && !s.loop.Post(s.deliverNotices) {
		return false
	}
	n.instance, n.epoch = i, i.epoch
	if n.ofListen() {
		i.asked++
	}
	s.notices = append(s.notices, n)
	return true
}

// ofListen reports whether n is the outcome of a call of server_listen.
func (n *notice) ofListen() bool {
	return n.kind == abi.EventListening || n.kind == abi.EventListenError
}

func (s *Shard) deliverNotices() {
	notices := s.notices
	s.notices = nil
	for n := range notices {
		n := &notices[n]
		i := n.instance
		if i.dead || i.epoch != n.epoch {
			continue
		}
		if n.ofListen() {
			i.asked--
		}
		i.tell(n.kind, n.flags, n.target, n.text)
	}
	s.settle()
}

// loses takes a handle from i whose socket is another instance's from now on. x is not valid afterwards.
func (i *instance) loses(x *entry) {
	handle := x.handle
	i.shard.over(handle)
	i.note(notice{kind: abi.EventClose, flags: abi.EventDone, target: handle})
}
