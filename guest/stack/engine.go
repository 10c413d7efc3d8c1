package stack

import "github.com/portholehttp/porthole/abi"

// Sockets is what the engine needs from its surroundings: the imports of porthole_sock_1.
// No call blocks, and none calls back into the engine.
type Sockets interface {
	// Listen opens a listener for a handler's server; request is an abi.ListenRequest and its
	// host text. The driver tells the handler what came of it. For abi.ListenServer the listener is the other server's.
	Listen(server uint64, request []byte) (listener uint64, status abi.Status)
	// Connect begins to connect for the handler whose instance owner has in its high half; destination is an abi.Destination.
	// Engine.Connect follows, unless the socket is closed first.
	Connect(owner uint64, destination []byte) (socket uint64, status abi.Status)
	// SetOption sets abi.SocketNoDelay, abi.SocketKeepAlive or abi.SocketBulk.
	SetOption(socket uint64, option abi.SocketOption, value int64) abi.Status
	// Write hands bytes to the kernel. When it takes fewer than len(p), Engine.Writable follows.
	Write(socket uint64, p []byte) (n int, status abi.Status)
	// Shutdown ends the sending side once what was written has left.
	Shutdown(socket uint64)
	// Close frees a socket or listener handle; reset drops what was not sent yet.
	Close(handle uint64, reset bool)
	// Pause stops Data and End of a socket; Resume undoes it.
	Pause(socket uint64)
	Resume(socket uint64)
	// SetTimer asks for one call of Timer at that time of the clock of now; 0 disarms.
	SetTimer(at int64)
	// WallClock returns Unix time in nanoseconds.
	WallClock() int64
}

// Event is something a handler is told. Head and Body are views, valid until the next entry.
type Event struct {
	Kind   abi.EventKind
	Flags  uint32
	Target uint64 // an exchange, or a server
	Other  uint64 // a listener, or the socket of EventSocket; of EventData: how many bytes went through a pipe since the last one
	Head   []byte
	Body   []byte
}

// Engine serves HTTP on the sockets of one shard. It is not safe for concurrent use.
type Engine struct {
	sockets       Sockets
	now           int64  // monotonic nanoseconds, as given by the last entry
	entry         uint64 // counts entries
	events        []Event
	heads         []byte // the head records of events
	scratch       []byte // a response while it is put together
	work          []*conn
	turn          bool    // Turn has something to do besides work
	pools         []*pool // with requests to give to connections
	listeners     []*listener
	hostMask      uint32  // abi.Listen*, of the handler attached to the host's listeners
	conns         []*conn // by the low half of the socket handle
	freeConns     []*conn
	live          int // connections
	handles       handleTable
	agents        map[string]*pool // by what makes connections alike
	requests      int              // client exchanges that are open
	remembered    int              // bytes of destinations
	outbound      terms            // of connections that go out
	draining      bool             // connections that go out are not kept
	recent        recentPools
	durations     map[int64]*timerList
	lately        [4]*timerList // those of durations that were asked for last
	durationsKept int           // how many of them there may be before the empty ones are dropped
	buffers       bufferPool
	queued        int // response bytes that wait, over all connections
	armed         int64
	date          dateCache
	rendered      renderedHead
	ready         readyHead
	memo          memo
	cargo         cargo
}

// MaxTotalQueued is the most response bytes that may wait in one engine. A connection whose
// response would exceed it is destroyed, and its operation answered with abi.StatusLimit.
const MaxTotalQueued = 256 << 20

// New returns an engine without listeners.
func New(s Sockets) *Engine {
	e := &Engine{sockets: s, agents: map[string]*pool{}, durations: map[int64]*timerList{}}
	e.outbound.init(&abi.Options{
		WriteIdleTimeout: abi.DefaultOptions.WriteIdleTimeout,
		MaxQueuedBytes:   abi.DefaultOptions.MaxQueuedBytes,
	})
	return e
}

// Events returns what the last entry raised, in order. It is valid until the next entry.
func (e *Engine) Events() []Event { return e.events }

