package shard

import (
	"fmt"
	"math"
)

// exchangeTable knows which handler owns an exchange, and gives it a handle for that handler: generation<<32 |
// index. The stack's own handle will not do: a fresh stack would give out those of its predecessor again. A
// generation is never used twice; its slot is retired when it would wrap around.
type exchangeTable struct {
	slots   []exchange
	free    []uint32
	byStack []uint32 // by the low half of the stack's handle: the slot's index + 1, or 0
}

// exchange is one slot of the table. It is live while owner is not nil.
type exchange struct {
	handle uint64 // what the handler calls it
	stack  uint64 // what the stack calls it
	owner  *handler
}

// maxExchanges is how many exchanges one shard may have open at a time: beyond it the stack has lost its mind.
const maxExchanges = 1 << 20

// open enters an exchange of the stack and returns its handle for owner. The error says how the stack broke
// the contract.
func (t *exchangeTable) open(stack uint64, owner *handler) (uint64, error) {
	j := uint32(stack)
	if j >= maxExchanges {
		return 0, fmt.Errorf("the exchange %#x has an index beyond %d", stack, maxExchanges)
	}
	for uint32(len(t.byStack)) <= j {
		t.byStack = append(t.byStack, 0)
	}
	if t.byStack[j] != 0 {
		return 0, fmt.Errorf("a request for the exchange %#x, whose index is in use", stack)
	}
	var i uint32
	if n := len(t.free); n > 0 {
		i = t.free[n-1]
		t.free = t.free[:n-1]
	} else {
		i = uint32(len(t.slots))
		t.slots = append(t.slots, exchange{handle: uint64(i)})
	}
	x := &t.slots[i]
	x.handle += 1 << 32
	x.stack, x.owner = stack, owner
	t.byStack[j] = i + 1
	return x.handle, nil
}

// get returns a live exchange by the handler's handle, or nil. The pointer is valid until the next open.
func (t *exchangeTable) get(handle uint64) *exchange {
	if i := uint32(handle); uint64(i) < uint64(len(t.slots)) {
		if x := &t.slots[i]; x.handle == handle && x.owner != nil {
			return x
		}
	}
	return nil
}

// ofStack returns a live exchange by the stack's handle, or nil. The pointer is valid until the next open.
func (t *exchangeTable) ofStack(handle uint64) *exchange {
	if j := uint32(handle); uint64(j) < uint64(len(t.byStack)) && t.byStack[j] != 0 {
		if x := &t.slots[t.byStack[j]-1]; x.stack == handle {
			return x
		}
	}
	return nil
}

// close makes a handle stale. It does nothing if it is already.
func (t *exchangeTable) close(handle uint64) {
	x := t.get(handle)
	if x == nil {
		return
	}
	t.byStack[uint32(x.stack)] = 0
	x.owner = nil
	if handle>>32 < math.MaxUint32 {
		t.free = append(t.free, uint32(handle))
	}
}

// live calls f with a copy of each live exchange. f may close it, but open none.
func (t *exchangeTable) live(f func(exchange)) {
	for i := range t.slots {
		if x := t.slots[i]; x.owner != nil {
			f(x)
		}
	}
}
