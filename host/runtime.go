package host

import "context"

// Runtime holds the compiled stack and the handlers of a process. One is enough for many servers.
type Runtime struct{}

// New compiles the stack, or takes it from the cache, and returns a Runtime. ctx bounds that.
func New(ctx context.Context, c Config) (*Runtime, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return &Runtime{}, context.Cause(ctx)
}

// Load validates and compiles a handler module. name is what log lines call it. The error is a
// *LoadError if the module is at fault.
func (r *Runtime) Load(ctx context.Context, name string, wasm []byte) (*Handler, error) {
	return &Handler{name: name}, context.Cause(ctx)
}

// NewServer starts the shards of a server whose requests go to h. It has no listeners yet: see
// Listen and Serve. The error is a *FaultError if the handler did not start.
func (r *Runtime) NewServer(h *Handler, c ServerConfig) (*Server, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return &Server{done: make(chan struct{})}, nil
}

// Close closes all servers at once and frees the guests. If ctx ends before the servers have, it
// returns ctx's error and nothing is freed.
func (r *Runtime) Close(ctx context.Context) error { return context.Cause(ctx) }
