package stack

import (
	"strconv"

	"github.com/portholehttp/porthole/abi"
)

// listener is where connections come from: on which terms, and whose requests they are.
type listener struct {
	terms
	handle  uint64 // 0: another server has taken it over
	server  uint64 // target of a handler's own server; 0: a listener of the host
	mask    uint32 // abi.Listen*, for a handler's own server
	conns   int
	memo    *recollection // the newest
	heir    *listener     // the server that has taken it over
	closing bool          // no more connections come; those that are idle close

	keepAliveLine []byte // Keep-Alive field: how long an idle connection stays
}

func (e *Engine) listener(handle uint64) *listener {
	for _, l := range e.listeners {
		if l.handle == handle {
			return l
		}
	}
	return nil
}

func (e *Engine) server(target uint64) *listener {
	for _, l := range e.listeners {
		if l.server == target {
			return l
		}
	}
	return nil
}

// ListenerOpen makes known a listener of the host. Its requests go to whom the host chooses.
func (e *Engine) ListenerOpen(handle uint64, o *abi.Options) abi.Status {
	if handle == 0 || e.listener(handle) != nil || !o.Valid() {
		return abi.StatusInvalid
	}
	e.addListener(handle, 0, o)
	return abi.StatusOK
}

func (e *Engine) addListener(handle, server uint64, o *abi.Options) *listener {
	l := &listener{handle: handle, server: server}
	l.terms.init(o)
	if o.KeepAliveTimeout > 0 {
		l.keepAliveLine = appendKeepAlive(nil, o)
	}
	e.listeners = append(e.listeners, l)
	return l
}

// mask returns which optional events there are listeners for.
func (e *Engine) mask(l *listener) uint32 {
	if l.server == 0 {
		return e.hostMask
	}
	return l.mask
}

// appendKeepAlive appends the field by which Node says how long, and for how many requests in all, a
// connection stays open.
func appendKeepAlive(line []byte, o *abi.Options) []byte {
	line = strconv.AppendInt(append(line, "Keep-Alive: timeout="...), o.KeepAliveTimeout/1e9, 10)
	if o.MaxRequests > 0 {
		line = strconv.AppendUint(append(line, ", max="...), uint64(o.MaxRequests), 10)
	}
	return append(line, "\r\n"...)
}

// serverListen is the operation of that name.
func (e *Engine) serverListen(server uint64, request []byte) abi.Status {
	if uint32(server) == 0 || len(request) < abi.ListenRequestSize {
		return abi.StatusInvalid
	}
	r := abi.Decode[abi.ListenRequest](request)
	if uint64(r.HostSize) != uint64(len(request)-abi.ListenRequestSize) || r.Kind > abi.ListenServer || !r.Options.Valid() {
		return abi.StatusInvalid
	}
	if l := e.server(server); l != nil && !l.closing {
		return abi.StatusInUse
	}
	handle, status := e.sockets.Listen(server, request)
	if status == abi.StatusOK {
		of := e.listener(handle)
		l := e.addListener(handle, server, &r.Options)
		if of != nil {
			of.handle, of.heir = 0, l // abi.ListenServer: its connections go to the new server from now on
		}
	}
	return abi.StatusOK // the driver tells the handler about a failure, as an event
}

// serverListeners is the operation of that name.
func (e *Engine) serverListeners(server uint64, mask uint32) abi.Status {
	if uint32(server) == 0 {
		e.hostMask = mask
		return abi.StatusOK
	}
	l := e.server(server)
	if l == nil {
		return abi.StatusInvalid
	}
	l.mask = mask
	return abi.StatusOK
}

// closeListener stops a listener: idle connections go, to another server if it has taken the listener over, active ones finish what they began.
func (e *Engine) closeListener(l *listener) abi.Status {
	if l == nil || l.closing {
		return abi.StatusInvalid
	}
	l.closing = true
	if l.handle != 0 {
		e.sockets.Close(l.handle, false)
	}
	e.turn = true
	for _, c := range e.conns {
		if c != nil && c.listener == l {
			e.schedule(c)
		}
	}
	return abi.StatusOK
}

// inherit gives a connection that is idle to the server that has taken over its listener. It reports false if there is none, or the connection has been shown
// to the handler that the other server was of.
func (e *Engine) inherit(c *conn) bool {
	from, l := c.listener, c.listener.heir
	for l != nil && l.closing {
		l = l.heir
	}
	if l == nil || c.handle != 0 {
		return false
	}
	c.disarm()
	c.listener, c.terms, c.memo = l, &l.terms, nil
	l.conns++
	from.conns--
	if c.parser.InitRequest(l.limits()); c.served == 0 {
		e.arm(&c.readTimer, timeHeaders)
	}
	if e.mask(l)&abi.ListenConnection != 0 {
		e.emitSocket(abi.EventConnection, c, e.serverHead(l, ""), nil)
	}
	if from.conns == 0 {
		e.closeServers()
	}
	return true
}

// closeServers forgets closing listeners whose last connection is gone.
func (e *Engine) closeServers() {
	kept := e.listeners[:0]
	for _, l := range e.listeners {
		if !l.closing || l.conns > 0 {
			kept = append(kept, l)
		} else if l.server != 0 {
			e.events = append(e.events, Event{Kind: abi.EventServerClose, Target: l.server, Other: l.handle})
		}
	}
	clear(e.listeners[len(kept):])
	e.listeners = kept
}
