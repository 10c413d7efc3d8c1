package stack

import "github.com/portholehttp/porthole/abi"

// corkLimit is how many bytes of finished responses wait for the next pipelined response, to go
// out with it in one write.
const corkLimit = 64 << 10

// output puts bytes of x on their way: to the kernel if x is the connection's first exchange, else
// into its own queue until it is. With cork they may wait for more of the same turn.
func (e *Engine) output(x *exchange, p []byte, cork bool) {
	c := x.conn
	if c.first == x {
		e.send(c, p, cork)
		return
	}
	e.enqueue(c, &x.out, p)
}

// enqueue has p wait in q, which is of c or of one of its exchanges.
func (e *Engine) enqueue(c *conn, q *queue, p []byte) {
	c.waiting += len(p)
	e.queued += len(p)
	q.add(&e.buffers, p)
}

// dequeue takes n bytes off q.
func (e *Engine) dequeue(c *conn, q *queue, n int) {
	c.waiting -= n
	e.queued -= n
	q.skip(&e.buffers, n)
}

// send writes p to the socket of c, after what waits already.
func (e *Engine) send(c *conn, p []byte, cork bool) {
	c.written += int64(len(p))
	if c.broken {
		return
	}
	if c.out.len() == 0 && !c.stalled && !cork {
		p = p[e.write(c, p):]
		if len(p) == 0 || c.broken {
			return
		}
	}
	e.enqueue(c, &c.out, p)
	if !cork {
		e.flush(c)
	}
}

// flush gives the kernel what waits in c.out, if it takes any.
func (e *Engine) flush(c *conn) {
	if c.out.len() == 0 || c.stalled || c.broken {
		return
	}
	e.dequeue(c, &c.out, e.write(c, c.out.view()))
}

// write returns how many bytes of p the kernel took. Fewer than len(p): c is stalled, or broken.
func (e *Engine) write(c *conn, p []byte) int {
	n, status := e.sockets.Write(c.socket, p)
	return e.wrote(c, n, len(p), status)
}

// wrote acts on what came of writing size bytes, and returns what write does.
func (e *Engine) wrote(c *conn, n, size int, status abi.Status) int {
	if status != abi.StatusOK {
		c.failure = writeFailed
		e.sever(c)
		return 0
	}
	if n > 0 {
		e.active(c)
	}
	switch c.stalled = n < size; {
	case !c.stalled:
		c.writeTimer.disarm()
	case n > 0 || c.writeTimer.list == nil:
		e.arm(&c.writeTimer, timeWriteIdle)
	}
	return n
}

// writeFailed is how a connection broke that cannot be written to any more.
const writeFailed = "ECONNRESET write ECONNRESET"

// writeTimedOut is how a connection ends whose peer takes nothing.
const writeTimedOut = "ETIMEDOUT write ETIMEDOUT"

// destroy ends c as its handler wishes: with a FIN, as Node does, unless something is lost by it that the peer could
// not know of.
func (e *Engine) destroy(c *conn) {
	if !c.broken {
		c.broken = true
		e.sockets.Close(c.socket, c.out.len() > 0 || c.first.endsWithConnection())
		e.schedule(c)
	}
}

// endsWithConnection reports whether the client would take what it has of the response for all of it.
func (x *exchange) endsWithConnection() bool {
	return x != nil && x.headSent && !x.noBody && !x.chunked && x.remaining < 0
}

// sever destroys the socket of c, with a reset; Turn or the entry under way tells the handlers.
func (e *Engine) sever(c *conn) {
	if !c.broken {
		c.broken = true
		e.sockets.Close(c.socket, true)
		e.schedule(c)
	}
}

// advance lets exchanges at the front of c own the socket, and takes off those that have ended.
func (e *Engine) advance(c *conn) {
	for x := c.first; x != nil && !c.closing; x = c.first {
		if n := x.out.len(); n > 0 {
			e.send(c, x.out.view(), false)
			e.dequeue(c, &x.out, n)
		}
		if !x.ended {
			break
		}
		if c.first = x.next; c.first == nil {
			c.last = nil
		}
		c.unanswered--
		x.next = nil
		c.closing = x.last
		if x.quiet {
			x.linked, x.finished = false, true
			continue
		}
		x.mark = c.written
		if c.flushing == nil {
			c.flushing = x
		} else {
			c.flushLast.next = x
		}
		c.flushLast = x
	}
	if c.first != nil || c.closing || c.flushing != nil || c.held || c.takeover != nil || c.listener.closing || c.out.len() > 0 {
		e.schedule(c)
	} else if c.idle() {
		e.rest(c)
	}
}
