package shard

import (
	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/internal/netloop"
)

// acquire hands the stack an operation that has a handle for its result.
func (s *Shard) acquire(op abi.Operation, target uint64, record []byte) (handle uint64, status abi.Status) {
	if s.stack == nil || s.fault != nil {
		return 0, abi.StatusClosed
	}
	if len(record) > 0 {
		inbox, err := s.stack.inbox(uint32(len(record)))
		if err != nil {
			s.fault = err
			return 0, abi.StatusClosed
		}
		copy(inbox, record)
	}
	result, err := s.stack.handle.Call(uint64(op), target, uint64(len(record)))
	if err != nil {
		s.fault = err
		return 0, abi.StatusClosed
	}
	s.turn = true
	if r := int64(result); r <= 0 {
		return 0, abi.Status(min(max(-r, int64(abi.StatusClosed)), abi.ResultStatusMask)) // OK without a handle: there is none
	}
	return result, abi.StatusOK
}

// open begins something new of i.
func (i *instance) open(op abi.Operation, destination []byte, k kind) (uint64, abi.Status) {
	s := i.shard
	if len(destination) > abi.MaxDestinationSize {
		return 0, abi.StatusInvalid
	}
	opened, status := s.acquire(op, i.target(0), destination)
	if status != abi.StatusOK {
		return 0, status
	}
	handle, err := s.handles.openNow(opened, i)
	if err != nil {
		s.misused("on_handle", err)
		return 0, abi.StatusClosed
	}
	i.enter(handle, k, nil)
	return handle, abi.StatusOK
}

// RequestOpen implements httpabi.Host.
func (i *instance) RequestOpen(destination []byte) (uint64, abi.Status) {
	if i.requests >= i.version.Limits.MaxOutboundRequests {
		return 0, abi.StatusLimit
	}
	return i.open(abi.OpRequestOpen, destination, ofClient)
}

// RequestSend implements httpabi.Host.
func (i *instance) RequestSend(exchange uint64, flags uint32, head, body []byte) abi.Status {
	return i.sendMessage(abi.OpRequestSend, exchange, flags, head, body)
}

// SocketOpen implements httpabi.Host.
func (i *instance) SocketOpen(destination []byte) (uint64, abi.Status) {
	return i.open(abi.OpSocketOpen, destination, ofSocket)
}

// SocketOf implements httpabi.Host. Who asks gets the connection: requests on it may go to several instances, one after the other or
// even at the same time, and another that has asked before is told that it is closed.
func (i *instance) SocketOf(exchange uint64) (uint64, abi.Status) {
	s := i.shard
	x := s.handles.get(exchange)
	if x == nil || x.owner != i {
		return 0, abi.StatusClosed
	}
	socket, status := s.acquire(abi.OpSocketOf, x.stack, nil)
	if status != abi.StatusOK {
		return 0, status
	}
	if other := s.handles.ofStack(socket); other != nil && other.owner != i {
		if other.kind != ofHTTP {
			return 0, abi.StatusClosed // it speaks HTTP no longer
		}
		other.owner.loses(other)
	}
	handle, err := s.socketHandle(socket, i)
	if err != nil {
		s.misused("on_handle", err)
		return 0, abi.StatusClosed
	}
	return handle, abi.StatusOK
}

// SocketSend implements httpabi.Host.
func (i *instance) SocketSend(socket uint64, flags uint32, p []byte) abi.Status {
	if flags&^abi.SendEnd != 0 {
		return abi.StatusInvalid
	}
	return i.send(abi.OpSocketSend, socket, flags, nil, p)
}

// SocketSet implements httpabi.Host.
func (i *instance) SocketSet(socket uint64, option abi.SocketOption, value int64) abi.Status {
	return i.relay(abi.OpSocketSet, socket, uint32(option), nil, nil, value)
}

// SocketInfo implements httpabi.Host. The stack says which connection is meant.
func (i *instance) SocketInfo(socket uint64, to []byte) (int, abi.Status) {
	s := i.shard
	x := s.handles.get(socket)
	if x == nil || x.owner != i {
		return 0, abi.StatusClosed
	}
	behind, status := s.acquire(abi.OpHostSocket, x.stack, nil)
	if status != abi.StatusOK {
		return 0, status
	}
	text := s.loop.Info(netloop.Handle(behind))
	if text == "" {
		return 0, abi.StatusClosed
	}
	if len(text) <= len(to) {
		copy(to, text)
	}
	return len(text), abi.StatusOK
}
