package stack

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/portholehttp/porthole/abi"
)

// simSocket is a socket as a handler knows it.
type simSocket struct {
	s       *simulation
	node    *node
	handle  uint64
	link    *simLink
	current *simCall
	calls   int

	connected, removed bool
	failed, closed     bool
	tunnel             *simTunnel // once it is raw
}

// socket returns the socket of a handle, which may be new.
func (n *node) socket(handle uint64) *simSocket {
	k := n.sockets[handle]
	if k == nil {
		k = &simSocket{s: n.s, node: n, handle: handle, link: n.linkOf(handle)}
		n.sockets[handle] = k
	}
	return k
}

func (k *simSocket) set(option abi.SocketOption, value int64) abi.Status {
	status, _ := k.node.op(abi.OpSocketSet, k.handle, uint32(option), nil, nil, value)
	if status != abi.StatusOK && status != abi.StatusClosed {
		k.s.failf("socket_set %d: %v", option, status)
	}
	return status
}

// die is that the handler of k dies. HTTP goes on without it.
func (k *simSocket) die() {
	if k.closed {
		return
	}
	k.closed = true
	k.s.count("dead")
	k.s.logf("the handler of the socket of link %d dies", k.link.number)
	if t := k.tunnel; t != nil {
		k.link.excused("its handler died")
		t.closed = true
	}
	if status := k.node.do(abi.OpExchangeFail, k.handle); status != abi.StatusOK && status != abi.StatusClosed {
		k.s.failf("exchange_fail of a socket: %v", status)
	}
}

// event is what the handler is told of k.
func (k *simSocket) event(ev Event) {
	s, t := k.s, k.tunnel
	if k.closed || k.failed && ev.Kind != abi.EventClose || ev.Target != k.handle {
		s.failf("an event of kind %d for a socket that is over", ev.Kind)
	}
	switch ev.Kind {
	case abi.EventConnected:
		if k.connected || k.node != s.client || t != nil && t.got > 0 {
			s.failf("a socket is connected twice, or late")
		}
		k.connected = true
	case abi.EventTimeout:
		s.count("timeout")
		if t != nil && s.fault(3) {
			t.abort()
		}
	case abi.EventConnection:
		if k.calls++; k.calls > 1 {
			s.failf("a connection is told twice")
		}
		if s.chance(4) {
			k.set(abi.SocketTimeout, 1+s.r.Int64N(50*ms))
		}
		if s.fault(10) {
			k.node.later(s.r.Int64N(50*ms), k.die)
		}
	case abi.EventClose:
		k.closed = true
		if ev.Flags&abi.EventDone == 0 {
			s.failf("a socket closes without being done")
		}
		if t != nil {
			t.close()
		}
	case abi.EventError:
		k.failed = true
		if t == nil || k.link.excuse == "" {
			s.failf("a socket fails for no reason: %s", ev.Head)
		}
	case abi.EventUpgrade, abi.EventConnect, abi.EventClientError:
		k.takenOver(ev)
	case abi.EventData, abi.EventDrain, abi.EventFinish:
		if t == nil {
			s.failf("an event of kind %d for a socket that is not raw", ev.Kind)
		}
		t.event(ev)
	default:
		s.failf("an event of kind %d for a socket", ev.Kind)
	}
}

// simTunnel is what a handler does with a raw socket: it sends bytes of one stream and checks those of another.
type simTunnel struct {
	k      *simSocket
	s      *simulation
	number int    // whose bytes they are
	prefix []byte // goes first
	out    int    // the stream that it sends
	size   int    // bytes of it
	echo   bool   // as many as have been received
	limit  int    // but no more
	in     int    // the stream that it gets; 0: anything
	skips  bool   // a head comes first
	text   []byte

	sent, got       int
	gotEnd, endSent bool
	pausedAt        uint64 // simulation.step
	drainOwed       bool
	finishOwed      bool
	stopped         bool
	aborted, closed bool
}

func (k *simSocket) newTunnel(number int) *simTunnel {
	if k.tunnel != nil {
		k.s.failf("a socket becomes raw twice")
	}
	k.tunnel = &simTunnel{k: k, s: k.s, number: number, limit: 1 << 30}
	k.s.tunnels = append(k.s.tunnels, k.tunnel)
	return k.tunnel
}

// tunnelOf returns the server's tunnel on a link.
func (s *simulation) tunnelOf(l *simLink) *simTunnel {
	for _, t := range s.tunnels {
		if t.k.link == l && t.k.node == s.server {
			return t
		}
	}
	return nil
}

