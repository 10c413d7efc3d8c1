package host

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/portholehttp/porthole/host/internal/grant"
	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/sandbox"
	"github.com/portholehttp/porthole/internal/dialer"
)

// Load validates and compiles a handler module. name is what log lines call it, and what it gets as its first argument. The error is
// a *LoadError if the module is at fault, ErrRuntimeClosed, what c.Validate says, or ctx's.
//
// Compiling takes a second for a large module. If ctx ends meanwhile, Load returns at once; the compiler ends in the background, and
// wasm must not be changed then either. One module is compiled at a time, and all but the first on one
// processor, so that servers that run have the others.
func (r *Runtime) Load(ctx context.Context, name string, wasm []byte, c HandlerConfig) (*Handler, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err := r.enter(); err != nil {
		return nil, err
	}
	defer r.leave()
	if err := r.check(wasm, &c); err != nil {
		return nil, r.refused(name, err)
	}
	m, err := r.handlers.Compile(ctx, name, wasm, c.Limits.compile())
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, r.refused(name, err)
	}
	return r.newHandler(m, &c)
}

// refused returns the error of a module that is not loaded.
func (r *Runtime) refused(name string, err error) error {
	r.observe.LoadFailed(name)
	return &LoadError{name, err}
}

// check returns why wasm is no handler that may have c.
func (r *Runtime) check(wasm []byte, c *HandlerConfig) error {
	m, err := module.Read(wasm)
	if err != nil {
		return err
	}
	for _, i := range m.Imports {
		if _, ours := r.modules[i.Module]; ours && !c.Grants.imports(i.Module) {
			return &ImportError{i.Module, i.Name}
		}
	}
	granted := make(sandbox.HostModules)
	for name, functions := range r.modules {
		if c.Grants.imports(name) {
			granted[name] = functions
		}
	}
	if err := m.CheckHandler(granted.Imports()...); err != nil {
		return err
	}
	if memory, ok := m.Memory(); ok {
		if most := uint64(orDefault(c.Limits.MaxMemoryPages, DefaultMaxMemoryPages)); memory.Min > most {
			return fmt.Errorf("export memory: begins with %s, more than the limit of %s", pages(memory.Min), pages(most))
		}
	}
	return nil
}

func (r *Runtime) newHandler(m *sandbox.Module, c *HandlerConfig) (*Handler, error) {
	grants, err := grant.Parse(c.Grants.Connect, c.Grants.Listen)
	if err != nil {
		return nil, err // Validate has not let it pass
	}
	p := &policy{grants: grants, log: r.log, handler: m.Name(), denied: make(map[string]struct{})}
	h := &Handler{
		runtime:   r,
		module:    m,
		observer:  r.observe.Handler(m.Name()),
		isolation: c.Isolation,
		limits:    c.Limits.shard(),
		args:      slices.Clone(c.Grants.Args),
		policy:    p,
		dial:      (&dialer.Dialer{Policy: p, Network: c.Dialer}).Dial,
	}
	for _, name := range slices.Sorted(maps.Keys(c.Grants.Env)) {
		h.env = append(h.env, name+"="+c.Grants.Env[name])
	}
	return h, nil
}
