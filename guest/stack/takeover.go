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

// leaveHTTP acts on a request with Upgrade or CONNECT. If it returns false, the request is to be served as a plain one.
//
// That is so for an Upgrade with a body: switching before the body has been received is not allowed, and a server may
// ignore Upgrade.
func (e *Engine) leaveHTTP(c *conn, h *h1.Head, head []byte) bool {
	kind, bit := abi.EventUpgrade, abi.ListenUpgrade
	if h.Method == h1.MethodConnect {
		kind, bit = abi.EventConnect, abi.ListenConnect
	}
	listened := e.mask(c.listener)&bit != 0
	switch {
	case !listened && kind == abi.EventUpgrade && c.terms.options.Lenient&abi.IgnoreUpgrade != 0:
		return false
	case !listened:
		e.reject(c, reply{}) // close without an answer
	case h.ContentLength == 0:
		c.await(kind, e.requestRecord(h, head, uint32(c.listener.server)))
	case kind == abi.EventUpgrade:
		return false
	default:
		e.reject(c, reply{status: 400, text: "HPE_UNEXPECTED_CONTENT_LENGTH Parse Error: CONNECT with a body"})
	}
	return true
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
