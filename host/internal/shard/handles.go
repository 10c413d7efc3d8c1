package shard

import (
	"errors"
	"fmt"
	"math"
)

// handleTable knows which instance owns an exchange, a client exchange or a socket, and gives it a handle for that instance:
// generation<<32 | index. The stack's own handle will not do: a fresh stack would give out those of its predecessor again. A
// generation is never used twice; its slot is retired when it would wrap around.
type handleTable struct {
	slots   []entry
	free    []uint32
	byStack []uint32          // by the low half of the stack's handle: the slot's index + 1, or 0
	ending  map[uint64]uint32 // of handles whose index the stack has used again, because their last event is in the queue: as byStack
	used    int
}

// entry is one slot of the table. It is live while owner is not nil.
type entry struct {
	handle uint64 // what the handler calls it
	stack  uint64 // what the stack calls it
	owner  *instance
	place  int // in owner.owned
	account
}

// maxHandles is how many things one shard may have open at a time: beyond it the stack has lost its mind.
const maxHandles = 1 << 20

// open enters a handle of the stack that an event has brought, and returns that for owner. The error says how the stack
// broke the contract.
func (t *handleTable) open(stack uint64, owner *instance) (uint64, error) {
	j := uint32(stack)
	switch {
	case j >= maxHandles:
		return 0, fmt.Errorf("the handle %#x has an index beyond %d", stack, maxHandles)
	case t.used == maxHandles:
		return 0, fmt.Errorf("more than %d handles", maxHandles)
	}
	for uint32(len(t.byStack)) <= j {
		t.byStack = append(t.byStack, 0)
	}
	if t.byStack[j] != 0 {
		return 0, fmt.Errorf("a new handle %#x, whose index is in use", stack)
	}
	var i uint32
	if n := len(t.free); n > 0 {
		i = t.free[n-1]
		t.free = t.free[:n-1]
	} else {
		i = uint32(len(t.slots))
		t.slots = append(t.slots, entry{handle: uint64(i)})
	}
	x := &t.slots[i]
	x.handle += 1 << 32
	x.stack, x.owner = stack, owner
	x.place = len(owner.owned)
	owner.owned = append(owner.owned, x.handle)
	t.byStack[j] = i + 1
	t.used++
	return x.handle, nil
}

// openNow is open for a handle that the stack has returned, before the events in the queue are delivered. One of them may be the
// last of a handle with the same index.
func (t *handleTable) openNow(stack uint64, owner *instance) (uint64, error) {
	if j := uint32(stack); uint64(j) < uint64(len(t.byStack)) && t.byStack[j] != 0 {
		before := t.slots[t.byStack[j]-1].stack
		if before == stack {
			return 0, errors.New("a handle that is in use already")
		}
		if t.ending == nil {
			t.ending = make(map[uint64]uint32)
		}
		t.ending[before] = t.byStack[j]
		t.byStack[j] = 0
	}
	return t.open(stack, owner)
}

// get returns a live entry by the handler's handle, or nil. The pointer is valid until the next open.
func (t *handleTable) get(handle uint64) *entry {
	if i := uint32(handle); uint64(i) < uint64(len(t.slots)) {
		if x := &t.slots[i]; x.handle == handle && x.owner != nil {
			return x
		}
	}
	return nil
}

// ofStack returns a live entry by the stack's handle, or nil. The pointer is valid until the next open.
func (t *handleTable) ofStack(handle uint64) *entry {
	if j := uint32(handle); uint64(j) < uint64(len(t.byStack)) && t.byStack[j] != 0 {
		if x := &t.slots[t.byStack[j]-1]; x.stack == handle {
			return x
		}
	}
	if len(t.ending) > 0 {
		if i := t.ending[handle]; i != 0 {
			return &t.slots[i-1]
		}
	}
	return nil
}

// close makes a handle stale. It does nothing if it is already.
func (t *handleTable) close(handle uint64) {
	x := t.get(handle)
	if x == nil {
		return
	}
	if j := uint32(x.stack); t.byStack[j] == uint32(handle)+1 {
		t.byStack[j] = 0
	} else {
		delete(t.ending, x.stack)
	}
	owned := x.owner.owned
	last := len(owned) - 1
	owned[x.place] = owned[last]
	t.slots[uint32(owned[last])].place = x.place
	x.owner.owned = owned[:last]
	x.owner, x.account = nil, account{}
	t.used--
	if handle>>32 < math.MaxUint32 {
		t.free = append(t.free, uint32(handle))
	}
}

// live calls f with a copy of each live entry. f may close any, but open none.
func (t *handleTable) live(f func(entry)) {
	for i := range t.slots {
		if x := t.slots[i]; x.owner != nil {
			f(x)
		}
	}
}
