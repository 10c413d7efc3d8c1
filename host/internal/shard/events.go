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
		if e.Other != 0 && (s.isNew(e.Target) || s.changesHands(e)) {
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
	_, waits := s.waiting[target]
	return !failed && !waits && s.handles.ofStack(target) == nil
}

// changesHands takes a connection from who knows it from an earlier request, or from its beginning, if it is to be another's: requests
// on it may be for different handlers, and of a handler for different instances.
func (s *Shard) changesHands(e *event) bool {
	x := s.handles.ofStack(e.Target)
	if x == nil || x.kind != ofHTTP {
		return false
	}
	if v, _, _ := s.destination(e); v == x.owner.version && !v.alone() {
		return false
	}
	x.owner.loses(x)
	return true
}

// deliverKnown delivers an event to the owner of its target. A target that is not in the table waits for an instance, or was failed.
func (s *Shard) deliverKnown(e *event) {
	if x := s.handles.ofStack(e.Target); x != nil {
		s.deliverTo(e, x, nil)
		return
	}
	if len(s.waiting) > 0 {
		if w := s.waiting[e.Target]; w != nil {
			s.deliverWaiting(w, e)
		}
	}
}

// deliverTo delivers an event of x to its owner, from a copy if there is one.
func (s *Shard) deliverTo(e *event, x *entry, c *copied) {
	i, handle := x.owner, x.handle
	switch e.Kind {
	case abi.EventData:
		if e.Flags&abi.EventEnd != 0 && x.piped > 0 {
			x.unpiped()
		}
		if x.kind == ofExchange && s.receive(x, e, c) {
			s.cut(handle, 413)
			i.event(abi.EventClose, abi.EventDone, handle, 0)
			return
		}
	case abi.EventDrain, abi.EventFinish:
		x.left(e.Kind)
	case abi.EventUpgrade, abi.EventConnect, abi.EventClientError:
		s.takenOver(x)
	}
	charged := i.payer(x)
	if e.Flags&abi.EventDone != 0 {
		s.over(handle)
	}
	i.deliver(e, handle, charged, c)
}

// takenOver takes note that the connection of x speaks HTTP no longer.
func (s *Shard) takenOver(x *entry) {
	switch x.kind {
	case ofHTTP:
		x.owner.become(x, ofConnection)
	case ofClient:
		if socket := s.handles.get(x.socket); socket != nil && socket.owner == x.owner {
			socket.charge = x.charge
			x.owner.become(socket, ofSocket)
		}
	}
}

// deliverSocket tells the owner of a client exchange on which socket it goes out.
func (s *Shard) deliverSocket(e *event) {
	x := s.handles.ofStack(e.Target)
	if x == nil {
		return
	}
	target, i, charged := x.handle, x.owner, x.owner.payer(x)
	socket, err := s.socketHandle(e.Other, i)
	if err != nil {
		s.misused("event_emit", err)
		return
	}
	s.handles.get(target).socket = socket
	i.begin(charged)
	inbox, err := i.inbox.Buffer(8)
	if err == nil {
		binary.LittleEndian.PutUint64(inbox, socket)
		err = i.call(e.Kind, e.Flags, target, 8, 0)
	}
	i.finish(err)
}

// socketHandle returns i's handle of a socket of the stack, which may be new.
func (s *Shard) socketHandle(socket uint64, i *instance) (uint64, error) {
	if x := s.handles.ofStack(socket); x != nil {
		if x.owner != i {
			return 0, fmt.Errorf("the socket %#x is another handler's", socket)
		}
		return x.handle, nil
	}
	handle, err := s.handles.openNow(socket, i)
	if err == nil {
		i.enter(handle, ofHTTP, nil)
	}
	return handle, err
}

// misused ends the stack for what it did.
func (s *Shard) misused(function string, err error) {
	s.fault = s.stack.instance.End(function, err)
}

// deliver tells the handler an event of the stack. target is what the handler calls it, and charged the exchange that pays. With a
// copy, head and body are there.
func (i *instance) deliver(e *event, target, charged uint64, c *copied) {
	headSize, bodySize := e.Head.Size, e.Body.Size
	if c != nil {
		headSize, bodySize = uint32(len(c.head)), uint32(len(c.body))
	}
	i.begin(charged)
	var err error
	if headSize+bodySize > 0 {
		var inbox []byte
		if inbox, err = i.inbox.Buffer(headSize + bodySize); err != nil {
			i.finish(err)
			return
		}
		if c != nil {
			copy(inbox[copy(inbox, c.head):], c.body)
		} else if stack := i.shard.stack; stack != nil {
			// Only now: an operation that the handler made in on_inbox may have moved the stack's memory.
			copy(inbox, stack.view(e.Head))
			copy(inbox[headSize:], stack.view(e.Body))
		}
	}
	i.finish(i.call(e.Kind, e.Flags, target, headSize, bodySize))
}

// tell delivers an event of the host's own, whose head is a text.
func (i *instance) tell(kind abi.EventKind, flags uint32, target uint64, text string) {
	i.begin(0)
	inbox, err := i.inbox.Buffer(uint32(len(text)))
	if err == nil {
		copy(inbox, text)
		err = i.call(kind, flags, target, uint32(len(text)), 0)
	}
	i.finish(err)
}
