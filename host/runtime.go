package host

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/tetratelabs/wazero"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/httpabi"
	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/observe"
	"github.com/portholehttp/porthole/host/internal/sandbox"
	"github.com/portholehttp/porthole/host/internal/sockabi"
	"github.com/portholehttp/porthole/wasm"
)

// Runtime holds the compiled stack and the handlers of a process. One is enough for many servers.
type Runtime struct {
	log       *slog.Logger
	observe   *observe.Hub // nil: nobody looks
	clock     Clock        // nil: the system's
	noIOUring bool
	modules   sandbox.HostModules
	store     *sandbox.Store                  // nil if native code is not kept on disk
	cache     wazero.CompilationCache         // to be closed with it; nil if there is a store, or it is the embedder's
	stacks    *sandbox.Engine                 // its guests can import sockets
	handlers  *sandbox.Engine                 // its guests cannot
	stack     func() (*sandbox.Module, error) // waits until it is compiled

	mu      sync.Mutex
	closed  bool
	users   int // servers, and calls that need the engines
	servers map[*Server]struct{}
	unused  chan struct{} // closed when it is closed and has no users

	free    sync.Once
	freeErr error
}

// New returns a Runtime. The stack is compiled, or taken from the cache, while the caller goes on and loads handlers: NewServer
// waits for it. Compiling takes half a second and cannot be interrupted.
func New(ctx context.Context, c Config) (*Runtime, error) { return newRuntime(ctx, c, wasm.Stack) }

func newRuntime(ctx context.Context, c Config, stack []byte) (*Runtime, error) {
	if err := errors.Join(c.Validate(), context.Cause(ctx)); err != nil {
		return nil, err
	}
	r := &Runtime{
		log:       c.Logger,
		clock:     c.Clock,
		noIOUring: c.NoIOUring,
		servers:   make(map[*Server]struct{}),
		unused:    make(chan struct{}),
	}
	if r.log == nil {
		r.log = slog.Default()
	}
	if err := r.start(ctx, &c, stack); err != nil {
		_ = r.release(ctx) // err says more
		return nil, err
	}
	return r, nil
}

func (r *Runtime) start(ctx context.Context, c *Config, stack []byte) (err error) {
	if r.observe, err = observe.New(c.Metrics, c.TracerProvider); err != nil {
		return err
	}
	cache := c.Cache
	if cache == nil {
		if r.store, err = openCache(c, r.log, r.openStore(c)); err != nil {
			return err
		}
		if r.store == nil {
			r.cache = wazero.NewCompilationCache()
			cache = r.cache
		}
	}
	if r.modules, err = hostModules(c.HostModules); err != nil {
		return err
	}
	if r.stacks, err = sandbox.NewEngine(ctx, sandbox.EngineConfig{
		Cache:       cache,
		Store:       r.store,
		MemoryPages: uint32(orDefault(c.MaxStackPages, DefaultMaxStackPages)),
		Imports:     abi.StackImports,
		Functions:   sockabi.Functions,
	}); err != nil {
		return err
	}
	if err = module.CheckStack(stack); err != nil {
		return err
	}
	r.stack = compileStack(r.stacks, stack)
	if r.handlers, err = sandbox.NewEngine(ctx, sandbox.EngineConfig{
		Cache:       cache,
		Store:       r.store,
		MemoryPages: maxPages, // each module has a limit of its own
		Imports:     abi.HandlerImports,
		Functions:   httpabi.Functions,
		HostModules: r.modules,
	}); err != nil {
		return err
	}
	return nil
}

// compileStack begins to compile the stack.
func compileStack(e *sandbox.Engine, wasm []byte) (wait func() (*sandbox.Module, error)) {
	wait = sync.OnceValues(func() (*sandbox.Module, error) {
		return e.Compile(context.Background(), "stack", wasm, sandbox.CompileConfig{})
	})
	go func() { _, _ = wait() }() // who needs it gets the error
	return wait
}

