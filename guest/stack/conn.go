package stack

import (
	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/stack/h1"
)

// conn is a connection: one on which clients make requests, one on which a handler does (client is not nil), or
// one whose bytes are a handler's (raw is not nil).
type conn struct {
	socket   uint64 // 0: not in use
	handle   uint64 // what handlers call it; 0: none has asked
	terms    *terms
	listener *listener // where it came in; nil for one that goes out
	ease     ease
	asked    *exchange     // easeAsked: the request, which is in no queue
	memo     *recollection // of its last request
	misses   uint8         // requests in a row that were not remembered, up to maxMisses+1
	client   *client
	raw      *raw
	takeover *takeover // what it becomes raw by, once earlier requests are answered

	// Input.
	parser  h1.Parser
	in      queue     // received and not consumed: an unfinished head, or what was held back
	reading *exchange // whose body is being received
	held    bool      // the socket is paused
	bulk    bool      // it is read in large pieces
	eof     bool      // the peer has sent its FIN
	deaf    bool      // no more messages: further input is discarded

	// Output.
	first, last         *exchange // unanswered, in request order; first owns the socket
	unanswered          uint32
	flushing, flushLast *exchange // ended, waiting for the kernel to take their last bytes
	out                 queue
	written             int64 // bytes ever put into out or the kernel
	waiting             int   // bytes in out and in the out of exchanges
	stalled             bool  // the kernel takes no more: Writable or Connect follows

	served        uint32
	closing       bool // the last response is in out: shut down when it has left
	lingering     bool
	broken        bool   // the socket is gone
	failure       string // why, as in EventError; "" if a handler or the engine wanted it so
	failureStatus abi.Status
	scheduled     bool // on Engine.work

	readTimer, requestTimer, writeTimer timer
	idleTimer                           timer // abi.SocketTimeout
	idleAfter                           int64 // nanoseconds; 0: none
}

// conn returns the connection of a socket handle, nil for a stale one.
func (e *Engine) conn(socket uint64) *conn {
	if i := uint64(uint32(socket)); i < uint64(len(e.conns)) {
		if c := e.conns[i]; c != nil && c.socket == socket {
			return c
		}
	}
	return nil
}

// newConn makes a connection of a socket; l is nil for one that goes out.
func (e *Engine) newConn(socket uint64, l *listener) *conn {
	i := int(uint32(socket))
	for len(e.conns) <= i {
		e.conns = append(e.conns, nil)
	}
	var c *conn
	if n := len(e.freeConns); n > 0 {
		c = e.freeConns[n-1]
		e.freeConns = e.freeConns[:n-1]
	} else {
		c = new(conn)
	}
	c.readTimer.conn, c.requestTimer.conn, c.writeTimer.conn, c.idleTimer.conn = c, c, c, c
	e.conns[i] = c
	c.socket, c.listener, c.terms = socket, l, &e.outbound
	if l != nil {
		c.terms = &l.terms
		l.conns++
	}
	e.live++
	return c
}

// drop closes the socket of c, unless it broke, and forgets c. Its exchanges have been told; who has its handle is told now.
func (e *Engine) drop(c *conn) {
	if !c.broken {
		e.sockets.Close(c.socket, false)
	}
	if c.handle != 0 {
		e.events = append(e.events, Event{Kind: abi.EventClose, Flags: abi.EventDone, Target: c.handle})
		e.handles.closeSocket(c)
	}
	c.disarm()
	c.in.drop(&e.buffers)
	c.out.drop(&e.buffers)
	e.queued -= c.waiting
	if i := uint32(c.socket); e.conns[i] == c { // else a new socket has the index: that of a broken one is free
		e.conns[i] = nil
	}
	l := c.listener
	*c = conn{parser: c.parser, scheduled: c.scheduled}
	e.freeConns = append(e.freeConns, c)
	if e.live--; e.live == 0 && e.armed != 0 {
		e.armed = 0
		e.sockets.SetTimer(0)
	}
	if l == nil {
		return
	}
	if l.conns--; l.closing && l.conns == 0 {
		e.closeServers()
	}
}

// disarm takes the timers of c from the lists of its terms.
func (c *conn) disarm() {
	for _, t := range []*timer{&c.readTimer, &c.requestTimer, &c.writeTimer, &c.idleTimer} {
		t.disarm()
	}
}

