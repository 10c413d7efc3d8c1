package stack

import (
	"strconv"

	"github.com/portholehttp/porthole/abi"
)

// size is that of a body.
func (s *simulation) size() int {
	switch n := s.r.IntN(40); {
	case n < 10:
		return 0
	case n < 28:
		return 1 + s.r.IntN(100)
	case n < 37:
		return s.r.IntN(3000)
	case n < 39:
		return s.r.IntN(20_000)
	default:
		return s.r.IntN(150_000)
	}
}

// newCall plans a request.
func (s *simulation) newCall() *simCall {
	c := &simCall{s: s, number: len(s.calls), agent: s.agents[s.r.IntN(len(s.agents))], declared: -1, limit: 1 << 30}
	s.calls = append(s.calls, c)
	c.method = []string{"GET", "GET", "HEAD", "POST", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND"}[s.r.IntN(10)]
	if s.uniform && !s.chance(4) {
		c.method, c.whole = "GET", true
		if s.chance(3) {
			c.times = 1 + s.r.Int64N(2*sec)
		}
		return c
	}
	if c.method == "POST" || c.method == "PUT" || s.chance(4) {
		c.size = s.size()
	}
	c.whole = s.chance(2)
	if s.chance(3) {
		c.declared = c.size
	}
	c.trailers, c.expect, c.closes = s.chance(4), s.chance(8), s.chance(12)
	if s.fault(25) {
		c.declared = s.r.IntN(c.size + 10)
	}
	if s.chance(8) {
		c.switches, c.method, c.size, c.whole, c.declared, c.expect = true, "GET", 0, true, -1, false
		if s.chance(2) {
			c.method = "CONNECT"
		}
		c.closes = false
		c.refused, c.tunneled = s.chance(4), s.size()
		if s.chance(4) {
			c.limit = s.r.IntN(c.tunneled + 1)
		}
	}
	if s.fault(4) {
		c.abort, c.fails = 1+simStage(s.r.IntN(int(stages)-1)), s.chance(6)
	}
	if s.chance(4) {
		c.pauses = 3
	}
	c.removes = s.chance(10)
	if s.chance(6) {
		c.times = 1 + s.r.Int64N(50*ms)
	}
	return c
}

// openSocket opens a raw socket to the server, and speaks HTTP on it by hand, or what is none.
func (s *simulation) openSocket() {
	n := s.client
	h, status := n.open(abi.OpSocketOpen, 7<<32, (&simAgent{port: 1 + uint16(s.r.IntN(int(simPorts)))}).destination())
	if status != abi.StatusOK {
		s.refused--
		return
	}
	k := n.socket(h)
	t := k.newTunnel(-1)
	if s.chance(2) {
		k.link.garbage = true
		t.prefix = []byte("GARBAGE\r\n\r\n")
	} else {
		c := s.newCall()
		*c = simCall{s: s, number: c.number, method: "GET", switches: true, tunnel: true, done: true, limit: 1 << 30}
		t.number, t.skips = c.number, true
		t.prefix = []byte("GET /" + strconv.Itoa(c.number) + " HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
		t.out, t.in, t.size = 2, 3, s.size()
		if s.listens&abi.ListenUpgrade == 0 {
			k.link.excused("nobody listens")
		}
	}
	t.step()
}
