package stack

import (
	"slices"

	"github.com/portholehttp/porthole/abi"
)

// node is an engine of a simulation and its driver, which calls it as the contract says.
type node struct {
	s       *simulation
	name    string
	engine  *Engine
	ends    []*simEnd          // by the low half of the handle
	used    uint64             // generations
	all     map[uint64]*simEnd // that ever were
	current *simLink           // whose data is being delivered

	// What is known of each handle, of those that are over too.
	calls   map[uint64]*simCall
	answers map[uint64]*simAnswer
	sockets map[uint64]*simSocket
	buffer  []byte // the receive buffer
	timer   int64
	armed   uint64 // counts SetTimer
	timing  bool   // Timer is on the stack
	busy    bool   // the engine is
	turn    bool
	handle  func(Event)
}

func newNode(s *simulation, name string, handle func(Event)) *node {
	n := &node{s: s, name: name, handle: handle, buffer: make([]byte, 64<<10), all: map[uint64]*simEnd{},
		calls: map[uint64]*simCall{}, answers: map[uint64]*simAnswer{}, sockets: map[uint64]*simSocket{}}
	n.engine = New(n)
	return n
}

// simListener is the listener of the server behind a port.
func simListener(port uint16) uint64 { return 1<<32 | 1_000_000 + uint64(port) }

// Sockets, as the engine sees it.

func (n *node) Listen(uint64, []byte) (uint64, abi.Status) { return 0, abi.StatusDenied }

func (n *node) Connect(_ uint64, destination []byte) (uint64, abi.Status) {
	if n.s.fault(60) {
		n.s.refused++
		return 0, abi.StatusLimit
	}
	l := n.s.newLink(abi.Decode[abi.Destination](destination).Port)
	n.keep(l.client)
	l.connect()
	n.s.logf("connect %s", l.client.name)
	return l.client.handle, abi.StatusOK
}

func (n *node) SetOption(socket uint64, _ abi.SocketOption, _ int64) abi.Status {
	n.end(socket)
	return abi.StatusOK
}

func (n *node) Write(socket uint64, p []byte) (int, abi.Status) {
	e := n.end(socket)
	n.blame(e)
	taken, status := e.write(p)
	n.s.logf("write %s %d of %d", e.name, taken, len(p))
	return taken, status
}

func (n *node) Shutdown(socket uint64) {
	e := n.end(socket)
	n.blame(e)
	n.s.logf("shutdown %s", e.name)
	e.shutdown()
}

func (n *node) Close(handle uint64, reset bool) {
	if uint32(handle) >= 1_000_000 {
		return // a listener
	}
	e := n.end(handle)
	n.blame(e)
	n.s.logf("close %s %v", e.name, reset)
	e.close(reset)
}

func (n *node) Pause(socket uint64) {
	e := n.end(socket)
	if e.paused {
		n.s.failf("%s is paused twice", e.name)
	}
	e.paused, e.late = true, n.s.chance(4)
}

func (n *node) Resume(socket uint64) {
	e := n.end(socket)
	if !e.paused {
		n.s.failf("%s is resumed that is not paused", e.name)
	}
	e.paused = false
	e.come()
}

func (n *node) SetTimer(at int64) {
	n.timer = at
	n.armed++
	if armed := n.armed; at != 0 {
		n.s.after(max(at-n.s.now, 0)+n.s.delay()/8, func() {
			if n.armed == armed {
				n.timer = 0
				n.enter("timer of "+n.name, func() {
					n.timing = true
					n.engine.Timer(n.s.now)
					n.timing = false
				})
			}
		})
	}
}

func (n *node) WallClock() int64 { return testWall + n.s.now }

// blame notes what decides what becomes of e: a timeout, or the end of its listener.
func (n *node) blame(e *simEnd) {
	if l := n.engine.listener(e.link.listener); e == e.link.server && (l == nil || l.closing) {
		e.link.excused("its listener is closed")
	}
	if n.timing {
		if n.s.calm && e == e.link.server {
			n.s.failf("a timeout on %s", e.name)
		}
		e.link.excused("timeout on " + e.name)
	}
}

// end returns the open socket of a handle.
func (n *node) end(socket uint64) *simEnd {
	if i := uint32(socket); int(i) < len(n.ends) && n.ends[i] != nil && n.ends[i].handle == socket {
		return n.ends[i]
	}
	n.s.failf("%s uses a socket that is not open", n.name)
	return nil
}

// keep gives e a handle with the first free index.
func (n *node) keep(e *simEnd) {
	i := slices.Index(n.ends, nil)
	if i < 0 {
		i = len(n.ends)
		n.ends = append(n.ends, nil)
	}
	n.used++
	n.ends[i] = e
	e.handle, e.socket = n.used<<32|uint64(i), true
	n.all[e.handle] = e
}

func (n *node) forget(e *simEnd) {
	n.ends[uint32(e.handle)] = nil
	e.socket = false
}

// What happens to the engine.

// enter calls the engine, delivers what it raises and gives it its turns.
func (n *node) enter(what string, f func()) {
	n.s.logf("%s", what)
	n.call(f)
	n.turns()
}

func (n *node) call(f func()) {
	if n.busy {
		n.s.failf("the engine is re-entered")
	}
	n.busy = true
	f()
	n.busy = false
	checkEase(n.s.t, n.engine)
	n.s.countEase(n.engine)
	for _, ev := range n.engine.Events() {
		n.handle(ev)
	}
	for i := range n.buffer[:min(len(n.buffer), 1<<10)] {
		n.buffer[i] = 0xEE
	}
}

