package host

import "github.com/portholehttp/porthole/host/internal/sandbox"

// Handler is a compiled handler module, for any number of servers of its Runtime.
type Handler struct {
	runtime *Runtime
	module  *sandbox.Module
}

// Name returns what was given to Load.
func (h *Handler) Name() string { return h.module.Name() }
