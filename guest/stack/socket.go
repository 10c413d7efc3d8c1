package stack

import (
	"github.com/portholehttp/porthole/abi"
)

// Operations on sockets: those that a handler knows by a handle.

func (e *Engine) socketOperation(op abi.Operation, c *conn, flags uint32, body []byte, rest int64) abi.Status {
	if c.broken {
		return abi.StatusClosed
	}
	c.leaveExpress()
	switch op {
	case abi.OpSocketSend:
		return e.socketSend(c, flags, body, rest)
	case abi.OpSocketSet:
		return e.socketSet(c, abi.SocketOption(flags), rest)
	case abi.OpRequestPause, abi.OpRequestResume:
		if c.raw == nil {
			return abi.StatusState
		}
		c.raw.paused = op == abi.OpRequestPause
		e.hold(c, c.raw.waits())
		e.schedule(c) // what was held back is delivered in Turn
	case abi.OpExchangeAbort:
		e.destroy(c)
	case abi.OpExchangeFail: // its handler died
		e.handles.closeSocket(c)
		c.idleAfter = 0
		c.idleTimer.disarm() // there is nobody to tell
		if c.raw != nil || c.client != nil {
			e.sever(c)
		}
	default:
		return abi.StatusInvalid
	}
	return abi.StatusOK
}

func (e *Engine) socketSend(c *conn, flags uint32, body []byte, rest int64) abi.Status {
	r := c.raw
	more := flags&abi.SendMore != 0
	end := flags&abi.SendEnd != 0 && !more
	switch {
	case flags&^(abi.SendEnd|abi.SendMore) != 0, more != (rest > 0):
		return abi.StatusInvalid
	case r == nil, r.ended:
		return abi.StatusState
	case c.waiting > int(c.terms.options.MaxQueuedBytes), e.queued > MaxTotalQueued:
		e.sever(c)
		return abi.StatusLimit
	}
	if len(body) > 0 {
		e.send(c, body, false)
	}
	if c.broken {
		return abi.StatusReset
	}
	queued := c.out.len() > 0 || c.stalled
	if r.ended = end; end {
		e.unblock(r.pipes)
	}
	switch {
	case queued && end:
		r.wantFinish, r.wantDrain = true, false
	case queued:
		r.wantDrain = true
	case end:
		e.shut(c)
		e.schedule(c) // it may be over
	}
	if queued {
		return abi.StatusQueued
	}
	return abi.StatusOK
}

func (e *Engine) socketSet(c *conn, option abi.SocketOption, value int64) abi.Status {
	switch option {
	case abi.SocketNoDelay:
		if value != 0 && value != 1 {
			return abi.StatusInvalid
		}
		return e.sockets.SetOption(c.socket, option, value)
	case abi.SocketKeepAlive:
		if value < -1 {
			return abi.StatusInvalid
		}
		return e.sockets.SetOption(c.socket, option, value)
	case abi.SocketTimeout:
		if value < 0 {
			return abi.StatusInvalid
		}
		c.idleAfter = value
		e.armFor(&c.idleTimer, timeSocket, value)
	case abi.SocketAgentRemove:
		if c.client == nil {
			return abi.StatusInvalid
		}
		e.detach(c)
	default:
		return abi.StatusInvalid
	}
	return abi.StatusOK
}

// active notes that bytes came or went on c.
func (e *Engine) active(c *conn) {
	if c.idleAfter > 0 {
		e.armFor(&c.idleTimer, timeSocket, c.idleAfter)
	}
}

// emitSocket raises an event about a connection that came in, which gets a handle if it has none.
func (e *Engine) emitSocket(kind abi.EventKind, c *conn, head, body []byte) {
	e.events = append(e.events, Event{Kind: kind, Target: e.handles.openSocket(c), Other: c.listener.handle, Head: head, Body: body})
}

// serverHead returns a head that begins with the server that c came in on.
func (e *Engine) serverHead(l *listener, text string) []byte {
	start := len(e.heads)
	n := uint32(l.server)
	e.heads = append(append(e.heads, byte(n), byte(n>>8), byte(n>>16), byte(n>>24)), text...)
	return e.heads[start:len(e.heads):len(e.heads)]
}

// Handle is an operation that has a handle for its result. It raises no events; Turn is to be called after it.
func (e *Engine) Handle(op abi.Operation, target uint64, record []byte) (handle uint64, status abi.Status) {
	switch op {
	case abi.OpRequestOpen:
		return e.requestOpen(target, record)
	case abi.OpSocketOpen:
		return e.socketOpen(target, record)
	case abi.OpSocketOf:
		x := e.handles.exchange(target)
		switch {
		case x == nil || x.conn != nil && x.conn.broken:
			return 0, abi.StatusClosed
		case x.conn == nil:
			return 0, abi.StatusState
		}
		return e.handles.openSocket(x.conn), abi.StatusOK
	case abi.OpHostSocket:
		if c := e.handles.socket(target); c != nil && !c.broken {
			return c.socket, abi.StatusOK
		}
		return 0, abi.StatusClosed
	}
	return 0, abi.StatusInvalid
}

// socketOpen connects for a handler.
func (e *Engine) socketOpen(owner uint64, record []byte) (uint64, abi.Status) {
	if _, _, ok := abi.ReadDestination(record); !ok {
		return 0, abi.StatusInvalid
	}
	c, status := e.connect(owner, record)
	if status != abi.StatusOK {
		return 0, status
	}
	c.raw = new(raw)
	return e.handles.openSocket(c), abi.StatusOK
}

// connect begins to connect.
func (e *Engine) connect(owner uint64, record []byte) (*conn, abi.Status) {
	socket, status := e.sockets.Connect(owner, record)
	if status != abi.StatusOK {
		return nil, status
	}
	c := e.newConn(socket, nil)
	c.stalled = true // until Connect
	return c, abi.StatusOK
}
