package wasisock

import "net"

// firstFD is the descriptor of a program's first socket. wazero gives files the lowest that is free.
const firstFD = 1 << 20

// socket is one of a program's.
type socket struct {
	fd        int // the host's
	family    family
	kind      kind
	nonblock  bool // FDFLAGS_NONBLOCK: the host's is so anyway
	bound     bool
	listening bool
	path      string // of a Unix socket that listens: removed when it is closed

	server        net.Conn // the host's side, if it is the peer: see serve
	serverAddress address

	slot uint32 // its place in the table
	wait waiting
}

// table gives out descriptors, the one that was freed last first.
type table struct {
	slots []*socket
	free  []uint32
	most  int // as many may be open
}

// full reports whether there is no room for another socket.
func (t *table) full() bool { return len(t.slots)-len(t.free) >= t.most }

// add returns the descriptor of s. The table is not full.
func (t *table) add(s *socket) uint32 {
	if n := len(t.free); n > 0 {
		s.slot = t.free[n-1]
		t.free = t.free[:n-1]
		t.slots[s.slot] = s
	} else {
		s.slot = uint32(len(t.slots))
		t.slots = append(t.slots, s)
	}
	return firstFD + s.slot
}

// find returns the socket of a descriptor, nil if there is none.
func (t *table) find(fd uint32) *socket {
	if i := fd - firstFD; i < uint32(len(t.slots)) { // wraps around for files
		return t.slots[i]
	}
	return nil
}

func (t *table) remove(s *socket) {
	t.slots[s.slot] = nil
	t.free = append(t.free, s.slot)
}

// isSocket reports whether fd is in the range of sockets.
func isSocket(fd uint32) bool { return fd >= firstFD && fd < 1<<31 }
