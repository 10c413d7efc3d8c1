package stack

import (
	"slices"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/stack/h1"
)

// takeover is how a connection that came in becomes a handler's: by Upgrade (RFC 9110 §7.8), by CONNECT (§9.3.6), or because
// what the client sent is no HTTP and a handler wants to answer it. It happens when the requests before it are answered.
type takeover struct {
	kind abi.EventKind
	head []byte // of the event
}

// switchesTo returns the event for a request by which the client wants to leave HTTP, 0 if it does not. closes says that
// nobody listens for it, and that the connection closes therefore.
//
// An Upgrade with a body is served as a plain request: switching before the body has been received is not
// allowed, and a server may ignore Upgrade.
func (e *Engine) switchesTo(c *conn, h *h1.Head) (kind abi.EventKind, closes bool) {
	mask := e.mask(c.listener)
	switch {
	case h.Method == h1.MethodConnect:
		return abi.EventConnect, mask&abi.ListenConnect == 0
	case !h.Upgrade:
		return 0, false
	case mask&abi.ListenUpgrade == 0:
		return 0, c.terms.options.Lenient&abi.IgnoreUpgrade == 0
	case h.ContentLength != 0:
		return 0, false
	}
	return abi.EventUpgrade, false
}

// await puts the takeover off until it is due; it keeps a copy of head.
func (c *conn) await(kind abi.EventKind, head []byte) {
	c.takeover = &takeover{kind, slices.Clone(head)}
	c.readTimer.disarm()
	c.requestTimer.disarm()
}

// takeoverDue reports whether all that goes before the takeover has been answered and has left.
func (c *conn) takeoverDue() bool {
	if c.closing || c.flushing != nil {
		return false
	}
	return c.first == nil || c.takeover.kind == abi.EventClientError && c.first == c.reading
}

// takeOver makes c raw and tells the handler, with what the client has sent since.
func (e *Engine) takeOver(c *conn) {
	t := c.takeover
	c.takeover = nil
	if t.kind == abi.EventClientError {
		e.raiseClientError(c, t.head)
		return
	}
	first := c.in.view()
	first = first[:min(len(first), maxEventBody)]
	e.emitSocket(t.kind, c, e.text(string(t.head)), first)
	c.in.skip(&e.buffers, len(first))
	e.makeRaw(c)
	e.settleRaw(c)
}

// clientError has a handler told that c failed, for what text says.
func (e *Engine) clientError(c *conn, text string) {
	e.emitSocket(abi.EventClientError, c, e.serverHead(c.listener, text), nil)
}

// raiseClientError tells the handler that what the client sent is no HTTP, and gives it the connection to say goodbye
// on, for as long as a body may pause. If a response has begun there is nothing to say any more.
func (e *Engine) raiseClientError(c *conn, text []byte) {
	e.clientError(c, string(text))
	begun := c.first != nil && c.first.headSent
	e.abandon(c)
	c.in.drop(&e.buffers)
	e.makeRaw(c)
	if begun {
		e.sever(c)
	}
	e.settleRaw(c)
	if c.raw != nil {
		e.arm(&c.readTimer, timeBodyIdle)
	}
}
