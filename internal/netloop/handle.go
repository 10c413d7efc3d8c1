package netloop

import (
	"math"
	"sync/atomic"
)

// Handle names a socket or a listener of one Loop: generation<<32 | index of its slot. It is never 0, and never names
// anything else once what it named is closed.
type Handle uint64

func makeHandle(generation, index uint32) Handle {
	return Handle(generation)<<32 | Handle(index)
}

func (h Handle) index() uint32      { return uint32(h) }
func (h Handle) generation() uint32 { return uint32(h >> 32) }

// table gives out handles. The zero table is empty.
type table struct {
	slots    []slot
	free     []uint32     // slots to use again, the last one freed first
	sockets  atomic.Int64 // changed by the owner only
	occupied int          // sockets and listeners
}

// slot holds a socket, a listener, or nothing.
type slot struct {
	generation uint32 // of the handle that is or was last in use; the first is 1
	socket     *socket
	listener   *listener
}

// add puts exactly one of s and ln into a slot.
func (t *table) add(s *socket, ln *listener) Handle {
	var index uint32
	if n := len(t.free); n > 0 {
		index = t.free[n-1]
		t.free = t.free[:n-1]
	} else {
		index = uint32(len(t.slots))
		t.slots = append(t.slots, slot{})
	}
	e := &t.slots[index]
	e.generation++
	e.socket, e.listener = s, ln
	t.occupied++
	if s != nil {
		t.sockets.Add(1)
	}
	return makeHandle(e.generation, index)
}

// find returns the slot that h names, or nil if h is stale.
func (t *table) find(h Handle) *slot {
	i := h.index()
	if uint64(i) >= uint64(len(t.slots)) {
		return nil
	}
	e := &t.slots[i]
	if e.generation != h.generation() || (e.socket == nil && e.listener == nil) {
		return nil
	}
	return e
}

// socket returns the socket that h names, or nil.
func (t *table) socket(h Handle) *socket {
	if e := t.find(h); e != nil {
		return e.socket
	}
	return nil
}

// remove makes h stale. A slot that has used up its generations is left out from then on, so no handle ever comes twice.
func (t *table) remove(h Handle) {
	e := t.find(h)
	if e == nil {
		return
	}
	t.occupied--
	if e.socket != nil {
		t.sockets.Add(-1)
	}
	e.socket, e.listener = nil, nil
	if e.generation != math.MaxUint32 {
		t.free = append(t.free, h.index())
	}
}
