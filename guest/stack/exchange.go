package stack

import "math"

// exchange is one request and its response.
type exchange struct {
	handle uint64 // 0 once it is over, and for replies of our own
	conn   *conn
	next   *exchange // of the connection's queue, in request order
	linked bool      // it is in one of the connection's queues

	// The request.
	received bool   // its last byte has been, or is being, delivered
	tail     uint64 // Engine.entry in which an event after the first told so
	paused   bool   // the handler wants no data for now
	head     bool   // the method is HEAD
	http10   bool
	expects  bool // waits for 100 Continue, which was not sent

	// The response.
	headSent  bool
	ended     bool  // the handler, or a reply of our own, is through with it
	finished  bool  // and it has reached the kernel
	quiet     bool  // nobody needs to be told when it does
	last      bool  // the connection closes after it
	noBody    bool  // to HEAD; 204, 205, 304
	chunked   bool  // RFC 9112 §7.1
	wantDrain bool  // an operation was answered with StatusQueued
	remaining int64 // of the declared Content-Length; -1: none declared
	out       queue // until it is the connection's turn
	mark      int64 // conn.written at its end
}

// exchangeTable gives exchanges handles: generation<<32 | index. A generation is never used twice:
// its slot is retired when it would wrap around.
type exchangeTable struct {
	slots []exchangeSlot
	free  []uint32
}

type exchangeSlot struct {
	generation uint32
	exchange   *exchange
}

// open returns a cleared exchange with a handle.
func (t *exchangeTable) open() *exchange {
	var i uint32
	if n := len(t.free); n > 0 {
		i = t.free[n-1]
		t.free = t.free[:n-1]
	} else {
		i = uint32(len(t.slots))
		t.slots = append(t.slots, exchangeSlot{exchange: new(exchange)})
	}
	s := &t.slots[i]
	s.generation++
	*s.exchange = exchange{handle: uint64(s.generation)<<32 | uint64(i), remaining: -1}
	return s.exchange
}

// get returns the exchange of a handle, nil for one that is over.
func (t *exchangeTable) get(handle uint64) *exchange {
	if i := uint32(handle); uint64(i) < uint64(len(t.slots)) {
		if x := t.slots[i].exchange; x.handle == handle && handle != 0 {
			return x
		}
	}
	return nil
}

// close makes the handle of x stale. Its memory serves again if no connection refers to x any more, in a queue or
// as the exchange whose body is being received.
func (t *exchangeTable) close(x *exchange) {
	i := uint32(x.handle)
	x.handle = 0
	if x.linked || !x.received {
		t.slots[i].exchange = new(exchange)
	}
	if t.slots[i].generation < math.MaxUint32 {
		t.free = append(t.free, i)
	}
}
