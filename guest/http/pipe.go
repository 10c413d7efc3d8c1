package http

import "github.com/portholehttp/porthole/guest/internal/flow"

// Writable is where Pipe writes to: a *ServerResponse, for example.
type Writable interface {
	// Write takes a chunk, which the caller uses again, and returns false if 'drain' should be waited for.
	Write(chunk []byte) bool
	End(data ...[]byte)
	OnDrain(listener func())
}

func init() { flow.AddSink(handleOf) }

// handleOf finds the handle behind a message of ours that is being sent.
func handleOf(w flow.Writable) uint64 {
	switch w := w.(type) {
	case *ServerResponse:
		return w.sink()
	case *ClientRequest:
		return w.sink()
	}
	return 0
}

// sink returns the handle if more of the body can be sent to it.
func (o *outgoing) sink() uint64 {
	handle, over := o.message.peer()
	if over || !o.headSent || o.ended || o.noBody {
		return 0
	}
	return handle
}
