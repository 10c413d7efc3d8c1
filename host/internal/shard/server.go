package shard

import (
	"bytes"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/internal/netloop"
)

// Listeners opens what handlers listen on. It is shared by shards: its methods are safe for concurrent use, and do not block.
type Listeners interface {
	// Granted says why a handler may not listen there, or nil.
	Granted(*ListenRequest) error
	// Open begins to listen, together with other shards that ask for the same, and has connections attached to l. Then opened is
	// called once, from any goroutine: with the bound address, or with a status and a text that says why not.
	Open(r *ListenRequest, l *Listener, opened func(address string, status abi.Status, text string))
	// Close takes l out. What no shard listens on any more is closed.
	Close(l *Listener)
}

// maxServers is how many listeners one handler may have.
const maxServers = 256

// server is what a handler listens on itself. Its handle outlives the handler: see orphan.
type server struct {
	*Listener
	owner   *handler
	number  uint32 // the owner's number for it
	request ListenRequest
	record  []byte // of server_listen, for a fresh stack
	mask    uint32 // of server_listeners, for a fresh stack
	address string // "": it is not open yet
}

// openServer begins to listen.
func (h *handler) openServer(r *ListenRequest, record []byte) *server {
	s := h.shard
	l := &server{Listener: s.newListener(abi.Options{}), owner: h, number: r.Server, request: *r, record: bytes.Clone(record)}
	l.handle = s.loop.NewListenerHandle()
	s.servers[l.handle] = l
	h.servers[l.number] = l
	h.asked++
	s.config.Listeners.Open(r, l.Listener, func(address string, status abi.Status, text string) {
		s.loop.Post(func() {
			h.asked--
			s.opened(l, address, status, text)
		})
	})
	return l
}

// opened tells the handler what came of openServer.
func (s *Shard) opened(l *server, address string, status abi.Status, text string) {
	if s.servers[l.handle] != l {
		return // closed meanwhile
	}
	l.address = address
	kind, flags := abi.EventListening, uint32(0)
	if status != abi.StatusOK {
		kind, flags, address = abi.EventListenError, abi.StatusFlags(status), text
		s.unheard[l.handle] = struct{}{}
		s.closeListener(l.Listener)
	}
	if l.owner == s.handler {
		l.owner.tell(kind, flags, uint64(l.number), address)
	}
	s.settle()
}

// release ends a server.
func (s *Shard) release(l *server) {
	if s.servers[l.handle] != l {
		return
	}
	delete(s.servers, l.handle)
	if l.owner.servers[l.number] == l {
		delete(l.owner.servers, l.number)
	}
	s.loop.CloseHandle(l.handle, false)
	close(l.closed)
	s.config.Listeners.Close(l.Listener)
}

// give makes l the server of h that has this number, and has h told where it listens, unless it is to be told anyway.
func (s *Shard) give(l *server, h *handler, number uint32, record []byte) bool {
	if l.address != "" && !h.note(notice{h, abi.EventListening, 0, number, l.address}) {
		return false
	}
	delete(l.owner.servers, l.number)
	l.owner, l.number, l.record, l.mask = h, number, bytes.Clone(record), 0
	h.servers[number] = l
	return true
}

// takeOver has the connections of another server of h come to the one with this number.
func (h *handler) takeOver(number uint32, record []byte) (uint64, abi.Status) {
	l := h.servers[abi.Decode[abi.ListenRequest](record).Number]
	if l == nil {
		return h.refuse(number, abi.StatusInvalid, "the server does not listen")
	}
	if !h.shard.give(l, h, number, record) {
		return 0, abi.StatusClosed
	}
	return uint64(l.handle), abi.StatusOK
}

// listensTo takes note of server_listeners.
func (h *handler) listensTo(number, mask uint32) {
	if number == 0 {
		h.mask = mask
	} else if l := h.servers[number]; l != nil {
		l.mask = mask
	}
}

// rejoinServers tells a fresh stack of what the handler listens on.
func (s *Shard) rejoinServers() {
	for _, l := range s.servers {
		h := l.owner
		if h != s.handler {
			continue // nobody's; the next handler may ask for it
		}
		s.asking, s.rejoining = h, l
		s.operate(abi.OpServerListen, h.target(l.number), 0, l.record, nil, 0)
		s.asking, s.rejoining = nil, nil
		if l.mask != 0 {
			s.operate(abi.OpServerListeners, h.target(l.number), l.mask, nil, nil, 0)
		}
	}
}

// deliverServerClose tells a handler that its server is closed, unless it knows.
func (s *Shard) deliverServerClose(e *event) {
	handle := netloop.Handle(e.Other)
	if _, known := s.unheard[handle]; known {
		delete(s.unheard, handle)
		return
	}
	if h := s.handler; h != nil && h.number == uint32(e.Target>>32) {
		h.deliver(e, uint64(uint32(e.Target)))
	}
}
