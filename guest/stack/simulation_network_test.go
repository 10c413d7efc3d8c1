package stack

import (
	"fmt"

	"github.com/portholehttp/porthole/abi"
)

// simLink is a connection, or the attempt to make one.
type simLink struct {
	s              *simulation
	number         int
	client, server *simEnd
	listener       uint64

	dead    bool   // it is never accepted
	garbage bool   // what the client sends is no HTTP
	excuse  string // why what goes over it may fail; "": it may not
	spoof   int64  // where in the bytes for the client those begin that nobody sent; 0: there are none
	spoken  uint64 // simulation.step when the client got the first of them; 0: not yet
}

// simEnd is one side of a link: a socket of an engine.
type simEnd struct {
	link   *simLink
	name   string
	node   *node
	peer   *simEnd
	handle uint64
	socket bool // the engine has it: its handle is good
	joined bool // Connect or Accept has been called

	in        []byte // sent by the peer and not received yet
	room      int    // the most bytes in in
	received  int64
	fin       bool // the peer sends no more
	finTold   bool
	paused    bool
	late      bool // a piece was read before the pause
	stalled   int64
	coming    bool // a delivery is due
	short     bool // the last write was: Writable is owed
	waking    bool
	shut      bool // it sends no more
	broken    bool // a reset has arrived, and not been told yet
	cut       bool // what it sends gets lost
	destroyed bool // a reset is on its way to it
}

func (s *simulation) newLink(port uint16) *simLink {
	l := &simLink{s: s, number: len(s.links), listener: simListener(port)}
	l.client = &simEnd{link: l, name: fmt.Sprintf("c%d", l.number), node: s.client, room: 16 + s.r.IntN(1<<(6+s.r.IntN(12)))}
	l.server = &simEnd{link: l, name: fmt.Sprintf("s%d", l.number), node: s.server, room: 16 + s.r.IntN(1<<(6+s.r.IntN(12))), peer: l.client}
	l.client.peer = l.server
	s.links = append(s.links, l)
	return l
}

// excused notes why the link may fail its users from now on.
func (l *simLink) excused(why string) {
	if l.excuse == "" {
		l.excuse = why
		l.s.logf("link %d: %s", l.number, why)
	}
}

// connect lets the attempt succeed or fail, at some time.
func (l *simLink) connect() {
	s, c := l.s, l.client
	s.after(s.delay(), func() {
		switch {
		case !c.socket:
		case s.fault(15):
			l.excused("refused")
			c.node.forget(c)
			c.node.enter("refused "+c.name, func() {
				c.node.engine.Connect(c.handle, abi.StatusFailed, []byte("ECONNREFUSED connect ECONNREFUSED"), s.now)
			})
		default:
			s.after(s.delay(), l.accept)
			c.joined = true
			c.node.enter("connected "+c.name, func() { c.node.engine.Connect(c.handle, abi.StatusOK, nil, s.now) })
			c.come()
			if s.fault(6) {
				s.after(s.r.Int64N(300*ms), l.breakSomehow)
			}
			if s.chance(6) {
				s.after(s.r.Int64N(100*ms), l.stall)
			}
		}
	})
}

func (l *simLink) accept() {
	e := l.server
	if to := e.node.engine.listener(l.listener); to == nil || to.closing || e.destroyed && l.s.chance(2) {
		l.dead = true
		l.excused("not accepted")
		e.peer.reset()
		return
	}
	e.node.keep(e)
	e.joined = true
	e.node.enter("accept "+e.name, func() { e.node.engine.Accept(e.handle, l.listener, l.s.now) })
	e.come()
}

// breakSomehow is what networks do.
func (l *simLink) breakSomehow() {
	if !l.client.joined || !l.server.joined {
		return
	}
	e := l.client
	if l.s.chance(2) {
		e = l.server
	}
	switch l.s.r.IntN(3) {
	case 0:
		l.excused("reset")
		e.reset()
		e.peer.reset()
	case 1:
		l.excused("reset of one side")
		e.reset()
		l.s.after(l.s.r.Int64N(2*sec), e.peer.reset)
	case 2: // e sees an end that its peer did not send, in the midst of what it did
		if !e.fin {
			l.excused("cut")
			e.in, e.fin, e.peer.cut = e.in[:l.s.r.IntN(len(e.in)+1)], true, true
			e.come()
			l.s.after(l.s.r.Int64N(2*sec), e.peer.reset)
		}
	}
}

// stall has one side read nothing for a while.
func (l *simLink) stall() {
	e := l.client
	if l.s.chance(2) {
		e = l.server
	}
	e.stalled = l.s.now + l.s.r.Int64N(100*ms)
	if l.s.fault(3) {
		e.stalled += l.s.r.Int64N(20 * sec)
	}
}

