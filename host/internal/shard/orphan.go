package shard

import "github.com/portholehttp/porthole/abi"

// orphan is a server whose instance died. Its listener stays open, and connections on it are taken up, until the next instance of the version
// has started: that has it back if it asks for the same.
type orphan struct {
	*server
	dead   *instance
	target uint64 // what the stack calls the server of the dead instance
}

// orphan makes the servers of a dead instance orphans.
func (s *Shard) orphan(i *instance) {
	for number, l := range i.servers {
		i.version.orphans = append(i.version.orphans, orphan{l, i, i.target(number)})
	}
}

// adopt gives i the orphan that a request is about, if there is one.
func (i *instance) adopt(r *ListenRequest, record []byte) *server {
	for _, o := range i.version.orphans {
		if o.owner == o.dead && o.request == *r {
			if !i.shard.give(o.server, i, r.Server, record) {
				return nil
			}
			return o.server
		}
	}
	return nil
}

// adoptRetired gives i the server that a request is about of a version that was retired, if there is one.
func (i *instance) adoptRetired(r *ListenRequest, record []byte) *server {
	s := i.shard
	for _, l := range s.servers {
		if from := l.owner; from.version.retired && l.request == *r {
			target := from.target(l.number)
			if !s.give(l, i, r.Server, record) {
				return nil
			}
			s.left = append(s.left, target)
			return l
		}
	}
	return nil
}

// closeOrphans has the stack finish what the servers of dead instances began, and closes those that nobody has adopted.
func (v *version) closeOrphans() {
	s, orphans := v.shard, v.orphans
	v.orphans = nil
	for _, o := range orphans {
		s.operate(abi.OpServerClose, o.target, 0, nil, nil, 0) // of one that was adopted, the listener is another server's by now
		if o.owner == o.dead {
			s.release(o.server)
		}
	}
}

// keepOrphans is closeOrphans after an instance that did not start: the next one may want them.
func (v *version) keepOrphans() {
	orphans := v.orphans
	v.orphans = nil
	for _, o := range orphans {
		if o.owner == o.dead {
			v.orphans = append(v.orphans, o)
		} else {
			v.shard.operate(abi.OpServerClose, o.target, 0, nil, nil, 0)
		}
	}
}