// takenOver is how a connection to the server becomes raw.
func (k *simSocket) takenOver(ev Event) {
	s := k.s
	if ev.Kind == abi.EventClientError {
		t := k.newTunnel(-1)
		t.prefix = []byte("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
		if strings.Contains(string(ev.Head[4:]), "REQUEST_TIMEOUT") && !s.calm {
			k.link.excused("timeout")
		}
		if !k.link.garbage && k.link.excuse == "" {
			s.failf("a client error for no reason: %s", ev.Head[4:])
		}
		t.step()
		return
	}
	q := decodeRequest(s.t, ev.Head)
	number, err := strconv.Atoi(strings.TrimSuffix(strings.TrimLeft(q.target, "h/"), ":443"))
	if err != nil || number >= len(s.calls) || !s.calls[number].switches || s.calls[number].method != q.method {
		s.failf("the server is asked to switch protocols by nobody: %s", q.target)
	}
	c := s.calls[number]
	if c.seen++; c.seen > 2 || c.seen > 1 && (!c.idempotent() || len(c.sockets) < 2) {
		s.failf("call %d arrives again", number)
	}
	t := k.newTunnel(number)
	switch {
	case c.refused && c.method == "CONNECT":
		t.prefix = []byte("HTTP/1.1 403 No\r\nX-S: r" + strconv.Itoa(number) + "\r\nConnection: close\r\n\r\n")
		t.out, t.size = 1, c.tunneled
	case c.refused:
		t.prefix = []byte("HTTP/1.1 200 OK\r\nX-S: r" + strconv.Itoa(number) + "\r\n\r\n")
		t.out, t.size = 1, c.tunneled
	case c.method == "CONNECT":
		t.prefix = []byte("HTTP/1.1 200 OK\r\nX-S: x\r\n\r\n")
		t.out, t.echo, t.in, t.limit = 3, true, 2, c.limit
	default:
		t.prefix = []byte("HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		t.out, t.echo, t.in, t.limit = 3, true, 2, c.limit
	}
	t.receive(ev.Body)
	if s.fault(10) {
		k.node.later(s.r.Int64N(100*ms), t.abort)
	}
	if s.chance(4) {
		k.set(abi.SocketTimeout, 1+s.r.Int64N(50*ms))
	}
	k.node.later(s.delay(), t.step)
}

func (t *simTunnel) event(ev Event) {
	s := t.s
	switch ev.Kind {
	case abi.EventData:
		if t.gotEnd || t.pausedAt > 0 && t.pausedAt < s.step {
			s.failf("data of a socket that has ended or is paused")
		}
		if ev.Flags&abi.EventEnd != 0 {
			t.gotEnd = true
			t.check()
		}
		t.receive(ev.Body)
		if len(ev.Body) > 0 && s.chance(6) {
			t.pause()
		}
		t.step()
	case abi.EventDrain:
		if !t.drainOwed {
			s.failf("a drain that a socket does not wait for")
		}
		t.drainOwed = false
		t.step()
	case abi.EventFinish:
		if !t.finishOwed {
			s.failf("a finish that a socket does not wait for")
		}
		t.finishOwed = false
	}
}

// receive checks bytes of the other side.
func (t *simTunnel) receive(p []byte) {
	if t.skips || t.number < 0 {
		t.text = append(t.text, p...)
		i := bytes.Index(t.text, []byte("\r\n\r\n"))
		if !t.skips || i < 0 {
			return
		}
		t.skips = false
		p = t.text[i+4:]
		t.text = t.text[:i]
	}
	if t.in != 0 && t.k.link.spoof == 0 {
		t.s.checkBody(t.number, t.in, t.got, p)
	}
	t.got += len(p)
}

func (t *simTunnel) pause() {
	s, n := t.s, t.k.node
	if n.do(abi.OpRequestPause, t.k.handle) == abi.StatusOK {
		t.pausedAt = s.step
		n.later(s.delay(), func() {
			if t.pausedAt = 0; !t.closed {
				n.do(abi.OpRequestResume, t.k.handle)
			}
		})
	}
}

// step sends what is to be sent.
func (t *simTunnel) step() {
	s, n := t.s, t.k.node
	for !t.closed && !t.endSent && !t.drainOwed && !t.stopped && !t.aborted {
		size := t.size
		if t.echo {
			size = min(t.got, t.limit)
		}
		var p []byte
		if len(t.prefix) > 0 {
			p, t.prefix = t.prefix, nil
		} else {
			k := s.piece(size - t.sent)
			p = simBody(t.number, t.out, t.sent, k)
			t.sent += k
		}
		end := len(t.prefix) == 0 && t.sent == size && (!t.echo || t.gotEnd || t.sent == t.limit) && s.chance(2)
		if len(p) == 0 && !end && t.echo && !t.gotEnd && t.sent < t.limit {
			return
		}
		var flags uint32
		if end {
			flags, t.endSent = abi.SendEnd, true
		}
		status, _ := n.send(abi.OpSocketSend, t.k.handle, flags, nil, p)
		s.logf("%s on link %d: send %d %v: %v", n.name, t.k.link.number, len(p), end, status)
		switch status {
		case abi.StatusOK:
		case abi.StatusQueued:
			t.drainOwed, t.finishOwed = !end, end
		case abi.StatusClosed, abi.StatusReset:
			t.stopped = true
		default:
			s.failf("socket_send: %v", status)
		}
		if s.chance(3) {
			n.later(s.delay(), t.step)
			return
		}
	}
}

func (t *simTunnel) abort() {
	if t.closed || t.aborted {
		return
	}
	t.aborted = true
	t.k.link.excused("aborted by " + t.k.node.name)
	t.k.node.do(abi.OpExchangeAbort, t.k.handle)
}

// check is for when the peer has ended its side.
func (t *simTunnel) check() {
	s, l := t.s, t.k.link
	if l.excuse != "" {
		return
	}
	want := t.got
	for _, other := range s.tunnels {
		if other.k.link == l && other != t && t.in != 0 {
			want = other.sent
			if !other.endSent {
				s.failf("an end of link %d that the other side did not send", l.number)
			}
		}
	}
	if t.got != want {
		s.failf("link %d: %d bytes of %d before the end", l.number, t.got, want)
	}
	if t.number < 0 && t.k.node == s.client && !strings.HasPrefix(string(t.text), "HTTP/1.1 400 ") {
		s.failf("garbage is answered by %q", t.text)
	}
}

func (t *simTunnel) close() {
	s := t.s
	t.closed = true
	s.count("tunnels")
	if t.k.link.excuse == "" && (!t.gotEnd || !t.endSent) {
		s.failf("link %d closes before both sides have ended", t.k.link.number)
	}
}
