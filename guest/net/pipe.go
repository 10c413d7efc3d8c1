package net

import "github.com/portholehttp/porthole/guest/internal/flow"

func init() { flow.AddSinks(sinkOf) }

// sinkOf finds the sink of a Socket.
func sinkOf(w flow.Writable) (flow.Sink, flow.Message) {
	if s, ok := w.(*Socket); ok {
		return (*pipeSink)(s), nil
	}
	return nil, nil
}

// pipeSink is a Socket as the destination of a pipe.
type pipeSink Socket

// Handle implements flow.Sink.
func (s *pipeSink) Handle() uint64 {
	if s.raw && !s.destroyed && !s.ended {
		return s.handle
	}
	return 0
}
