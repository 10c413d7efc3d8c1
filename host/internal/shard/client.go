package shard

import (
	"math"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/internal/netloop"
)

// acquire hands the stack an operation that has a handle for its result.
func (s *Shard) acquire(op abi.Operation, target uint64, record []byte) (handle uint64, status abi.Status) {
	if s.stack == nil || s.fault != nil {
		return 0, abi.StatusClosed
	}
	if len(record) > 0 {
		inbox, err := s.stack.inbox.Buffer(uint32(len(record)))
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

// open begins something new of h.
func (h *handler) open(op abi.Operation, destination []byte) (uint64, abi.Status) {
	s := h.shard
	if len(destination) > abi.MaxDestinationSize {
		return 0, abi.StatusInvalid
	}
	opened, status := s.acquire(op, h.target(0), destination)
	if status != abi.StatusOK {
		return 0, status
	}
	handle, err := s.handles.openNow(opened, h)
	if err != nil {
		s.misused("on_handle", err)
		return 0, abi.StatusClosed
	}
	return handle, abi.StatusOK
}

// RequestOpen implements httpabi.Host.
func (h *handler) RequestOpen(destination []byte) (uint64, abi.Status) {
	return h.open(abi.OpRequestOpen, destination)
}

// RequestSend implements httpabi.Host.
func (h *handler) RequestSend(exchange uint64, flags uint32, head, body []byte) abi.Status {
	return h.sendMessage(abi.OpRequestSend, exchange, flags, head, body)
}

// SocketOpen implements httpabi.Host.
func (h *handler) SocketOpen(destination []byte) (uint64, abi.Status) {
	return h.open(abi.OpSocketOpen, destination)
}

// SocketOf implements httpabi.Host.
func (h *handler) SocketOf(exchange uint64) (uint64, abi.Status) {
	s := h.shard
	x := s.handles.get(exchange)
	if x == nil || x.owner != h {
		return 0, abi.StatusClosed
	}
	socket, status := s.acquire(abi.OpSocketOf, x.stack, nil)
	if status != abi.StatusOK {
		return 0, status
	}
	handle, err := s.socketHandle(socket, h)
	if err != nil {
		s.misused("on_handle", err)
		return 0, abi.StatusClosed
	}
	return handle, abi.StatusOK
}

// SocketSend implements httpabi.Host.
func (h *handler) SocketSend(socket uint64, flags uint32, p []byte) abi.Status {
	if flags&^abi.SendEnd != 0 {
		return abi.StatusInvalid
	}
	return h.send(abi.OpSocketSend, socket, flags, nil, p)
}

// SocketSet implements httpabi.Host.
func (h *handler) SocketSet(socket uint64, option abi.SocketOption, value int64) abi.Status {
	return h.relay(abi.OpSocketSet, socket, uint32(option), nil, nil, value)
}

// SocketInfo implements httpabi.Host. The stack says which connection is meant.
func (h *handler) SocketInfo(socket uint64, to []byte) (int, abi.Status) {
	s := h.shard
	x := s.handles.get(socket)
	if x == nil || x.owner != h {
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

// TimerSet implements httpabi.Host.
func (h *handler) TimerSet(delay int64) {
	if delay < 0 {
		h.timer.Set(0)
		return
	}
	now := h.shard.loop.Now()
	at := now + delay
	switch {
	case at < now: // the sum does not fit
		at = math.MaxInt64
	case at == 0: // which would disarm it
		at = 1
	}
	h.timer.Set(at)
}

// timeout tells h that its timer is due.
func (h *handler) timeout(int64) {
	h.event(abi.EventTimer, 0, 0, 0, 0)
	h.shard.settle()
}
