package sandbox

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/tetratelabs/wazero/api"

	"github.com/portholehttp/porthole/host/internal/instrument"
	"github.com/portholehttp/porthole/host/internal/linear"
	"github.com/portholehttp/porthole/host/internal/wasi"
)

// ErrNotResettable is in the chain of the error of Snapshot for a guest whose state the host cannot put back: it was not
// rewritten (see CompileConfig), it can change tables or drop segments (see instrument.Module), or its memory cannot be
// reset (see linear.Memory). For each request that wants a fresh one, instantiate the module.
var ErrNotResettable = errors.New("the guest's state cannot be reset")

// errNoSnapshot is returned by Reset before the first Snapshot.
var errNoSnapshot = errors.New("there is no snapshot of the instance")

// snapshot is what an Instance goes back to, besides the memory, which linear.Memory remembers.
type snapshot struct {
	globals []global
	wasi    wasi.System
}

// global is a mutable global and what was in it.
type global struct {
	api.MutableGlobal
	value uint64
}

// Snapshot remembers the state of the instance, in place of an earlier Snapshot. It must not be running, nor have a fault.
//
// What code can do to an instance is to change its memory, globals and tables, and to drop segments; the last two cannot be
// put back, so a module that has instructions for it is refused. What wazero keeps of calls (their stack) is no state: code
// cannot read what it has not written. Of the host's side, the WASI of the instance is remembered. What else acts on behalf of
// it (its owner, functions of an embedder) is for the owner to put back.
//
// A guest that is reset repeats itself. Random numbers that it draws from a generator seeded before the snapshot are the same after
// each Reset: those of math/rand, Go's order of maps and its hash seeds, but also those of a cryptographic generator that
// a program keeps itself, as some do in languages other than Go. What the guest asks the host for is not: the clocks go on,
// and random_get, which is where crypto/rand has all its bytes from, never repeats.
func (i *Instance) Snapshot() error { return i.remember((*linear.Memory).Snapshot) }

// remember is Snapshot by that means for the memory.
func (i *Instance) remember(memory func(*linear.Memory, api.Memory) error) error {
	if err := i.idle(); err != nil {
		return err
	}
	if !i.of.code.resettable {
		return ErrNotResettable
	}
	globals, err := i.globals()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotResettable, err)
	}
	if err := memory(i.linear, i.memory); err != nil {
		return fmt.Errorf("%w: %w", ErrNotResettable, err)
	}
	i.wasi.Flush()
	i.snapshot = &snapshot{globals, i.wasi}
	return nil
}

// Reset puts the instance back to its Snapshot. It must not be running. An instance that has a fault cannot be reset: who
// broke out of the contract may have found a way to break the sandbox, and is not given another request to try with.
// If the reset fails, the error is the Fault that the instance now has.
func (i *Instance) Reset() error {
	if err := i.idle(); err != nil {
		return err
	}
	if i.snapshot == nil {
		return errNoSnapshot
	}
	if err := i.linear.Reset(); err != nil {
		return i.End("reset", err)
	}
	for _, g := range i.snapshot.globals {
		g.Set(g.value)
	}
	i.wasi.Flush()
	i.wasi = i.snapshot.wasi
	return nil
}

// idle returns why the instance is not in a state that could be remembered or put back.
func (i *Instance) idle() error {
	switch {
	case i.fault != nil:
		return i.fault
	case i.running:
		return errReentered
	}
	return nil
}

// globals returns the mutable globals of the guest as they are.
func (i *Instance) globals() ([]global, error) {
	globals := make([]global, i.of.code.globals)
	for n := range globals {
		name := instrument.GlobalExport + strconv.Itoa(n)
		g, ok := i.module.ExportedGlobal(name).(api.MutableGlobal)
		if !ok {
			return nil, fmt.Errorf("no mutable global %s", name)
		}
		globals[n] = global{g, g.Get()}
	}
	return globals, nil
}
