package sandbox

import "github.com/tetratelabs/wazero/api"

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
		return 0, &Fault{Guest: i.name, Function: f.name, Err: errReentered}
	}
	copy(f.stack, params)
	i.running = true
	if i.meter != nil {
		i.meter.begin()
	}
	err := f.function.CallWithStack(i.context, f.stack)
	if i.meter != nil {
		i.meter.end()
	}
	i.running = false
	if i.closed {
		defer i.free()
	}
	if err != nil {
		return 0, i.end(f.name, err)
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
