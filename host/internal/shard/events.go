package shard

import (
	"errors"
	"fmt"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/sockabi"
)

type event = sockabi.Event

const (
	// maxEventBody is the largest body of an event, which handlers are promised.
	maxEventBody = 64 << 10
	// maxEventHead is above the largest head: 1 MiB of text, twice, and 16 bytes for each field of 4 bytes or more.
	maxEventHead = 8 << 20
	// eventsKept is how many places of the queue are kept from one turn to the next.
	eventsKept = 1024
)

// EventEmit implements sockabi.Host.
func (s *Shard) EventEmit(e event) error {
	switch {
	case !s.emitting:
		return errors.New("an event is raised outside of an entry")
	case len(s.events) >= s.config.MaxEvents:
		return fmt.Errorf("more than %d events at once", s.config.MaxEvents)
	case e.Head.Size > maxEventHead || e.Body.Size > maxEventBody:
		return fmt.Errorf("an event of %d bytes of head and %d of body", e.Head.Size, e.Body.Size)
	}
	switch e.Kind {
	case abi.EventRequest, abi.EventCheckContinue, abi.EventData, abi.EventDrain, abi.EventFinish, abi.EventClose, abi.EventServerClose:
	default:
		return fmt.Errorf("an event of kind %d", e.Kind)
	}
	s.events = append(s.events, e)
	return nil
}

// deliver empties the queue. Nothing is added to it meanwhile. If the stack fails under an operation, the rest
// is left: its exchanges are over.
func (s *Shard) deliver() {
	for i := 0; i < len(s.events) && s.fault == nil; i++ {
		s.deliverEvent(&s.events[i])
	}
	if s.events = s.events[:0]; cap(s.events) > eventsKept {
		s.events = nil
	}
}

func (s *Shard) deliverEvent(e *event) {
	switch e.Kind {
	case abi.EventRequest, abi.EventCheckContinue:
		h := s.ensureHandler()
		if h == nil {
			s.operate(abi.OpExchangeFail, e.Target, 0, nil, nil, 0)
			return
		}
		handle, err := s.exchanges.open(e.Target, h)
		if err != nil {
			s.fault = s.stack.instance.End("event_emit", err)
			return
		}
		s.deliverExchange(e, handle, h)
	case abi.EventServerClose:
		if h := s.handler; h != nil && h.number == uint32(e.Target>>32) {
			h.deliver(e, uint64(uint32(e.Target)))
		}
	default:
		// An exchange that is not in the table was failed when its handler ended.
		if x := s.exchanges.ofStack(e.Target); x != nil {
			s.deliverExchange(e, x.handle, x.owner)
		}
	}
}

func (s *Shard) deliverExchange(e *event, handle uint64, owner *handler) {
	if e.Flags&abi.EventDone != 0 {
		s.exchanges.close(handle)
	}
	owner.deliver(e, handle)
}

// deliver tells the handler an event of the stack. target is what the handler calls it.
func (h *handler) deliver(e *event, target uint64) {
	if e.Head.Size+e.Body.Size > 0 {
		inbox, err := h.inbox.Buffer(e.Head.Size + e.Body.Size)
		if err != nil {
			h.shard.endHandler(h, err)
			return
		}
		// Only now: an operation that the handler made in on_inbox may have moved the stack's memory.
		stack := h.shard.stack
		stack.read(inbox, e.Head)
		stack.read(inbox[e.Head.Size:], e.Body)
	}
	h.event(e.Kind, e.Flags, target, e.Head.Size, e.Body.Size)
}

// read copies a piece of the stack's memory, which was there when the event was raised.
func (st *stack) read(to []byte, r sockabi.Range) {
	view, _ := st.instance.View(r.Offset, r.Size)
	copy(to, view)
}

// event calls on_event. What it carries is in the inbox.
func (h *handler) event(kind abi.EventKind, flags uint32, target uint64, headSize, bodySize uint32) {
	if _, err := h.onEvent.Call(uint64(kind), uint64(flags), target, uint64(headSize), uint64(bodySize)); err != nil {
		h.shard.endHandler(h, err)
	}
}
