package flow

import "github.com/portholehttp/porthole/guest/internal/port"

// Writable is where Pipe writes to: a *http.ServerResponse, a *http.ClientRequest, a *net.Socket.
type Writable interface {
	// Write takes a chunk, which the caller uses again, and returns false if 'drain' should be waited for.
	Write(chunk []byte) bool
	End(data ...[]byte)
	OnDrain(listener func())
}

// Sink is a Writable of ours, to which the engine can write by itself.
type Sink interface {
	// Handle is what its Write sends to, 0 if that is over.
	Handle() uint64
}

// Message is an HTTP message as a Sink.
type Message interface {
	Sink
	// Hold is Write of a piece that End may follow at once: it may wait for that, or for whatever else is written, until Release.
	Hold(chunk []byte) bool
	// Release writes what Hold has kept, if it is still there.
	Release()
	// AddDrain and AddClose are OnDrain and OnClose of tasks.
	AddDrain(port.Task)
	AddClose(port.Task)
}

// sinks find the Sink of a Writable, and the Message if it is one; nil if it is none of theirs.
var sinks []func(Writable) (Sink, Message)

// AddSinks adds a package's way to find the Sink of a Writable of its own.
func AddSinks(find func(Writable) (Sink, Message)) { sinks = append(sinks, find) }

func sinkOf(dst Writable) (Sink, Message) {
	for _, find := range sinks {
		if s, m := find(dst); s != nil {
			return s, m
		}
	}
	return nil, nil
}