// append puts x at the end of the unanswered exchanges.
func (c *conn) append(x *exchange) {
	x.conn, x.linked = c, true
	if c.last == nil {
		c.first = x
	} else {
		c.last.next = x
	}
	c.last = x
	c.unanswered++
}

// idle reports whether nothing is under way in either direction.
func (c *conn) idle() bool {
	return c.ease != easeAsked && c.first == nil && c.reading == nil && c.flushing == nil && c.out.len() == 0 && c.in.len() == 0 && c.parser.Idle()
}

// settle brings c to rest at the end of an entry: it consumes input that is no longer held back,
// tells handlers what became true, and decides how the connection goes on.
func (e *Engine) settle(c *conn) {
	switch {
	case c.raw != nil:
		e.settleRaw(c)
		return
	case c.client != nil:
		e.settleClient(c)
		return
	}
	e.consume(c)
	if c.broken {
		e.lose(c)
		return
	}
	e.notify(c)
	if c.takeover != nil && c.takeoverDue() {
		e.takeOver(c)
		return
	}
	if c.closing && !c.lingering {
		e.abandon(c) // requests behind the last response are never answered
		if c.out.len() == 0 {
			e.linger(c)
			return
		}
	}
	if c.listener.closing && c.idle() && !e.inherit(c) {
		e.drop(c)
		return
	}
	e.watch(c)
}

// notify tells handlers whose responses have reached the kernel.
func (e *Engine) notify(c *conn) {
	flushed := c.written - int64(c.out.len())
	for x := c.flushing; x != nil && x.mark <= flushed; x = c.flushing {
		if c.flushing = x.next; c.flushing == nil {
			c.flushLast = nil
		}
		x.next, x.linked = nil, false
		e.finish(x)
	}
	if x := c.first; x != nil && c.out.len() == 0 {
		e.unblock(x.pipes)
		if x.wantDrain {
			x.wantDrain = false
			e.events = append(e.events, Event{Kind: abi.EventDrain, Target: x.handle})
		}
	}
}

// finish tells the handler that the response of x has reached the kernel.
func (e *Engine) finish(x *exchange) {
	x.finished = true
	if x.handle == 0 {
		return
	}
	ev := Event{Kind: abi.EventFinish, Target: x.handle}
	if x.received {
		ev.Flags = abi.EventDone
		e.handles.close(x)
	}
	e.events = append(e.events, ev)
}

// abandon tells the handlers of all exchanges of c that the connection ends.
func (e *Engine) abandon(c *conn) {
	for x := c.flushing; x != nil && c.broken; x = x.next {
		e.disown(x)
	}
	if c.reading != nil {
		e.disown(c.reading)
		c.reading = nil
	}
	for x := c.first; x != nil; {
		next := x.next
		e.dequeue(c, &x.out, x.out.len())
		x.next, x.linked = nil, false
		e.disown(x)
		x = next
	}
	c.first, c.last, c.unanswered = nil, nil, 0
	if c.broken {
		c.flushing, c.flushLast = nil, nil
	}
	c.deaf = true
}

// disown ends an exchange for its handler, who has not been told that it is over.
func (e *Engine) disown(x *exchange) {
	if x.handle != 0 {
		e.events = append(e.events, Event{Kind: abi.EventClose, Flags: abi.EventDone, Target: x.handle})
		e.handles.close(x)
	}
}

// lose ends a connection of a client that broke.
func (e *Engine) lose(c *conn) {
	if c.failure != "" && !c.lingering && e.mask(c.listener)&abi.ListenClientError != 0 {
		e.clientError(c, c.failure)
	}
	e.abandon(c)
	e.drop(c)
}

// linger ends the sending side and discards input until the peer closes too, so that a reset does
// not destroy the last response on its way (RFC 9112 §9.6).
func (e *Engine) linger(c *conn) {
	if c.eof {
		e.drop(c)
		return
	}
	c.lingering = true
	c.in.drop(&e.buffers)
	c.requestTimer.disarm()
	c.writeTimer.disarm()
	e.sockets.Shutdown(c.socket)
	if c.held {
		c.held = false
		e.sockets.Resume(c.socket)
	}
	e.arm(&c.readTimer, timeLinger)
}