// openCache opens where c asks for native code to be kept, and returns nothing if that is nowhere. That the default place will not do is no reason not to start.
func openCache[T any](c *Config, log *slog.Logger, open func(dir string) (T, error)) (T, error) {
	var nothing T
	switch {
	case c.NoCache:
		return nothing, nil
	case c.CacheDir != "":
		return open(c.CacheDir)
	}
	dir, err := os.UserCacheDir()
	if err == nil {
		var opened T
		if opened, err = open(filepath.Join(dir, "porthole")); err == nil {
			return opened, nil
		}
	}
	warnNotKept(log, err)
	return nothing, nil
}

func warnNotKept(log *slog.Logger, reason error) {
	log.Warn("compiled guests are not kept on disk", "reason", reason)
}

// openStore returns what opens a store for native code.
func (r *Runtime) openStore(c *Config) func(dir string) (*sandbox.Store, error) {
	return func(dir string) (*sandbox.Store, error) {
		return sandbox.OpenStore(dir, sandbox.StoreConfig{
			MaxBytes: max(0, orDefault(c.MaxCacheBytes, DefaultMaxCacheBytes)),
			Failed:   func(err error) { warnNotKept(r.log, err) },
		})
	}
}

// NewServer starts the shards of a server. Its requests go to h, by the route "/"; if h is nil there are no routes yet, and they
// get 404: see Handle. It has no listeners yet: see Listen, Serve, ServeConn and ServeHTTP. Servers of one Runtime may share
// handlers: each has instances of its own.
//
// The error is what c.Validate or Handle says, ErrRuntimeClosed, or a *FaultError if the stack did not start. The first server waits until the stack
// is compiled.
func (r *Runtime) NewServer(h *Handler, c ServerConfig) (*Server, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if err := r.enter(); err != nil {
		return nil, err
	}
	c.Shards = orDefault(c.Shards, runtime.GOMAXPROCS(0))
	c.MaxEvents = orDefault(c.MaxEvents, DefaultMaxEvents)
	s, err := startServer(r, c)
	if err != nil {
		r.leave()
		return nil, err
	}
	r.mu.Lock()
	r.servers[s] = struct{}{}
	closed := r.closed
	r.mu.Unlock()
	go s.wait()
	if closed {
		s.stop()
		return nil, ErrRuntimeClosed
	}
	if h == nil {
		return s, nil
	}
	if err := s.Handle("/", h); err != nil {
		_ = s.Close() // err says more
		return nil, err
	}
	return s, nil
}

// enter keeps the engines until leave.
func (r *Runtime) enter() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return ErrRuntimeClosed
	}
	r.users++
	return nil
}

func (r *Runtime) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.users--; r.users == 0 && r.closed {
		close(r.unused)
	}
}

// forget is leave for a server.
func (r *Runtime) forget(s *Server) {
	r.mu.Lock()
	delete(r.servers, s)
	r.mu.Unlock()
	r.leave()
}

// Close closes all servers at once and frees the guests. If ctx ends before the servers have, it returns ctx's
// error and nothing is freed; it may be called again.
func (r *Runtime) Close(ctx context.Context) error {
	r.mu.Lock()
	if !r.closed {
		r.closed = true
		if r.users == 0 {
			close(r.unused)
		}
	}
	for s := range r.servers {
		s.stop()
	}
	r.mu.Unlock()
	select {
	case <-r.unused:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	r.free.Do(func() { r.freeErr = r.release(context.WithoutCancel(ctx)) })
	return r.freeErr
}

// release frees what start made.
func (r *Runtime) release(ctx context.Context) error {
	r.observe.Close()
	var errs []error
	if r.stack != nil {
		_, _ = r.stack() // the compiler cannot be interrupted
	}
	for _, e := range []*sandbox.Engine{r.stacks, r.handlers} {
		if e != nil {
			errs = append(errs, e.Close(ctx))
		}
	}
	if r.store != nil {
		errs = append(errs, r.store.Close(ctx))
	}
	if r.cache != nil {
		errs = append(errs, r.cache.Close(ctx))
	}
	return errors.Join(errs...)
}
