package shard

import (
	"encoding/binary"
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
	case !ofStack(e.Kind):
		return fmt.Errorf("an event of kind %d", e.Kind)
	}
	s.events = append(s.events, e)
	return nil
}

// ofStack reports whether events of a kind come from the stack. The others are the host's own.
func ofStack(kind abi.EventKind) bool {
	return kind >= abi.EventRequest && kind <= abi.EventTimeout && kind != abi.EventListening && kind != abi.EventListenError
}

// deliver empties the queue. Nothing is added to it meanwhile. If the stack fails under an operation, the rest
// is left: what it was about is over.
func (s *Shard) deliver() {
	for i := 0; i < len(s.events) && s.fault == nil; i++ {
		s.deliverEvent(&s.events[i])
	}
	if s.events = s.events[:0]; cap(s.events) > eventsKept {
		s.events = nil
	}
	clear(s.failed)
}

func (s *Shard) deliverEvent(e *event) {
	switch e.Kind {
	case abi.EventRequest, abi.EventCheckContinue:
		s.deliverNew(e)
	case abi.EventUpgrade, abi.EventConnect, abi.EventConnection, abi.EventClientError:
		if e.Other != 0 && s.isNew(e.Target) {
			s.deliverNew(e)
			return
		}
		s.deliverKnown(e)
	case abi.EventSocket:
		s.deliverSocket(e)
	case abi.EventServerClose:
		s.deliverServerClose(e)
	default:
		s.deliverKnown(e)
	}
}

// isNew reports whether a handle of the stack has not been in the table. One that was may have been failed since the event was raised.
func (s *Shard) isNew(target uint64) bool {
	_, failed := s.failed[target]
	return !failed && s.handles.ofStack(target) == nil
}

// deliverNew delivers the first event of a handle, to the handler that serves the listener. There is one.
func (s *Shard) deliverNew(e *event) {
	h := s.ensureHandler()
	if h == nil {
		s.operate(abi.OpExchangeFail, e.Target, 0, nil, nil, 0)
		return
	}
	handle, err := s.handles.open(e.Target, h)
	if err != nil {
		s.misused("event_emit", err)
		return
	}
	s.deliverTo(e, handle, h)
}

// deliverKnown delivers an event to the owner of its target. A target that is not in the table was failed when its handler ended.
func (s *Shard) deliverKnown(e *event) {
	if x := s.handles.ofStack(e.Target); x != nil {
		s.deliverTo(e, x.handle, x.owner)
	}
}

func (s *Shard) deliverTo(e *event, handle uint64, owner *handler) {
	if e.Flags&abi.EventDone != 0 {
		s.handles.close(handle)
	}
	owner.deliver(e, handle)
}

// deliverSocket tells the owner of a client exchange on which socket it goes out.
func (s *Shard) deliverSocket(e *event) {
	x := s.handles.ofStack(e.Target)
	if x == nil {
		return
	}
	target, owner := x.handle, x.owner
	socket, err := s.socketHandle(e.Other, owner)
	if err != nil {
		s.misused("event_emit", err)
		return
	}
	inbox, err := owner.inbox.Buffer(8)
	if err != nil {
		s.endHandler(owner, err)
		return
	}
	binary.LittleEndian.PutUint64(inbox, socket)
	owner.event(e.Kind, e.Flags, target, 8, 0)
}

// socketHandle returns owner's handle of a socket of the stack, which may be new.
func (s *Shard) socketHandle(socket uint64, owner *handler) (uint64, error) {
	switch x := s.handles.ofStack(socket); {
	case x == nil:
		return s.handles.openNow(socket, owner)
	case x.owner != owner:
		return 0, fmt.Errorf("the socket %#x is another handler's", socket)
	default:
		return x.handle, nil
	}
}

// misused ends the stack for what it did.
func (s *Shard) misused(function string, err error) {
	s.fault = s.stack.instance.End(function, err)
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

// tell delivers an event of the host's own, whose head is a text.
func (h *handler) tell(kind abi.EventKind, flags uint32, target uint64, text string) {
	inbox, err := h.inbox.Buffer(uint32(len(text)))
	if err != nil {
		h.shard.endHandler(h, err)
		return
	}
	copy(inbox, text)
	h.event(kind, flags, target, uint32(len(text)), 0)
}
