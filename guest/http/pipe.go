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
		return w.sink(&w.exchange.partner)
	case *ClientRequest:
		return w.sink(&w.partner)
	}
	return 0
}

// sink returns the handle of to, whom o is for, if more of a body can be sent there.
func (o *outgoing) sink(to *partner) uint64 {
	if to.over || !o.headSent || o.ended || o.message().noBody() {
		return 0
	}
	return to.handle
}
