package sandbox

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/portholehttp/porthole/abi"
)

// Functions are Go functions by the name under which guests import them.
type Functions map[string]api.GoModuleFunc

// EngineConfig configures an Engine.
type EngineConfig struct {
	Cache       wazero.CompilationCache // may be shared with other engines
	MemoryPages uint32                  // the most memory of one instance, in pages of 64 KiB
	Imports     []abi.Function          // all that guests may import, besides WASI
	Functions   Functions               // what each of Imports calls
}

// Engine compiles and runs guests that may import one set of functions. It is safe for concurrent use.
type Engine struct{ runtime wazero.Runtime }

// NewEngine returns an Engine; every function of c.Imports must be in c.Functions.
func NewEngine(ctx context.Context, c EngineConfig) (*Engine, error) {
	// No WithCloseOnContextDone: it costs guests a multiple of their time. See Instance for how a call ends.
	e := &Engine{wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().
		WithCompilationCache(c.Cache).
		WithMemoryLimitPages(c.MemoryPages))}
	if err := e.register(ctx, c.Imports, c.Functions); err != nil {
		_ = e.runtime.Close(ctx) // err says more
		return nil, err
	}
	return e, nil
}

func (e *Engine) register(ctx context.Context, imports []abi.Function, functions Functions) error {
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, e.runtime); err != nil {
		return fmt.Errorf("register WASI: %w", err)
	}
	builders := make(map[string]wazero.HostModuleBuilder)
	for _, f := range imports {
		function := functions[f.Name]
		if function == nil {
			return fmt.Errorf("register %s.%s: no such function", f.Module, f.Name)
		}
		b := builders[f.Module]
		if b == nil {
			b = e.runtime.NewHostModuleBuilder(f.Module)
			builders[f.Module] = b
		}
		b.NewFunctionBuilder().
			WithGoModuleFunction(function, valueTypes(f.Params), valueTypes(f.Results)).
			Export(f.Name)
	}
	for name, b := range builders {
		if _, err := b.Instantiate(ctx); err != nil {
			return fmt.Errorf("register %s: %w", name, err)
		}
	}
	return nil
}

// valueTypes converts the contract's types: both are the numbers of the binary format.
func valueTypes(types []abi.ValueType) []api.ValueType {
	v := make([]api.ValueType, len(types))
	for i, t := range types {
		v[i] = api.ValueType(t)
	}
	return v
}

// Close frees all modules and instances. No call may be running.
func (e *Engine) Close(ctx context.Context) error { return e.runtime.Close(ctx) }
