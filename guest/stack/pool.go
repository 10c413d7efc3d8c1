package stack

import (
	"slices"

	"github.com/portholehttp/porthole/abi"
)

// pool is an agent's connections to one destination, and the requests that wait for one; or the one connection of a
// request without an agent.
type pool struct {
	key         string // in Engine.agents; "": without an agent
	owner       uint64
	destination []byte
	limits      abi.Destination // its newest limits
	sockets     int             // connections that connect or work
	detached    int             // those that AgentRemove took off, whose requests may come back to be sent again
	idle        []*conn         // the last used last
	first, last *exchange       // that wait, in order
	aborted     bool            // some of them are not wanted any more
	memo        *responseMemo   // the last response's head; nil: none was fit
	scheduled   bool            // on Engine.pools
}

// MaxRequests is the most client exchanges that may be open in one engine. request_open is answered with
// abi.StatusLimit beyond it.
const MaxRequests = 1 << 14

// MaxDestinations is the most bytes of destinations that one engine remembers: those of agents with connections or requests, and of
// requests that wait for a connection of their own. request_open is answered with abi.StatusLimit beyond it.
const MaxDestinations = 16 << 20

// What makes two destinations alike: all but these bytes of abi.Destination.
const limitsFrom, limitsTo = 12, 40

// requestOpen is the operation of that name.
func (e *Engine) requestOpen(owner uint64, record []byte) (uint64, abi.Status) {
	p := e.recent.find(owner, record)
	if p == nil {
		d, _, ok := abi.ReadDestination(record)
		switch {
		case !ok:
			return 0, abi.StatusInvalid
		case e.requests >= MaxRequests, e.remembered+len(record) > MaxDestinations:
			return 0, abi.StatusLimit
		}
		p = e.pool(owner, &d, record)
		p.limits = d
		e.recent.note(owner, p, record)
	} else if e.requests >= MaxRequests || e.remembered+len(record) > MaxDestinations {
		return 0, abi.StatusLimit
	}
	x := e.handles.openSending(p)
	e.requests++
	p.put(x)
	e.schedulePool(p)
	return x.handle, abi.StatusOK
}

// pool returns the pool for a destination.
func (e *Engine) pool(owner uint64, d *abi.Destination, record []byte) *pool {
	if d.Agent == 0 {
		return e.newPool("", owner, record)
	}
	key := append(e.scratch[:0], byte(owner>>32), byte(owner>>40), byte(owner>>48), byte(owner>>56))
	key = append(key, record...)
	clear(key[4+limitsFrom : 4+limitsTo])
	e.keepScratch(key)
	p := e.agents[string(key)]
	if p == nil {
		p = e.newPool(string(key), owner, record)
		e.agents[p.key] = p
	}
	return p
}

func (e *Engine) newPool(key string, owner uint64, record []byte) *pool {
	e.remembered += len(record)
	return &pool{key: key, owner: owner, destination: slices.Clone(record)}
}

func (p *pool) put(x *exchange) {
	x.linked = true
	if p.last == nil {
		p.first = x
	} else {
		p.last.next = x
	}
	p.last = x
}

func (p *pool) putFirst(x *exchange) {
	x.linked = true
	x.next = p.first
	if p.first = x; p.last == nil {
		p.last = x
	}
}

// take takes the request that waits longest.
func (p *pool) take() *exchange {
	x := p.first
	if p.first = x.next; p.first == nil {
		p.last = nil
	}
	x.next, x.linked = nil, false
	return x
}

// schedulePool puts p on the list of the next Turn, or of the one under way.
func (e *Engine) schedulePool(p *pool) {
	if !p.scheduled {
		p.scheduled = true
		e.pools = append(e.pools, p)
	}
}

// servePools deals with the pools in which something has changed, and with the connections that others let go on.
func (e *Engine) servePools() {
	for len(e.pools) > 0 || len(e.handles.stirred) > 0 {
		e.settleStirred()
		e.serveAll()
	}
}

func (e *Engine) serveAll() {
	for i := 0; i < len(e.pools); i++ {
		e.serve(e.pools[i])
	}
	clear(e.pools)
	e.pools = e.pools[:0]
}

// serve gives the requests that wait in p to connections, as many as there may be.
func (e *Engine) serve(p *pool) {
	p.scheduled = false
	if p.aborted {
		p.aborted = false
		e.endAborted(p)
	}
	for p.first != nil {
		c := p.takeIdle()
		if c == nil {
			if p.key != "" && p.sockets >= int(p.limits.MaxSockets) {
				return
			}
			if p.key != "" && p.sockets+len(p.idle) >= int(p.limits.MaxSockets) { // it may not use an idle one: see takeIdle
				e.dismiss(p.idle[0])
			}
			var status abi.Status
			if c, status = e.connect(p.owner, p.destination); status != abi.StatusOK {
				e.endRequestEarly(p.take(), status, connectText(status))
				continue
			}
			e.join(c, p)
		}
		p.sockets++
		e.give(c, p.take())
	}
	for p.tooManyIdle(e) {
		e.dismiss(p.idle[0])
	}
	e.forget(p)
}