// enter begins an entry: the events of the previous one have been delivered.
func (e *Engine) enter(now int64) {
	e.now = now
	e.entry++
	if len(e.events) > 1 { // what one refers to may as well stay
		clear(e.events)
	}
	e.events = e.events[:0]
	e.heads = e.heads[:0]
	if len(e.buffers.limbo) > 0 {
		e.buffers.reclaim()
	}
}

// Accept takes over a new connection of a listener.
func (e *Engine) Accept(socket, listener uint64, now int64) {
	e.enter(now)
	l := e.listener(listener)
	if l == nil {
		e.sockets.Close(socket, true)
		return
	}
	c := e.newConn(socket, l)
	c.parser.InitRequest(l.limits())
	e.arm(&c.readTimer, timeHeaders)
	if e.mask(l)&abi.ListenConnection != 0 {
		e.emitSocket(abi.EventConnection, c, e.serverHead(l, ""), nil)
	}
}

// Connect tells what came of Sockets.Connect. Unless the status is OK the socket is gone, and reason is a text
// "CODE what happened".
func (e *Engine) Connect(socket uint64, status abi.Status, reason []byte, now int64) {
	e.enter(now)
	c := e.conn(socket)
	switch {
	case c == nil:
		return
	case status == abi.StatusOK:
		c.leaveExpress()
		c.stalled = false
		e.events = append(e.events, Event{Kind: abi.EventConnected, Target: c.handle})
		e.active(c)
		e.flush(c)
	default:
		c.broken, c.failure, c.failureStatus = true, string(reason), status
	}
	e.settle(c)
	e.servePools()
}

// Data gives the engine bytes of a socket. The engine may overwrite p, and events may refer to it.
func (e *Engine) Data(socket uint64, p []byte, now int64) {
	e.enter(now)
	c := e.conn(socket)
	if c == nil || c.lingering {
		return
	}
	unknown := false
	if c.ease == easeCalm {
		m, record, method := e.recall(c, p)
		if unknown = m == nil; !unknown {
			size := len(record) - m.text
			if size == len(p) && !m.head.HasBody {
				e.ask(c, record, method)
				return
			}
			e.beginKnown(c, m, record, method)
			p = p[size:]
		}
	}
	c.leaveExpress()
	e.active(c)
	if c.client != nil && e.knownResponse(c, p) {
		e.servePools()
		return
	}
	if c.raw != nil {
		e.receiveRaw(c, p)
	} else {
		e.receive(c, p, unknown)
	}
	e.settle(c)
	e.servePools()
}

// End tells that the peer will send no more.
func (e *Engine) End(socket uint64, now int64) {
	e.enter(now)
	c := e.conn(socket)
	switch {
	case c == nil:
	case c.lingering:
		e.drop(c)
	default:
		c.leaveExpress()
		c.eof = true
		e.settle(c)
		e.servePools()
	}
}

// Writable tells that a socket takes bytes again after a short Write.
func (e *Engine) Writable(socket uint64, now int64) {
	e.enter(now)
	if c := e.conn(socket); c != nil {
		c.leaveExpress()
		c.stalled = false
		e.flush(c)
		e.settle(c)
		e.servePools()
	}
}

// Closed tells that a socket broke. Its handle is stale.
func (e *Engine) Closed(socket uint64, _ abi.Status, now int64) {
	e.enter(now)
	if c := e.conn(socket); c != nil {
		c.leaveExpress()
		c.broken = true
		if c.failure == "" {
			c.failure = readFailed
		}
		e.settle(c)
		e.servePools()
	}
}

// Turn does the work that operations put off since the last entry.
func (e *Engine) Turn(now int64) {
	e.enter(now)
	for i := 0; i < len(e.work) || len(e.pools) > 0 || len(e.handles.stirred) > 0; {
		if i < len(e.work) {
			c := e.work[i]
			c.scheduled = false
			if c.socket != 0 {
				e.flush(c)
				e.settle(c)
			}
			i++
		}
		e.servePools() // which may add to work
	}
	clear(e.work)
	e.work = e.work[:0]
	e.turn = false
	e.closeServers()
}

// schedule puts c on the work list of the next Turn.
func (e *Engine) schedule(c *conn) {
	c.leaveExpress()
	if !c.scheduled {
		c.scheduled = true
		e.work = append(e.work, c)
	}
}
