package shard

import (
	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/httpabi"
)

var _ httpabi.Host = (*instance)(nil)

const (
	// pieceSize is the most of a body that the stack is handed at once.
	pieceSize = 64 << 10
	// maxHead is the largest record that is relayed. The stack keeps an inbox of the largest that it was given.
	maxHead = 1 << 20
)

// relay hands an operation on an exchange or a socket to the stack. One of another handler is as one that is over.
func (i *instance) relay(op abi.Operation, handle uint64, flags uint32, head, body []byte, rest int64) abi.Status {
	s := i.shard
	x := s.handles.get(handle)
	if x == nil || x.owner != i {
		return abi.StatusClosed
	}
	if len(head) > maxHead {
		return abi.StatusInvalid
	}
	n := int64(len(head) + len(body))
	if sends(op) && i.version.unsent+n > i.version.Limits.MaxQueuedBytes {
		s.operate(abi.OpExchangeAbort, x.stack, 0, nil, nil, 0)
		return abi.StatusLimit
	}
	result := s.operate(op, x.stack, flags, head, body, rest)
	status := abi.Status(result & abi.ResultStatusMask)
	switch {
	case sends(op):
		i.sent(x, op, flags, head, n, status)
	case status != abi.StatusOK:
	case op == abi.OpRequestPause:
		x.paused = true
	case op == abi.OpRequestResume:
		x.paused = false
	}
	if result&abi.ResultDone != 0 {
		s.over(handle)
	}
	return status
}

// ResponseSend implements httpabi.Host.
func (i *instance) ResponseSend(exchange uint64, flags uint32, head, body []byte) abi.Status {
	return i.sendMessage(abi.OpResponseSend, exchange, flags, head, body)
}

// sendMessage is send for HTTP.
func (i *instance) sendMessage(op abi.Operation, exchange uint64, flags uint32, head, body []byte) abi.Status {
	if flags&^(abi.SendHead|abi.SendEnd|abi.SendTrailers) != 0 {
		return abi.StatusInvalid
	}
	return i.send(op, exchange, flags, head, body)
}

// send hands bytes to the stack. A large body goes in pieces; the head goes with the first, for it chooses the
// framing, and all else with each, so that what is INVALID is so before any effect.
func (i *instance) send(op abi.Operation, handle uint64, flags uint32, head, body []byte) abi.Status {
	for len(body) > pieceSize {
		piece, rest := body[:pieceSize], body[pieceSize:]
		status := i.relay(op, handle, flags|abi.SendMore, head, piece, int64(len(rest)))
		if !status.OK() && status != abi.StatusBodyLength { // which is for the last piece to tell: the end is to come
			return status
		}
		if flags&abi.SendHead != 0 {
			flags, head = flags&^abi.SendHead, nil
		}
		body = rest
	}
	return i.relay(op, handle, flags, head, body, 0)
}

// ResponseInform implements httpabi.Host.
func (i *instance) ResponseInform(exchange uint64, head []byte) abi.Status {
	return i.relay(abi.OpResponseInform, exchange, 0, head, nil, 0)
}

// RequestPause implements httpabi.Host.
func (i *instance) RequestPause(exchange uint64) abi.Status {
	return i.relay(abi.OpRequestPause, exchange, 0, nil, nil, 0)
}

// RequestResume implements httpabi.Host.
func (i *instance) RequestResume(exchange uint64) abi.Status {
	return i.relay(abi.OpRequestResume, exchange, 0, nil, nil, 0)
}

// ExchangeAbort implements httpabi.Host.
func (i *instance) ExchangeAbort(exchange uint64) abi.Status {
	return i.relay(abi.OpExchangeAbort, exchange, 0, nil, nil, 0)
}
