package sandbox

import (
	"context"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero"
)

// ErrNoMemory is returned for a module that does not export a memory by the name of "memory".
var ErrNoMemory = errors.New("the module exports no memory")

// Module is a compiled guest. It is safe for concurrent use.
type Module struct {
	name     string
	engine   *Engine
	compiled wazero.CompiledModule
}

// Compile compiles wasm, or takes it from the cache. name is what faults call the guest.
// It cannot be interrupted: validate what comes from outside first.
func (e *Engine) Compile(ctx context.Context, name string, wasm []byte) (*Module, error) {
	compiled, err := e.runtime.CompileModule(ctx, wasm)
	if err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	if compiled.ExportedMemories()["memory"] == nil {
		_ = compiled.Close(ctx) // nothing runs of it
		return nil, ErrNoMemory
	}
	return &Module{name, e, compiled}, nil
}

// Name returns the name given to Compile.
func (m *Module) Name() string { return m.name }

// Close frees the code. No instance may be left.
func (m *Module) Close(ctx context.Context) error { return m.compiled.Close(ctx) }
