package net

import "github.com/portholehttp/porthole/guest/internal/flow"

func init() { flow.AddSink(handleOf) }

// handleOf finds the handle behind a Socket that can be written to.
func handleOf(w flow.Writable) uint64 {
	if s, ok := w.(*Socket); ok && s.raw && !s.destroyed && !s.ended {
		return s.handle
	}
	return 0
}
