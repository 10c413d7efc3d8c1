package host

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/sandbox"
	"github.com/portholehttp/porthole/host/internal/shard"
)

// Server serves HTTP with handlers, by routes, on any number of listeners.
type Server struct {
	runtime   *Runtime
	log       *slog.Logger
	options   abi.Options
	shards    []*shard.Shard
	routing   routing
	listening *handlerListeners

	mu        sync.Mutex
	listeners map[*listener]struct{}
	fault     error         // of a shard that could not go on
	closing   chan struct{} // closed when it accepts no more
	serving   sync.WaitGroup

	own   inbound // of ServeConn
	relay adapter // of ServeHTTP

	done chan struct{} // closed when all has ended
	err  error         // then: why
}

// startServer starts the shards, at the same time, since each instance takes milliseconds.
func startServer(r *Runtime, c ServerConfig) (*Server, error) {
	stack, err := r.stack()
	if err != nil {
		return nil, err
	}
	s := &Server{
		runtime:   r,
		log:       r.log,
		options:   c.options(),
		shards:    make([]*shard.Shard, c.Shards),
		routing:   routing{routes: make(map[string]placed), versions: make(map[*Handler]*version)},
		listeners: make(map[*listener]struct{}),
		closing:   make(chan struct{}),
		done:      make(chan struct{}),
	}
	s.listening = newHandlerListeners(s)
	s.own.open = func() (*listener, error) { return s.openInbound(s.options) }
	s.relay.start(s)
	errs := make([]error, c.Shards)
	var starting sync.WaitGroup
	for i := range s.shards {
		starting.Go(func() {
			s.shards[i], errs[i] = shard.Start(shard.Config{
				Stack: stack, Index: i, MaxEvents: c.MaxEvents, Logger: r.log, NewLoop: r.newLoop(), Clock: r.clock,
			})
		})
	}
	starting.Wait()
	if err := errors.Join(errs...); err != nil {
		for _, started := range s.shards {
			if started != nil {
				started.Stop()
				<-started.Done()
			}
		}
		return nil, publicError(err)
	}
	return s, nil
}

// publicError turns errors of internal packages into those that are documented.
func publicError(err error) error {
	var fault *sandbox.Fault
	switch {
	case errors.As(err, &fault):
		return &FaultError{fault.Guest, fault.Function, fault.Err}
	case errors.Is(err, shard.ErrClosed):
		return ErrServerClosed
	}
	return err
}

// wait sees the server to its end.
func (s *Server) wait() {
	defer s.runtime.observe.Connections(s.connections)()
	var shards sync.WaitGroup
	for _, sh := range s.shards {
		shards.Go(func() {
			<-sh.Done()
			if err := sh.Err(); err != nil {
				s.fail(publicError(err))
			}
		})
	}
	shards.Wait()
	s.stopAccepting()
	s.relay.Close()
	s.retireAll()
	s.serving.Wait()
	if s.err = s.fault; s.err == nil {
		s.err = ErrServerClosed
	}
	s.runtime.forget(s)
	close(s.done)
}

// fail ends the server because a shard could not go on.
func (s *Server) fail(err error) {
	s.mu.Lock()
	first := s.fault == nil
	if first {
		s.fault = err
	}
	s.mu.Unlock()
	if first {
		s.log.Error("server ended", "reason", err)
	}
	s.stop()
}

// stopAccepting closes all listeners, the first time.
func (s *Server) stopAccepting() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isClosing() {
		return
	}
	close(s.closing)
	for l := range s.listeners {
		_ = l.ln.Close() // it may be closed already, and there is nobody to tell
	}
}

func (s *Server) isClosing() bool { return isClosed(s.closing) }

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// stop ends all at once, without waiting for it.
func (s *Server) stop() {
	s.stopAccepting()
	for _, sh := range s.shards {
		sh.Stop()
	}
}

// Shutdown stops accepting, closes idle connections, also those that the handler keeps to other servers, and waits until the others
// have finished what is in flight. One that was upgraded, or that the handler opened, is in flight until it is closed.
// Connections that were accepted in the same instant may be closed unserved. If ctx ends before, everything is
// closed at once, and Shutdown returns ctx's error without waiting any longer: see Done.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stopAccepting()
	for _, sh := range s.shards {
		sh.Drain()
	}
	select {
	case <-s.done:
		return s.fault
	case <-ctx.Done():
		s.stop()
		return context.Cause(ctx)
	}
}

// Close closes all listeners and connections at once and waits until the shards have ended. It returns nil, or
// why a shard had ended before.
func (s *Server) Close() error {
	s.stop()
	<-s.done
	return s.fault
}

// Done is closed when the server has ended: after Shutdown or Close, or because a shard could not go on.
func (s *Server) Done() <-chan struct{} { return s.done }

// Err returns nil until Done is closed; then ErrServerClosed after Shutdown or Close, or else why the
// server ended: a *FaultError if a fresh stack failed at once.
func (s *Server) Err() error {
	select {
	case <-s.done:
		return s.err
	default:
		return nil
	}
}