// come has what was sent to e arrive.
func (e *simEnd) come() {
	if e.coming || !e.joined || !e.socket {
		return
	}
	e.coming = true
	e.link.s.after(max(e.link.s.delay(), e.stalled-e.link.s.now), func() {
		e.coming = false
		e.arrive()
	})
}

func (e *simEnd) arrive() {
	s := e.link.s
	switch {
	case !e.socket || e.broken || e.paused && !e.late:
		return
	case e.stalled > s.now:
		e.come()
		return
	case len(e.in) > 0:
		n := min(s.piece(len(e.in)), 64<<10)
		p := e.node.buffer[:n]
		copy(p, e.in)
		e.in = e.in[n:]
		e.received += int64(n)
		e.late = false
		e.peer.wake()
		surplus := e.spoken(n)
		e.node.current = e.link
		e.node.enter("data "+e.name, func() { e.node.engine.Data(e.handle, p, s.now) })
		e.node.current = nil
		if surplus && e.socket && !e.node.engine.conn(e.handle).blocked() {
			s.failf("%s goes on although somebody speaks on it who was not asked", e.name)
		}
	case e.fin && !e.finTold:
		e.finTold, e.late = true, false
		e.node.enter("end "+e.name, func() { e.node.engine.End(e.handle, s.now) })
	default:
		return
	}
	if len(e.in) > 0 || e.fin && !e.finTold {
		e.come()
	}
}

// spoken reports whether the n bytes that e has just received are the first of those that nobody sent, and there is no
// request that they could be taken for the response to.
func (e *simEnd) spoken(n int) bool {
	l := e.link
	if e != l.client || l.spoof == 0 || e.received <= l.spoof || l.spoken != 0 {
		return false
	}
	l.spoken = l.s.step
	c := e.node.engine.conn(e.handle)
	return e.received-int64(n) < l.spoof || c.reading == nil
}

// wake tells e that it may write again, if it waits for that.
func (e *simEnd) wake() {
	if !e.short || e.waking {
		return
	}
	e.waking = true
	e.link.s.after(e.link.s.delay(), func() {
		e.waking = false
		if e.socket && !e.broken && e.short && len(e.peer.in) < e.peer.room {
			e.short = false
			e.node.enter("writable "+e.name, func() { e.node.engine.Writable(e.handle, e.link.s.now) })
		}
	})
}

// reset has a reset reach e.
func (e *simEnd) reset() {
	if e.destroyed {
		return
	}
	e.destroyed = true
	e.link.s.after(e.link.s.delay(), e.arriveReset)
}

func (e *simEnd) arriveReset() {
	s := e.link.s
	if !e.joined { // it is not accepted yet
		if !e.link.dead {
			s.after(ms, e.arriveReset)
		}
		return
	}
	e.in, e.broken = nil, true
	told := int64(0)
	if s.chance(3) { // until then, writing fails
		told = s.delay()
	}
	s.after(told, func() {
		if e.socket {
			e.node.forget(e)
			e.node.enter("reset "+e.name, func() { e.node.engine.Closed(e.handle, abi.StatusReset, s.now) })
		}
	})
}

// write is Sockets.Write.
func (e *simEnd) write(p []byte) (int, abi.Status) {
	s, to := e.link.s, e.peer
	if e.shut || !e.joined {
		s.failf("%s is written to that is shut, or not there yet", e.name)
	}
	switch {
	case e.broken:
		return 0, abi.StatusReset
	case len(p) == 0:
		return 0, abi.StatusOK
	}
	if to.joined && !to.socket || e.cut {
		e.reset()
		return len(p), abi.StatusOK
	}
	n := min(len(p), max(to.room-len(to.in), 0))
	if n > 0 && s.chance(12) {
		n = s.r.IntN(n + 1)
	}
	to.in = append(to.in, p[:n]...)
	if e.short = n < len(p); e.short && (len(to.in) < to.room) {
		e.wake()
	}
	if n > 0 {
		to.come()
	}
	return n, abi.StatusOK
}

func (e *simEnd) shutdown() {
	if e.shut {
		e.link.s.failf("%s is shut twice", e.name)
	}
	if e.shut = true; !e.cut {
		e.peer.fin = true
		e.peer.come()
	}
}

// close is Sockets.Close. What was not read makes it a reset, as it does in TCP.
func (e *simEnd) close(reset bool) {
	e.node.forget(e)
	switch {
	case !e.joined:
	case reset || len(e.in) > 0:
		if !reset && e.link.spoof == 0 {
			e.link.excused(e.name + " was closed with unread bytes")
		}
		e.peer.reset()
	case !e.shut:
		e.shutdown()
	}
}
