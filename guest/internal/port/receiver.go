package port

import "github.com/portholehttp/porthole/abi"

// Receiver gets the events of a handle.
type Receiver interface {
	// Event delivers one. head and body are views that end when it returns.
	Event(kind abi.EventKind, flags uint32, head, body []byte)
}

// receivers has those that are bound. As a rule a request is answered within the event that begins it, and is never here. The low bits of handles
// that are open at a time differ, as a rule: so one place for each value of them has most, and a map has those whose place is taken.
var receivers struct {
	places [256]struct {
		handle uint64
		to     Receiver // nil: the place is free
	}
	others map[uint64]Receiver
}

// Bind has the events of a handle delivered to r, up to the one with abi.EventDone, or until Unbind.
func Bind(handle uint64, r Receiver) {
	place := &receivers.places[handle%uint64(len(receivers.places))]
	if place.to == nil {
		if len(receivers.others) > 0 {
			delete(receivers.others, handle)
		}
		place.handle, place.to = handle, r
		return
	}
	if place.handle == handle {
		place.to = r
		return
	}
	if receivers.others == nil {
		receivers.others = map[uint64]Receiver{}
	}
	receivers.others[handle] = r
}

// Unbind undoes Bind.
func Unbind(handle uint64) {
	if place := &receivers.places[handle%uint64(len(receivers.places))]; place.to != nil && place.handle == handle {
		place.to = nil
		return
	}
	delete(receivers.others, handle)
}

// Bound returns who gets the events of a handle, nil if nobody does.
func Bound(handle uint64) Receiver {
	if place := &receivers.places[handle%uint64(len(receivers.places))]; place.to != nil && place.handle == handle {
		return place.to
	}
	if len(receivers.others) == 0 {
		return nil
	}
	return receivers.others[handle]
}

func dropReceivers() {
	clear(receivers.places[:])
	clear(receivers.others)
}

// Bindings returns how many handles are bound, for tests.
func Bindings() int {
	n := len(receivers.others)
	for i := range receivers.places {
		if receivers.places[i].to != nil {
			n++
		}
	}
	return n
}

// Servers gets the events that no Receiver could have asked for. Package http sets it when it is initialized.
var Servers struct {
	// Server is told of a server: abi.EventListening, EventListenError and EventServerClose.
	Server func(kind abi.EventKind, flags, server uint32, text []byte)

	// Request is told of a request: abi.EventRequest and EventCheckContinue.
	Request func(kind abi.EventKind, flags uint32, target uint64, head, body []byte)

	// Target is told of something else that is new: EventUpgrade, EventConnect, EventConnection
	// and EventClientError of a socket that is not bound. A socket that is bound passes them on.
	Target func(kind abi.EventKind, flags uint32, target uint64, head, body []byte)
}

// atEnd is what is to be forgotten with the loop.
var atEnd []func()

// AtEnd has f called whenever a loop has ended: events of what f's package knows will never come.
func AtEnd(f func()) { atEnd = append(atEnd, f) }

// Dispatch delivers one event, and runs what is due after it. The driver of the engine calls it, and tests.
func Dispatch(kind abi.EventKind, flags uint32, target uint64, head, body []byte) {
	switch kind {
	case abi.EventRequest, abi.EventCheckContinue:
		Servers.Request(kind, flags, target, head, body)
	case abi.EventListening, abi.EventListenError, abi.EventServerClose:
		Servers.Server(kind, flags, uint32(target), head)
	case abi.EventTimer:
		expire()
	default:
		deliver(kind, flags, target, head, body)
	}
	endTurn()
}

// endTurn runs what is due after an event.
func endTurn() {
	if len(ticks) > 0 {
		RunTicks()
	} else {
		Turn++
	}
}

// deliver hands an event to the receiver of its target.
func deliver(kind abi.EventKind, flags uint32, target uint64, head, body []byte) {
	r := Bound(target)
	if r == nil {
		switch kind {
		case abi.EventUpgrade, abi.EventConnect, abi.EventConnection, abi.EventClientError:
			Servers.Target(kind, flags, target, head, body)
		}
		return
	}
	if flags&abi.EventDone != 0 {
		Unbind(target)
	}
	r.Event(kind, flags, head, body)
}

// onTimer is what SetTimer was given.
var onTimer func()

func expire() {
	if f := onTimer; f != nil {
		onTimer = nil
		f()
	}
}
