package sandbox

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/portholehttp/porthole/host/internal/linear"
	"github.com/portholehttp/porthole/host/internal/wasi"
)

// InstanceConfig configures an Instance.
type InstanceConfig struct {
	Owner          any             // what the guest's imports act on: see Owner
	Args           []string        // after the module's name, which is the first. No NUL bytes
	Env            []string        // KEY=VALUE, all that the guest gets to see. No NUL bytes
	Stdout, Stderr io.Writer       // nil discards
	Clock          Clock           // what the guest is shown; nil: the system's
	Budget         Budget          // of each call, from the start function and _initialize on: see SetBudget
	Interrupt      <-chan struct{} // when closed, ends a guest that sleeps, and a metered one that computes; nil never does
}

// Clock tells the time.
type Clock interface{ Now() time.Time }

// Instance is a live guest.
type Instance struct {
	name      string
	of        *Module
	module    api.Module
	memory    api.Memory
	linear    *linear.Memory // behind memory, and outlives it: see Close
	context   context.Context
	wasi      wasi.System
	meter     *meter // nil if it is not instrumented
	interrupt <-chan struct{}
	running   bool // one of its exports is on the call stack
	closed    bool
	fault     *Fault // why it was ended
	snapshot  *snapshot
}

// Instantiate makes an instance and runs its _initialize, if it has one. The error is a *Fault if the
// guest is to blame. Imports may be called, and act on the owner, before Instantiate returns.
func (m *Module) Instantiate(c InstanceConfig) (*Instance, error) {
	i := &Instance{name: m.name, of: m, interrupt: c.Interrupt}
	i.context = &callContext{context.Background(), c.Owner, i}
	if m.code.key.config.Meter || m.code.key.config.CallDepth > 0 {
		i.meter = newMeter(m.code.key.config, c.Interrupt, c.Budget)
	}
	i.wasi = wasi.System{
		Args: append([]string{m.name}, c.Args...), Env: c.Env,
		Stdout: c.Stdout, Stderr: c.Stderr,
		Now: time.Now, Guard: guard{i},
	}
	if c.Clock != nil {
		i.wasi.Now = c.Clock.Now
	}
	if err := i.wasi.Validate(); err != nil {
		return nil, err
	}
	if err := m.enter(); err != nil {
		return nil, i.End(instantiation, err)
	}
	if err := i.start(); err != nil {
		i.Close()
		return nil, err
	}
	return i, nil
}

// start makes the guest live.
func (i *Instance) start() error {
	ctx, err := i.allocate()
	if err != nil {
		return err
	}
	// Anonymous: there may be many. None of the functions that wazero would call: it knows nothing of budgets.
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions()
	module, err := i.of.code.runtime.InstantiateModule(ctx, i.of.code.compiled, config)
	if err != nil {
		return i.end(instantiation, err)
	}
	i.module = module
	i.memory = module.Memory()
	if i.meter != nil {
		i.meter.bind(module)
		i.meter.end() // of the start function
	}
	if module.ExportedFunction(initialize) == nil {
		return nil
	}
	f, err := i.Function(initialize, 0, 0)
	if err != nil {
		return err
	}
	_, err = f.Call()
	return err
}

// What a Fault names that is no export, or may not be one.
const (
	instantiation = "instantiation"
	initialize    = "_initialize"
)

// Close frees the instance, when the call that may be running has returned. By then no view of its memory may be in use: it is
// unmapped. From now on calls return a Fault.
func (i *Instance) Close() {
	if i.closed {
		return
	}
	i.closed = true
	if i.fault == nil {
		_ = i.End("close", errClosed)
	}
	if !i.running {
		i.free()
	}
}

// free is Close when nothing runs.
func (i *Instance) free() {
	if i.module != nil {
		_ = i.module.Close(i.context) // nothing of ours is closed with it
	}
	i.deallocate()
	i.of.leave()
}

// End makes every further call return the Fault that it returns, for an instance that broke the contract.
func (i *Instance) End(function string, err error) *Fault {
	i.fault = &Fault{Guest: i.name, Function: function, Err: err}
	return i.fault
}

// end is End for a call that failed.
func (i *Instance) end(function string, err error) *Fault {
	if overflowed(err) || i.meter != nil && i.meter.tooDeep() {
		err = &depthError{err}
	}
	f := i.End(function, err)
	if i.of.code.pages > 0 && i.memory != nil {
		pages, _ := i.memory.Grow(0) // Size cannot tell 4 GiB from nothing
		f.full = pages >= i.of.code.pages
	}
	return f
}

// View returns size bytes at p of the guest's memory, false if they are not all inside.
// The view is valid until the guest runs again.
func (i *Instance) View(p, size uint32) ([]byte, bool) { return i.memory.Read(p, size) }

// MemorySize returns the size of the guest's memory in bytes.
func (i *Instance) MemorySize() uint32 { return i.memory.Size() }

// Function returns an export with that many parameters and results (0 or 1), to be called many times.
func (i *Instance) Function(name string, params, results int) (*Function, error) {
	f := i.module.ExportedFunction(name)
	if f == nil {
		return nil, i.End(name, &Misuse{name, fmt.Sprintf("no export %q", name)})
	}
	d := f.Definition()
	if len(d.ParamTypes()) != params || len(d.ResultTypes()) != results {
		return nil, i.End(name, &Misuse{name, fmt.Sprintf("the export %q takes %d and returns %d values, not %d and %d",
			name, len(d.ParamTypes()), len(d.ResultTypes()), params, results)})
	}
	return &Function{i, name, f, make([]uint64, max(params, results))}, nil
}
