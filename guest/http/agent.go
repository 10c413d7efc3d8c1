package http

import (
	"math"
	"strconv"
	"time"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
	"github.com/portholehttp/porthole/guest/net"
)

// Agent is http.Agent: it lets the requests for one host and port share connections, one after another. The pools are the
// engine's; an Agent names them, and says with each request how large they may be. So its fields may be changed at any
// time, and count from the next request on.
type Agent struct {
	// MaxSockets is how many connections to one host and port the agent has at a time; further requests wait, first
	// come, first served. NewAgent sets 5, which 0 stands for too.
	MaxSockets int

	// KeepAlive keeps a connection that no request waits for. Without it, as by default, that is closed.
	KeepAlive        bool
	KeepAliveTimeout time.Duration // for how long, 5 s from NewAgent; 0: no limit
	MaxFreeSockets   int           // how many of them to one host and port: 256 from NewAgent

	number uint32            // names it in the ABI, from its first request on
	known  *knownDestination // of its last request; nil: there was none
}

const defaultMaxSockets = 5

var (
	// GlobalAgent is http.globalAgent, the agent of requests that name none.
	GlobalAgent = NewAgent()

	// NoAgent as the agent of a request, which is Node's false, gives it a connection of its own, that closes after the response.
	NoAgent = new(Agent)
)

var lastAgent uint32

// NewAgent makes an agent with Node's limits.
func NewAgent() *Agent {
	return &Agent{MaxSockets: defaultMaxSockets, KeepAliveTimeout: 5 * time.Second, MaxFreeSockets: 256}
}

// Sockets is agent.sockets: the connections that requests of this agent have or wait for, by "host:port" or, with a local address,
// "host:port:localAddress"; a Unix socket's key is its path. An idle connection is not among them. The map is the caller's.
func (a *Agent) Sockets() map[string][]*net.Socket {
	sockets := map[string][]*net.Socket{}
	for r := underWay.first; r != nil; r = r.next {
		if r.agent == a && r.socket != nil && !r.socket.AgentRemoved() {
			key := r.target.key()
			sockets[key] = append(sockets[key], r.socket)
		}
	}
	return sockets
}

// Requests is agent.requests: the requests that have no connection yet, by the keys of Sockets, in their order. A request is among
// them until its 'socket'. The map is the caller's.
func (a *Agent) Requests() map[string][]*ClientRequest {
	requests := map[string][]*ClientRequest{}
	for r := underWay.first; r != nil; r = r.next {
		if r.agent == a && r.socket == nil {
			key := r.target.key()
			requests[key] = append(requests[key], r)
		}
	}
	return requests
}

// key is the name of a pool.
func (t *target) key() string {
	if t.kind == abi.ConnectUnix {
		return t.host
	}
	key := t.host + ":" + strconv.Itoa(int(t.port))
	if t.local != "" {
		key += ":" + t.local
	}
	return key
}

// describe writes the agent into a Destination. The error's code is ERR_OUT_OF_RANGE.
func (a *Agent) describe(d *abi.Destination) error {
	if a == NoAgent {
		return nil
	}
	switch {
	case a.MaxSockets < 0:
		return errRange("MaxSockets", "negative")
	case a.MaxFreeSockets < 0:
		return errRange("MaxFreeSockets", "negative")
	case a.KeepAliveTimeout < 0:
		return errRange("KeepAliveTimeout", "negative")
	}
	if a.number == 0 {
		lastAgent++
		a.number = lastAgent
	}
	d.Agent = a.number
	d.MaxSockets = uint32(min(a.MaxSockets, math.MaxInt32))
	if a.MaxSockets == 0 {
		d.MaxSockets = defaultMaxSockets
	}
	if a.KeepAlive {
		d.Flags |= abi.DestinationPool
		d.MaxFreeSockets = uint32(min(a.MaxFreeSockets, math.MaxInt32))
		d.PoolTimeout = int64(a.KeepAliveTimeout)
	}
	return nil
}

// underWay has the requests that are not over, in the order of their making.
var underWay requestList

func init() {
	port.AtEnd(func() {
		for r := underWay.first; r != nil; r = underWay.first {
			r.over = true
			underWay.remove(r)
		}
	})
}

type requestList struct{ first, last *ClientRequest }

func (l *requestList) add(r *ClientRequest) {
	r.previous = l.last
	if l.last == nil {
		l.first = r
	} else {
		l.last.next = r
	}
	l.last = r
}

func (l *requestList) remove(r *ClientRequest) {
	if r.previous == nil {
		l.first = r.next
	} else {
		r.previous.next = r.next
	}
	if r.next == nil {
		l.last = r.previous
	} else {
		r.next.previous = r.previous
	}
	r.previous, r.next = nil, nil
}