func (n *node) turns() {
	for n.turn {
		n.turn = false
		n.call(func() { n.engine.Turn(n.s.now) })
	}
	n.checkPools()
}

// later has the handler do something of its own accord.
func (n *node) later(d int64, f func()) {
	n.s.after(d, func() {
		f()
		n.turns()
	})
}

// op is an operation. The engine may use what it is given until it returns.
func (n *node) op(op abi.Operation, target uint64, flags uint32, head, body []byte, rest int64) (abi.Status, bool) {
	if n.busy {
		n.s.failf("the engine is re-entered")
	}
	head, body = slices.Clone(head), slices.Clone(body)
	r := n.engine.Operation(op, target, flags, head, body, rest)
	for _, b := range [][]byte{head, body} {
		for i := range b {
			b[i] = 0xEE
		}
	}
	n.turn = n.turn || r&abi.ResultTurn != 0
	checkEase(n.s.t, n.engine)
	return abi.Status(r & abi.ResultStatusMask), r&abi.ResultDone != 0
}

func (n *node) do(op abi.Operation, target uint64) abi.Status {
	status, _ := n.op(op, target, 0, nil, nil, 0)
	return status
}

// send is one of the operations that send; a long body goes in pieces.
func (n *node) send(op abi.Operation, target uint64, flags uint32, head, body []byte) (abi.Status, bool) {
	for len(body) > 1 && (n.s.chance(10) || len(body) > 64<<10) {
		k := min(1+n.s.r.IntN(len(body)-1), 64<<10)
		status, done := n.op(op, target, flags|abi.SendMore, head, body[:k], int64(len(body)-k))
		if done {
			n.s.failf("an exchange is done in the midst of a body")
		}
		if !status.OK() && status != abi.StatusBodyLength {
			return status, false
		}
		if flags&abi.SendHead != 0 {
			flags, head = flags&^abi.SendHead, nil
		}
		body = body[k:]
	}
	return n.op(op, target, flags, head, body, 0)
}

// open is an operation that has a handle for its result.
func (n *node) open(op abi.Operation, target uint64, record []byte) (uint64, abi.Status) {
	h, status := n.engine.Handle(op, target, slices.Clone(record))
	n.turn = true
	return h, status
}

// linkOf returns the link of a socket handle.
func (n *node) linkOf(handle uint64) *simLink {
	if c := n.engine.handles.socket(handle); c != nil {
		return n.all[c.socket].link
	}
	return &simLink{s: n.s, number: -1, excuse: "over", client: new(simEnd), server: new(simEnd)} // in the same entry
}

// checkPools counts the connections of each agent.
func (n *node) checkPools() {
	for _, p := range n.engine.agents {
		working, idle := 0, 0
		for _, c := range n.engine.conns {
			switch {
			case c == nil || c.client == nil || c.client.pool.key != p.key || c.client.free:
			case c.client.idle:
				if idle++; !c.readTimer.running(timePool) && p.limits.PoolTimeout > 0 && !c.deaf && !c.broken {
					n.s.failf("a connection stays idle for ever")
				}
			default:
				working++
			}
		}
		keep := 0
		if p.limits.Flags&abi.DestinationPool != 0 {
			keep = int(p.limits.MaxFreeSockets)
		}
		switch {
		case working != p.sockets || idle != len(p.idle):
			n.s.failf("the agent counts %d and %d connections; they are %d and %d", p.sockets, len(p.idle), working, idle)
		case working+idle > int(p.limits.MaxSockets):
			n.s.failf("%d + %d connections of at most %d", working, idle, p.limits.MaxSockets)
		case idle > keep:
			n.s.failf("%d idle connections of at most %d", idle, keep)
		case p.first != nil && !p.first.sends.aborted && working < int(p.limits.MaxSockets):
			n.s.failf("a request waits, and there are %d connections of at most %d", working, p.limits.MaxSockets)
		}
	}
}

// checkRest fails unless the engine keeps nothing but its listeners.
func (n *node) checkRest() {
	e := n.engine
	switch {
	case e.requests != 0, e.queued != 0, e.live != 0, len(e.agents) != 0, len(e.pools) != 0, len(e.work) != 0, e.turn:
		n.s.failf("%s keeps: %d requests, %d queued bytes, %d connections, %d agents", n.name, e.requests, e.queued, e.live, len(e.agents))
	case n.timer != 0 || e.armed != 0:
		n.s.failf("the timer of %s is armed", n.name)
	case len(e.handles.free) != len(e.handles.slots):
		n.s.failf("%s keeps %d handles", n.name, len(e.handles.slots)-len(e.handles.free))
	}
	for i := range e.handles.slots {
		if h := &e.handles.slots[i]; h.conn != nil || h.exchange != nil && h.exchange.handle != 0 {
			n.s.failf("%s keeps a handle", n.name)
		}
	}
	for i, c := range e.conns {
		if c != nil || n.ends[i] != nil {
			n.s.failf("%s keeps a connection", n.name)
		}
	}
	for _, c := range e.freeConns {
		if c.in.bytes != nil || c.out.bytes != nil || c.scheduled {
			n.s.failf("%s keeps the buffers of a connection: %q %q %v", n.name, c.in.bytes, c.out.bytes, c.scheduled)
		}
	}
	lists := []*timerList{}
	for i := range e.outbound.timers {
		lists = append(lists, &e.outbound.timers[i])
	}
	for _, l := range e.durations {
		lists = append(lists, l)
	}
	for _, l := range e.listeners {
		for i := range l.timers {
			lists = append(lists, &l.timers[i])
		}
	}
	for _, l := range lists {
		if !l.empty() {
			n.s.failf("%s keeps a timer", n.name)
		}
	}
}
