package sandbox

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/instrument"
	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/wasi"
)

// Functions are Go functions by the name under which guests import them.
type Functions map[string]api.GoModuleFunc

// EngineConfig configures an Engine.
type EngineConfig struct {
	Cache       wazero.CompilationCache // may be shared with other engines; nil: there is none. With a Store it is not used
	Store       *Store                  // where code is kept; may be shared with other engines. nil: nowhere
	MemoryPages uint32                  // the most memory of one instance, in pages of 64 KiB
	Imports     []abi.Function          // all that guests may import, besides WASI and HostModules
	Functions   Functions               // what each of Imports calls
	HostModules HostModules             // what the embedder offers
}

// Engine compiles and runs guests that may import one set of functions. It is safe for concurrent use.
type Engine struct {
	config    EngineConfig
	stubs     wazero.Runtime // of modules of the Store; nil if it is not used
	plain     wazero.Runtime // of others; nil until there is one. Belongs to who compiles
	compiler  chan struct{}  // held by who compiles
	compiling sync.WaitGroup // compilations that run, be they wanted or not

	mu    sync.Mutex
	codes map[codeKey]*code // all that is not freed
}

// NewEngine returns an Engine; every function of c.Imports must be in c.Functions.
func NewEngine(ctx context.Context, c EngineConfig) (*Engine, error) {
	if err := c.HostModules.Check(); err != nil {
		return nil, err
	}
	e := &Engine{
		config:   c,
		compiler: make(chan struct{}, 1),
		codes:    make(map[codeKey]*code),
	}
	var err error
	if c.Store != nil {
		e.stubs, err = e.newRuntime(ctx, c.Store.cache)
		if err == nil && !makesNothing(e.stubs) {
			_ = e.stubs.Close(ctx) // wazero's never fails
			e.stubs = nil
		}
	}
	if err == nil && e.stubs == nil {
		e.plain, err = e.newRuntime(ctx, c.Cache)
	}
	if err != nil {
		return nil, err
	}
	return e, nil
}

// runtimeConfig returns the configuration of runtimes, but for their cache.
func (e *Engine) runtimeConfig() wazero.RuntimeConfig {
	// No WithCloseOnContextDone: it costs guests a multiple of their time. See meter for how a call ends.
	// No debug information: it would be read when a guest traps, hostile as it is, and says where the code was
	// before it was rewritten.
	return wazero.NewRuntimeConfig().WithDebugInfoEnabled(false).WithMemoryLimitPages(e.config.MemoryPages)
}

// newRuntime returns a runtime with all that guests can import.
func (e *Engine) newRuntime(ctx context.Context, cache wazero.CompilationCache) (wazero.Runtime, error) {
	config := e.runtimeConfig()
	if cache != nil {
		config = config.WithCompilationCache(cache)
	}
	r := wazero.NewRuntimeWithConfig(ctx, config)
	if err := e.config.register(ctx, r); err != nil {
		_ = r.Close(ctx) // err says more
		return nil, err
	}
	return r, nil
}

// register makes the functions known that guests can import.
func (c *EngineConfig) register(ctx context.Context, runtime wazero.Runtime) error {
	r := registry{runtime, make(map[string]wazero.HostModuleBuilder)}
	if err := r.addAll(module.WASI, wasi.Functions(system)); err != nil {
		return err
	}
	if err := r.addAll(c.Imports, c.Functions); err != nil {
		return err
	}
	for name, functions := range c.HostModules {
		for _, f := range functions {
			r.add(abi.Function{Module: name, Name: f.Name, Params: abiTypes(f.Params), Results: abiTypes(f.Results)}, guarded(f.Call))
		}
	}
	r.add(abi.Function{Module: instrument.TickModule, Name: instrument.TickName}, tick)
	for name, b := range r.builders {
		if _, err := b.Instantiate(ctx); err != nil {
			return fmt.Errorf("register %s: %w", name, err)
		}
	}
	return nil
}

// registry collects host functions by module.
type registry struct {
	runtime  wazero.Runtime
	builders map[string]wazero.HostModuleBuilder
}

func (r *registry) addAll(table []abi.Function, functions Functions) error {
	for _, f := range table {
		call := functions[f.Name]
		if call == nil {
			return fmt.Errorf("register %s.%s: no such function", f.Module, f.Name)
		}
		r.add(f, counted(call))
	}
	return nil
}

func (r *registry) add(f abi.Function, call api.GoModuleFunc) {
	b := r.builders[f.Module]
	if b == nil {
		b = r.runtime.NewHostModuleBuilder(f.Module)
		r.builders[f.Module] = b
	}
	b.NewFunctionBuilder().WithGoModuleFunction(call, valueTypes(f.Params), valueTypes(f.Results)).Export(f.Name)
}

// valueTypes converts the contract's types: both are the numbers of the binary format.
func valueTypes(types []abi.ValueType) []api.ValueType {
	v := make([]api.ValueType, len(types))
	for i, t := range types {
		v[i] = api.ValueType(t)
	}
	return v
}

// Close frees all modules and instances, after compilations that are under way. No call may be running.
func (e *Engine) Close(ctx context.Context) error {
	e.compiling.Wait()
	var errs []error
	for _, r := range []wazero.Runtime{e.stubs, e.plain} {
		if r != nil {
			errs = append(errs, r.Close(ctx))
		}
	}
	return errors.Join(errs...)
}
