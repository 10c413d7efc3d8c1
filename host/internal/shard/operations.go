package shard

import (
	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/httpabi"
)

var _ httpabi.Host = (*handler)(nil)

const (
	// pieceSize is the most of a body that the stack is handed at once.
	pieceSize = 64 << 10
	// maxHead is the largest record that is relayed. The stack keeps an inbox of the largest that it was given.
	maxHead = 1 << 20
)

// relay hands an operation on an exchange or a socket to the stack. One of another handler is as one that is over.
func (h *handler) relay(op abi.Operation, handle uint64, flags uint32, head, body []byte, rest int64) abi.Status {
	s := h.shard
	x := s.handles.get(handle)
	if x == nil || x.owner != h {
		return abi.StatusClosed
	}
	if len(head) > maxHead {
		return abi.StatusInvalid
	}
	result := s.operate(op, x.stack, flags, head, body, rest)
	if result&abi.ResultDone != 0 {
		s.handles.close(handle)
	}
	return abi.Status(result & abi.ResultStatusMask)
}

// ResponseSend implements httpabi.Host.
func (h *handler) ResponseSend(exchange uint64, flags uint32, head, body []byte) abi.Status {
	return h.sendMessage(abi.OpResponseSend, exchange, flags, head, body)
}

// sendMessage is send for HTTP.
func (h *handler) sendMessage(op abi.Operation, exchange uint64, flags uint32, head, body []byte) abi.Status {
	if flags&^(abi.SendHead|abi.SendEnd|abi.SendTrailers) != 0 {
		return abi.StatusInvalid
	}
	return h.send(op, exchange, flags, head, body)
}

// send hands bytes to the stack. A large body goes in pieces; the head goes with the first, for it chooses the
// framing, and all else with each, so that what is INVALID is so before any effect.
func (h *handler) send(op abi.Operation, handle uint64, flags uint32, head, body []byte) abi.Status {
	for len(body) > pieceSize {
		piece, rest := body[:pieceSize], body[pieceSize:]
		status := h.relay(op, handle, flags|abi.SendMore, head, piece, int64(len(rest)))
		if !status.OK() && status != abi.StatusBodyLength { // which is for the last piece to tell: the end is to come
			return status
		}
		if flags&abi.SendHead != 0 {
			flags, head = flags&^abi.SendHead, nil
		}
		body = rest
	}
	return h.relay(op, handle, flags, head, body, 0)
}

// ResponseInform implements httpabi.Host.
func (h *handler) ResponseInform(exchange uint64, head []byte) abi.Status {
	return h.relay(abi.OpResponseInform, exchange, 0, head, nil, 0)
}

// RequestPause implements httpabi.Host.
func (h *handler) RequestPause(exchange uint64) abi.Status {
	return h.relay(abi.OpRequestPause, exchange, 0, nil, nil, 0)
}

// RequestResume implements httpabi.Host.
func (h *handler) RequestResume(exchange uint64) abi.Status {
	return h.relay(abi.OpRequestResume, exchange, 0, nil, nil, 0)
}

// ExchangeAbort implements httpabi.Host.
func (h *handler) ExchangeAbort(exchange uint64) abi.Status {
	return h.relay(abi.OpExchangeAbort, exchange, 0, nil, nil, 0)
}

// ServerClose implements httpabi.Host.
func (h *handler) ServerClose(server uint32) abi.Status {
	return abi.Status(h.shard.operate(abi.OpServerClose, h.target(server), 0, nil, nil, 0) & abi.ResultStatusMask)
}

// ServerListeners implements httpabi.Host.
func (h *handler) ServerListeners(server, mask uint32) abi.Status {
	status := abi.Status(h.shard.operate(abi.OpServerListeners, h.target(server), mask, nil, nil, 0) & abi.ResultStatusMask)
	if status == abi.StatusOK {
		h.listensTo(server, mask)
	}
	return status
}