// dismiss closes an idle connection, without a reset: servers report those as errors.
func (e *Engine) dismiss(c *conn) {
	e.leave(c)
	e.drop(c)
}

// retire has Turn dismiss an idle connection.
func (e *Engine) retire(c *conn) {
	c.deaf = true
	e.schedule(c)
}

// tooManyIdle reports whether an idle connection has to close: no request waits.
func (p *pool) tooManyIdle(e *Engine) bool {
	keep := 0
	if p.limits.Flags&abi.DestinationPool != 0 && !e.draining {
		keep = int(p.limits.MaxFreeSockets)
	}
	return len(p.idle) > keep
}

// endAborted takes out those of the requests that wait in p which are not wanted any more.
func (e *Engine) endAborted(p *pool) {
	waiting := p.first
	p.first, p.last = nil, nil
	for x := waiting; x != nil; x = waiting {
		waiting = x.next
		x.next, x.linked = nil, false
		if x.sends.aborted {
			e.endRequestEarly(x, abi.StatusOK, hungUp)
		} else {
			p.put(x)
		}
	}
}

// connectText is why a connection was refused before it was tried.
func connectText(status abi.Status) string {
	if status == abi.StatusLimit {
		return "EMFILE connect EMFILE: too many connections"
	}
	return "EINVAL connect EINVAL: " + status.String()
}

// join makes c one of p's.
func (e *Engine) join(c *conn, p *pool) {
	c.client = &client{pool: p, terms: p.termsOfResponses()}
	e.handles.openSocket(c)
	limits := e.outbound.limits()
	limits.MaxHeaderBytes, limits.MaxHeadersCount, limits.Lenient = p.limits.MaxHeaderBytes, p.limits.MaxHeadersCount, p.limits.Lenient
	c.parser.InitResponse(limits)
}

// takeIdle takes the connection that was used last, nil if none is idle. One that is about to end is left to that. A request
// that an idle connection has failed gets a new one.
func (p *pool) takeIdle() *conn {
	if p.first.sends.retried {
		return nil
	}
	for n := len(p.idle); n > 0; n = len(p.idle) {
		c := p.idle[n-1]
		p.idle[n-1] = nil
		p.idle = p.idle[:n-1]
		c.client.idle = false
		c.readTimer.suspend()
		if !c.broken && !c.eof && !c.deaf {
			return c
		}
		p.sockets++ // settle takes it off
	}
	return nil
}

// pass makes c idle, which is through with a request. serve gives it to the next one, or closes it if nobody keeps it.
func (e *Engine) pass(c *conn) {
	p := c.client.pool
	if c.client.free {
		c.deaf = true
		return
	}
	p.sockets--
	p.idle = append(p.idle, c)
	c.client.idle = true
	e.armFor(&c.readTimer, timePool, p.limits.PoolTimeout)
	if p.first != nil || p.tooManyIdle(e) {
		e.schedulePool(p)
	}
}

// leave takes c, which is about to end, off its pool.
func (e *Engine) leave(c *conn) {
	p := c.client.pool
	switch {
	case c.client.idle:
		p.idle = slices.DeleteFunc(p.idle, func(other *conn) bool { return other == c })
	case c.client.free:
		p.detached--
	default:
		p.sockets--
	}
	e.schedulePool(p)
}

// detach is AgentRemove: the pool neither counts c any more nor gives it another request.
func (e *Engine) detach(c *conn) {
	if c.client.free {
		return
	}
	if c.client.idle { // what is idle is nobody's
		e.retire(c)
		return
	}
	c.client.free = true
	p := c.client.pool
	p.sockets--
	p.detached++
	e.schedulePool(p)
}

// forget drops a pool that has nothing left.
func (e *Engine) forget(p *pool) {
	switch {
	case p.first != nil, p.key != "" && (p.sockets > 0 || p.detached > 0 || len(p.idle) > 0):
		return
	case p.key != "":
		delete(e.agents, p.key)
		e.recent.forget(p)
	}
	e.remembered -= len(p.destination)
	p.destination = nil
}

// drain is the operation of that name.
func (e *Engine) drain() abi.Status {
	e.draining = true
	for _, p := range e.agents {
		for _, c := range p.idle {
			e.retire(c)
		}
	}
	return abi.StatusOK
}
