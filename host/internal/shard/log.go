package shard

import (
	"context"
	"errors"
	"log/slog"

	"github.com/portholehttp/porthole/host/internal/sandbox"
)

// output returns a writer that logs what a guest prints.
func (s *Shard) output(guest, stream string, level slog.Level) *sandbox.Lines {
	return &sandbox.Lines{Line: func(line string) {
		s.log.LogAttrs(context.Background(), level, "output",
			slog.String("guest", guest), slog.String("stream", stream), slog.String("line", line))
	}}
}

// logFault says which guest failed, in which function, and why.
func (s *Shard) logFault(message, role string, err error) {
	attrs := []slog.Attr{}
	var fault *sandbox.Fault
	if errors.As(err, &fault) {
		reason, trace := fault.Explain()
		attrs = append(attrs, slog.String(role, fault.Guest), slog.String("function", fault.Function), slog.String("reason", reason))
		if trace != "" {
			attrs = append(attrs, slog.String("trace", trace))
		}
	} else {
		attrs = append(attrs, slog.String("reason", err.Error()))
	}
	s.log.LogAttrs(context.Background(), slog.LevelError, message, attrs...)
}
