package shard

import (
	"context"
	"errors"
	"log/slog"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/sandbox"
	"github.com/portholehttp/porthole/internal/netloop"
)

// handler is an instance of the handler guest. It owns the exchanges whose requests it got, and what it opened itself.
type handler struct {
	shard    *Shard
	number   uint32 // of the instance, from 1: the high half of the targets of its server operations
	instance *sandbox.Instance
	inbox    *sandbox.Function
	onEvent  *sandbox.Function
	output   []*sandbox.Lines
	timer    *netloop.Timer
	mask     uint32             // the last of server_listeners for server 0, which a fresh stack must be told
	servers  map[uint32]*server // what it listens on itself, by its own numbers
	asked    int                // calls of server_listen whose outcome it has not been told
	sockets  int                // that it has made and that are open
}

// target returns the target of an operation on one of h's servers.
func (h *handler) target(server uint32) uint64 { return uint64(h.number)<<32 | uint64(server) }

// ensureHandler returns the handler for a request, nil if there is none and a fresh one does not start.
func (s *Shard) ensureHandler() *handler {
	if s.handler == nil {
		if err := s.startHandler(); err != nil {
			s.logFault("handler did not start", "handler", err)
		}
	}
	return s.handler
}

// startHandler makes an instance and lets it set itself up. What its predecessor listened on is its own if it asks for the same,
// and is closed else.
func (s *Shard) startHandler() error {
	s.instances++
	s.revive = false
	name := s.config.Handler.Name()
	stdout := s.output(name, "stdout", slog.LevelInfo)
	stderr := s.output(name, "stderr", slog.LevelWarn)
	h := &handler{shard: s, number: s.instances, output: []*sandbox.Lines{stdout, stderr}, servers: make(map[uint32]*server)}
	h.timer = s.loop.NewTimer(h.timeout)
	s.handler = h // it may make operations at once
	err := h.start(sandbox.InstanceConfig{Owner: h, Stdout: stdout, Stderr: stderr, Interrupt: s.interrupt})
	if err != nil {
		s.abandon(h)
	}
	s.closeOrphans()
	return err
}

func (h *handler) start(c sandbox.InstanceConfig) (err error) {
	if h.instance, err = h.shard.config.Handler.Instantiate(c); err != nil {
		return err
	}
	var start *sandbox.Function
	if err = lookUp(h.instance, abi.HandlerExports, map[string]**sandbox.Function{
		"on_start": &start,
		"on_inbox": &h.inbox,
		"on_event": &h.onEvent,
	}); err != nil {
		return err
	}
	_, err = start.Call()
	return err
}

// endHandler ends a handler that failed. The stack answers for it, and the next request meets a fresh one; one that listened
// on its own is replaced at once, since nobody else listens there.
func (s *Shard) endHandler(h *handler, err error) {
	h.flush() // what it said last comes first
	s.logFault("handler ended", "handler", err)
	s.abandon(h)
	s.revive = len(s.orphans) > 0
}

// abandon ends all that is h's, and h.
func (s *Shard) abandon(h *handler) {
	if s.handler == h {
		s.handler = nil
	}
	s.handles.live(func(x entry) {
		if x.owner == h {
			s.handles.close(x.handle)
			s.failed[x.stack] = struct{}{}
			s.operate(abi.OpExchangeFail, x.stack, 0, nil, nil, 0)
		}
	})
	s.sever(h)
	s.orphan(h)
	h.retire()
}

// retire frees the instance and undoes what the stack was told by it.
func (h *handler) retire() {
	if h.mask != 0 {
		h.shard.operate(abi.OpServerListeners, h.target(0), 0, nil, nil, 0)
	}
	h.close()
}

// close frees the instance.
func (h *handler) close() {
	h.timer.Set(0)
	if h.instance != nil {
		h.instance.Close()
	}
	h.flush()
}

// flush logs lines that the handler began and did not end.
func (h *handler) flush() {
	for _, o := range h.output {
		o.Flush()
	}
}

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
