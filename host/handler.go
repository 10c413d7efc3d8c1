package host

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/portholehttp/porthole/host/internal/observe"
	"github.com/portholehttp/porthole/host/internal/sandbox"
	"github.com/portholehttp/porthole/host/internal/shard"
)

// Handler is a compiled handler module with what it may do, for any number of servers of its Runtime. Its methods are safe for
// concurrent use.
type Handler struct {
	runtime   *Runtime
	module    *sandbox.Module
	isolation Isolation
	limits    shard.Limits
	args, env []string
	policy    *policy
	dial      shard.Dial
	observer  *observe.Handler // nil: nobody looks

	serving sync.Once              // starts own
	own     atomic.Pointer[Server] // of ServeHTTP; nil: not started

	mu     sync.Mutex
	users  int // servers that have it, and have not seen the last of it
	closed bool
}

// Name returns what was given to Load.
func (h *Handler) Name() string { return h.module.Name() }

// Close frees the compiled code as soon as nobody uses it: a server that has a route to the handler keeps it until that is
// replaced or removed and the last request that it serves is over. Servers do not take it any more: ErrHandlerClosed.
//
// The requests of ServeHTTP are ended at once. Handlers need not be closed before Runtime.Close, which frees them all. Close may be called again.
func (h *Handler) Close() error {
	h.serving.Do(func() {}) // no more
	var ended error
	if s := h.own.Load(); s != nil {
		ended = s.Close()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	return errors.Join(ended, h.free())
}

// enter keeps the code until leave.
func (h *Handler) enter() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return ErrHandlerClosed
	}
	h.users++
	return nil
}

func (h *Handler) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.users--
	if err := h.free(); err != nil {
		h.runtime.log.Error("handler not freed", "handler", h.Name(), "reason", err)
	}
}

func (h *Handler) free() error {
	if !h.closed || h.users > 0 {
		return nil
	}
	h.observer.Close()
	return h.module.Close(context.Background())
}
