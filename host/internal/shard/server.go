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

// server is what a handler listens on itself. Its handle outlives the instance: see orphan and adoptRetired.
type server struct {
	*Listener
	ports   Listeners // where it was opened
	owner   *instance
	number  uint32 // the owner's number for it
	request ListenRequest
	record  []byte // of server_listen, for a fresh stack
	mask    uint32 // of server_listeners, for a fresh stack
	address string // "": it is not open yet
}

// openServer begins to listen.
func (i *instance) openServer(r *ListenRequest, record []byte) *server {
	s, ports := i.shard, i.version.listeners()
	l := &server{Listener: s.newListener(abi.Options{}), ports: ports, owner: i, number: r.Server, request: *r, record: bytes.Clone(record)}
	l.handle = s.loop.NewListenerHandle()
	s.servers[l.handle] = l
	i.servers[l.number] = l
	i.asked++
	ports.Open(r, l.Listener, func(address string, status abi.Status, text string) {
		s.loop.Post(func() {
			i.asked--
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
	if !l.owner.dead {
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
	l.ports.Close(l.Listener)
	s.stir(l.owner.version) // what waits for it waits in vain
}

// give makes l the server of i that has this number, and has i told where it listens, unless it is to be told anyway.
func (s *Shard) give(l *server, i *instance, number uint32, record []byte) bool {
	if l.address != "" && !i.note(notice{kind: abi.EventListening, target: uint64(number), text: l.address}) {
		return false
	}
	delete(l.owner.servers, l.number)
	l.owner, l.number, l.record, l.mask = i, number, bytes.Clone(record), 0
	i.servers[number] = l
	return true
}

// takeOver has the connections of another server of i come to the one with this number.
func (i *instance) takeOver(number uint32, record []byte) (uint64, abi.Status) {
	l := i.servers[abi.Decode[abi.ListenRequest](record).Number]
	if l == nil {
		return i.deny(number, abi.StatusInvalid, "the server does not listen")
	}
	if !i.shard.give(l, i, number, record) {
		return 0, abi.StatusClosed
	}
	return uint64(l.handle), abi.StatusOK
}

// ServerListeners implements httpabi.Host. Of the host's listeners the stack is told what all handlers listen to.
func (i *instance) ServerListeners(number, mask uint32) abi.Status {
	s := i.shard
	if number == 0 {
		i.listenTo(mask)
		return abi.StatusOK
	}
	if p := i.postponedAs(number); p != nil {
		p.mask = mask
		return abi.StatusOK
	}
	status := abi.Status(s.operate(abi.OpServerListeners, i.target(number), mask, nil, nil, 0) & abi.ResultStatusMask)
	if l := i.servers[number]; l != nil && status == abi.StatusOK {
		l.mask = mask
	}
	return status
}

// listenTo takes note of server_listeners for server 0. What a Fresh instance says in a request is over with that.
func (i *instance) listenTo(mask uint32) {
	v := i.version
	i.mask = mask
	if v.Isolation == Fresh && !i.idle {
		return
	}
	v.mask = mask
	if v.routed {
		i.shard.tellListeners()
	}
}

// ServerClose implements httpabi.Host.
func (i *instance) ServerClose(number uint32) abi.Status {
	if p := i.postponedAs(number); p != nil {
		i.forgetPostponed(number)
		i.note(notice{kind: abi.EventServerClose, target: uint64(number)})
		return abi.StatusOK
	}
	return abi.Status(i.shard.operate(abi.OpServerClose, i.target(number), 0, nil, nil, 0) & abi.ResultStatusMask)
}

// rejoinServers tells a fresh stack of what handlers listen on.
func (s *Shard) rejoinServers() {
	for _, l := range s.servers {
		i := l.owner
		if i.dead {
			continue // nobody's; the next instance may ask for it
		}
		s.asking, s.rejoining = i, l
		s.operate(abi.OpServerListen, i.target(l.number), 0, l.record, nil, 0)
		s.asking, s.rejoining = nil, nil
		if l.mask != 0 {
			s.operate(abi.OpServerListeners, i.target(l.number), l.mask, nil, nil, 0)
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
	if i := s.numbers[uint32(e.Target>>32)]; i != nil {
		i.deliver(e, uint64(uint32(e.Target)), 0, nil)
	}
}
