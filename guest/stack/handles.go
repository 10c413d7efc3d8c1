package stack

import "math"

// handleTable gives exchanges and sockets their handles for handlers: generation<<32 | index. A generation is never used
// twice: its slot is retired when it would wrap around.
type handleTable struct {
	slots []handleSlot
	free  []uint32

	stirred []uint64 // sources of pipes that are to be settled
}

// handleSlot holds an exchange or a connection, or is free. It keeps the exchange, and what that has if a handler begins it, for the next use.
type handleSlot struct {
	generation uint32
	exchange   *exchange
	sending    *sending // of the exchange, when it was last one that a handler began
	conn       *conn
}

// take returns a slot and a handle that is new.
func (t *handleTable) take() (*handleSlot, uint64) {
	var i uint32
	if n := len(t.free); n > 0 {
		i = t.free[n-1]
		t.free = t.free[:n-1]
	} else {
		i = uint32(len(t.slots))
		t.slots = append(t.slots, handleSlot{})
	}
	s := &t.slots[i]
	s.generation++
	return s, uint64(s.generation)<<32 | uint64(i)
}

// release lets the slot of a handle that is over be used again.
func (t *handleTable) release(i uint32) {
	if t.slots[i].generation < math.MaxUint32 {
		t.free = append(t.free, i)
	}
}

// open returns an exchange with a handle, on c if that is not nil.
func (t *handleTable) open(c *conn) *exchange {
	s, handle := t.take()
	x := s.exchange
	switch {
	case x == nil:
		x = new(exchange)
		s.exchange = x
		fallthrough
	case !x.clean:
		*x = exchange{handle: handle, conn: c, remaining: -1}
	default:
		x.handle, x.conn, x.clean = handle, c, false
	}
	return x
}

// openSending is open for one that a handler begins.
func (t *handleTable) openSending(p *pool) *exchange {
	x := t.open(nil)
	s := &t.slots[uint32(x.handle)]
	if s.sending == nil {
		s.sending = new(sending)
	}
	replay := s.sending.replay
	if cap(replay) > maxKeptReplay {
		replay = nil
	}
	*s.sending = sending{pool: p, replay: replay[:0]}
	x.sends = s.sending
	return x
}

// maxKeptReplay is the largest buffer of sending.replay that is kept for the next exchange.
const maxKeptReplay = 4 << 10

// exchange returns the exchange of a handle, nil for one that is over.
func (t *handleTable) exchange(handle uint64) *exchange {
	if i := uint32(handle); uint64(i) < uint64(len(t.slots)) && handle != 0 {
		if x := t.slots[i].exchange; x != nil && x.handle == handle {
			return x
		}
	}
	return nil
}

// close makes the handle of x stale. Its memory serves again if no connection refers to x any more, in a queue or
// as the exchange whose body is being received.
func (t *handleTable) close(x *exchange) {
	i := uint32(x.handle)
	t.orphan(x.pipes)
	x.handle = 0
	if x.linked || !x.received {
		t.slots[i].exchange, t.slots[i].sending = nil, nil
	}
	t.release(i)
}

// openSocket gives c a handle, unless it has one.
func (t *handleTable) openSocket(c *conn) uint64 {
	if c.handle == 0 {
		s, handle := t.take()
		s.conn, c.handle = c, handle
	}
	return c.handle
}

// socket returns the connection of a handle, nil for one that is over.
func (t *handleTable) socket(handle uint64) *conn {
	if i := uint32(handle); uint64(i) < uint64(len(t.slots)) && handle != 0 {
		if c := t.slots[i].conn; c != nil && c.handle == handle {
			return c
		}
	}
	return nil
}

// closeSocket makes the handle of c stale.
func (t *handleTable) closeSocket(c *conn) {
	i := uint32(c.handle)
	t.orphan(side{c: c}.piping())
	c.handle = 0
	t.slots[i].conn = nil
	t.release(i)
}
