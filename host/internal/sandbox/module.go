package sandbox

import (
	"context"
	"errors"
	"sync"
)

// ErrNoMemory is returned for a module that does not export a memory by the name of "memory".
var ErrNoMemory = errors.New("the module exports no memory")

// ErrModuleClosed is in the chain of the Fault that Instantiate returns for a module that was closed.
var ErrModuleClosed = errors.New("the module is closed")

// Module is a compiled guest. It is safe for concurrent use.
type Module struct {
	name   string
	engine *Engine
	code   *code

	mu     sync.Mutex
	users  int // instances, and Instantiate while it runs
	closed bool
}

// Name returns the name given to Compile.
func (m *Module) Name() string { return m.name }

// Resettable reports whether instances can be put back to a Snapshot.
func (m *Module) Resettable() bool { return m.code.resettable }

// Close makes Instantiate return ErrModuleClosed. The code is freed with the last instance: wazero would take it away from under
// those that live.
func (m *Module) Close(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil
	}
	m.closed = true
	return m.free(ctx)
}

// enter keeps the code until leave.
func (m *Module) enter() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return ErrModuleClosed
	}
	m.users++
	return nil
}

func (m *Module) leave() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.users--
	_ = m.free(context.Background()) // wazero's never fails
}

// free gives the code up if nobody uses it and nobody will.
func (m *Module) free(ctx context.Context) error {
	if !m.closed || m.users > 0 {
		return nil
	}
	return m.engine.drop(ctx, m.code)
}
