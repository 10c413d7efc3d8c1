package shard

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/route"
	"github.com/portholehttp/porthole/host/internal/sockabi"
	"github.com/portholehttp/porthole/internal/netloop"
)

// ErrNotPrepared is in the chain of what SetRoutes returns for a handler that is not prepared.
var ErrNotPrepared = errors.New("the handler is not prepared")

// root is the pattern of every request. Who has it gets what is no request, too: connections, and what is no HTTP.
const root = "/"

// routes say whose the requests are that come to listeners of the host.
type routes struct {
	table    *route.Table[*version]
	root     *version // of the pattern "/"; nil if there is none
	only     bool     // there is no other pattern
	told     uint32   // what the stack was told of listeners: bits of all versions
	versions map[*version]struct{}
}

// SetRoutes has requests go by patterns (see package route) to handlers that are prepared, from now on: it returns when that is so.
// A handler that is in routes no more is retired: what it has finishes, nothing new reaches it, and after Limits.RetireTimeout what is left
// is cut. See Retired.
//
// What a new handler asks to listen on it gets now; if one that is retired has the same, with connections that have come and
// none lost in between.
//
// The error is ErrClosed, one with ErrNotPrepared, or those of route.New; then all is as before.
func (s *Shard) SetRoutes(routes map[string]*Handler) error {
	result := make(chan error, 1)
	return s.await(result, func() {
		err := s.setRoutes(routes)
		s.settle()
		result <- err
	})
}

func (s *Shard) setRoutes(handlers map[string]*Handler) error {
	if s.draining || s.stack == nil {
		return ErrClosed
	}
	next := routes{root: nil, only: len(handlers) == 1, told: s.routes.told, versions: make(map[*version]struct{})}
	byPattern := make(map[string]*version, len(handlers))
	for pattern, h := range handlers {
		v := s.version(h)
		if v == nil || !v.ready {
			return fmt.Errorf("route %q: %w", pattern, ErrNotPrepared)
		}
		byPattern[pattern] = v
		next.versions[v] = struct{}{}
	}
	var err error
	if next.table, err = route.New(byPattern); err != nil {
		return err
	}
	next.root = byPattern[root]
	next.only = next.only && next.root != nil
	last := s.routes
	s.routes = next
	var retired []*version
	for _, v := range s.all { // in the order in which they came, so that a run can be repeated
		_, before := last.versions[v]
		_, now := next.versions[v]
		switch {
		case before && !now:
			v.retired = true
			retired = append(retired, v)
		case now:
			v.routed = true
		}
	}
	for _, v := range s.all {
		if _, before := last.versions[v]; v.routed && !before {
			v.listenNow()
		}
	}
	for _, v := range retired {
		s.retire(v)
	}
	s.tellListeners()
	return nil
}

// tellListeners tells the stack what optional events to raise for requests on the host's listeners. Those that a handler
// does not listen to, but another one does, are not for it: see suits.
func (s *Shard) tellListeners() {
	const byRequest = abi.ListenCheckContinue | abi.ListenConnect | abi.ListenUpgrade
	var mask uint32
	for v := range s.routes.versions {
		mask |= v.mask & byRequest
	}
	if v := s.routes.root; v != nil {
		mask |= v.mask & abi.ListenClientError
		if !v.alone() {
			mask |= v.mask & abi.ListenConnection
		}
	}
	if mask != s.routes.told {
		s.routes.told = mask
		s.operate(abi.OpServerListeners, 0, mask, nil, nil, 0)
	}
}

// destination returns whose an event is that begins something, and by which pattern; l is the handler's own listener on which it came. nil: it is nobody's.
func (s *Shard) destination(e *event) (v *version, l *server, pattern string) {
	if len(s.servers) > 0 {
		if l = s.servers[netloop.Handle(e.Other)]; l == nil && e.Other == 0 {
			l = s.successor(e)
		}
		if l != nil {
			return l.owner.version, l, ""
		}
	}
	r := &s.routes
	if r.only || !hasRequest(e.Kind) {
		return r.root, nil, root
	}
	head := readRequest(s.stack.view(e.Head))
	v, pattern, _ = r.table.Match(head.field("host"), head.target)
	return v, nil, pattern
}

// successor returns who has the listener now on which the connection of a request came in, for a server that has lost its own to another. nil
// if that is not certain.
func (s *Shard) successor(e *event) (l *server) {
	head := s.stack.view(e.Head)
	if !hasRequest(e.Kind) || len(head) < abi.RequestHeadSize {
		return nil
	}
	number := binary.LittleEndian.Uint32(head[28:])
	for _, other := range s.servers {
		if other.number == number && number != 0 {
			if l != nil {
				return nil
			}
			l = other
		}
	}
	return l
}

// hasRequest reports whether the head of an event that begins something is an abi.RequestHead.
func hasRequest(kind abi.EventKind) bool {
	switch kind {
	case abi.EventRequest, abi.EventCheckContinue, abi.EventUpgrade, abi.EventConnect:
		return true
	}
	return false
}

// view returns a piece of the stack's memory, which was there when the event was raised. It is valid until the stack runs again.
func (st *stack) view(r sockabi.Range) []byte {
	view, _ := st.instance.View(r.Offset, r.Size)
	return view
}
