package sandbox

import (
	"context"
	"fmt"
	"io"

	"github.com/tetratelabs/wazero/api"
)

// InstanceConfig configures an Instance.
type InstanceConfig struct {
	Owner          any             // what the guest's imports act on: see Owner
	Stdout, Stderr io.Writer       // nil discards
	Interrupt      <-chan struct{} // when closed, ends a guest that sleeps; nil never does
}

// Instance is a live guest.
type Instance struct {
	name    string
	module  api.Module
	memory  api.Memory
	context context.Context
	running bool   // one of its exports is on the call stack
	fault   *Fault // why it was ended
}

// callContext is what wazero passes from a call of an export to the imports that it calls. It never ends:
// a guest is not interrupted in the midst of its code.
type callContext struct {
	context.Context
	owner any
}

// WithOwner returns a context for calling a host function as a guest with that owner would.
func WithOwner(ctx context.Context, owner any) context.Context { return &callContext{ctx, owner} }

// Owner returns the owner of the instance that called an import with ctx.
func Owner[T any](ctx context.Context) T { return ctx.(*callContext).owner.(T) }

// Instantiate makes an instance and runs its _initialize, if it has one. The error is a *Fault if the
// guest is to blame. Imports may be called, and act on the owner, before Instantiate returns.
func (m *Module) Instantiate(c InstanceConfig) (*Instance, error) {
	i := &Instance{name: m.name, context: WithOwner(context.Background(), c.Owner)}
	module, err := m.engine.runtime.InstantiateModule(i.context, m.compiled, moduleConfig(m.name, c))
	if err != nil {
		return nil, &Fault{m.name, "instantiation", err}
	}
	i.module = module
	i.memory = module.Memory()
	if module.ExportedFunction(initialize) != nil {
		f, err := i.Function(initialize, 0, 0)
		if err == nil {
			_, err = f.Call()
		}
		if err != nil {
			i.Close()
			return nil, err
		}
	}
	return i, nil
}

const initialize = "_initialize"

// Close frees the instance. It must not be running.
func (i *Instance) Close() {
	_ = i.module.Close(i.context) // fails only if closed already, by an exit
}

// End makes every further call return the Fault that it returns, for an instance that broke the contract.
func (i *Instance) End(function string, err error) *Fault {
	i.fault = &Fault{i.name, function, err}
	return i.fault
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
		return nil, i.End(name, fmt.Errorf("no export %q", name))
	}
	d := f.Definition()
	if len(d.ParamTypes()) != params || len(d.ResultTypes()) != results {
		return nil, i.End(name, fmt.Errorf("the export %q takes %d and returns %d values, not %d and %d",
			name, len(d.ParamTypes()), len(d.ResultTypes()), params, results))
	}
	return &Function{i, name, f, make([]uint64, max(params, results))}, nil
}

// Function is an export of an instance.
type Function struct {
	instance *Instance
	name     string
	function api.Function
	stack    []uint64 // parameters, then the result; here so that a call does not allocate
}

// Call calls the export. Its result is 0 if the export has none; of a 32-bit result take the lower half.
// The error is a *Fault, and the instance must be closed.
func (f *Function) Call(params ...uint64) (uint64, error) {
	i := f.instance
	if i.fault != nil {
		return 0, i.fault
	}
	if i.running {
		return 0, &Fault{i.name, f.name, errReentered}
	}
	copy(f.stack, params)
	i.running = true
	err := f.function.CallWithStack(i.context, f.stack)
	i.running = false
	if err != nil {
		return 0, i.End(f.name, err)
	}
	if len(f.stack) == 0 {
		return 0, nil
	}
	return f.stack[0], nil
}

// Buffer calls an export that takes a size and returns a pointer, and returns those bytes of the guest's
// memory. If the pointer leads outside, the instance is ended. The view is valid until the guest runs again.
func (f *Function) Buffer(size uint32) ([]byte, error) {
	p, err := f.Pointer(size)
	if err != nil {
		return nil, err
	}
	view, _ := f.instance.View(p, size)
	return view, nil
}

// Pointer is Buffer for a buffer that outlives the view.
func (f *Function) Pointer(size uint32) (uint32, error) {
	result, err := f.Call(uint64(size))
	if err != nil {
		return 0, err
	}
	p := api.DecodeU32(result)
	if _, ok := f.instance.View(p, size); !ok {
		return 0, f.instance.End(f.name, &Misuse{f.name, outside("result", p, size, f.instance.MemorySize())})
	}
	return p, nil
}
