package host

// Handler is a compiled handler module, for any number of servers of its Runtime.
type Handler struct{ name string }

// Name returns what was given to Load.
func (h *Handler) Name() string { return h.name }
