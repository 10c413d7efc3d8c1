package sandbox

import (
	"context"
	"crypto/sha256"

	"github.com/tetratelabs/wazero"
)

// code is what was compiled of a module's bytes. Modules of the same bytes and configuration share it, be they handlers of several routes
// with other grants, or a version that was loaded again: it takes some megabytes for a guest in Go.
type code struct {
	key        codeKey
	runtime    wazero.Runtime // that it was compiled by
	compiled   wazero.CompiledModule
	globals    int    // mutable ones that are exported: see instrument.GlobalExport
	resettable bool   // memory and globals are all that it can change
	pages      uint32 // to which its memory can grow; 0 if it cannot

	users int // modules; belongs to Engine.mu
}

type codeKey struct {
	sum    [sha256.Size]byte
	config CompileConfig
}

// share returns code that is there, for another module; nil if it has to be compiled.
func (e *Engine) share(k codeKey) *code {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := e.codes[k]
	if c != nil {
		c.users++
	}
	return c
}

// keep lets others share code of which there is one user.
func (e *Engine) keep(c *code) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c.users = 1
	e.codes[c.key] = c
}

// drop is the end of a user. The last one frees the code.
func (e *Engine) drop(ctx context.Context, c *code) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if c.users--; c.users > 0 {
		return nil
	}
	delete(e.codes, c.key)
	return c.compiled.Close(ctx)
}

// Modules returns how many modules there is code of.
func (e *Engine) Modules() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.codes)
}
