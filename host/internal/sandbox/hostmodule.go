package sandbox

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"github.com/portholehttp/porthole/abi"
)

// HostModules are functions that an embedder offers to guests next to ours, by the name of the module from which they are imported.
type HostModules map[string][]HostFunction

// HostFunction is one of them.
type HostFunction struct {
	Name            string
	Params, Results []api.ValueType // i32, i64, f32, f64

	// Call is called on the goroutine of the instance, which waits for it: it cannot be interrupted, but the time that it takes
	// counts. Owner returns the owner of the instance that calls. A panic ends the guest's call.
	Call api.GoModuleFunc
}

// reserved are the beginnings of names of modules that are not an embedder's.
var reserved = []string{"porthole_", "wasi"}

// Imports returns the functions as module.CheckHandler takes them, in a fixed order.
func (h HostModules) Imports() []abi.Function {
	var all []abi.Function
	for _, module := range slices.Sorted(maps.Keys(h)) {
		for _, f := range h[module] {
			all = append(all, abi.Function{Module: module, Name: f.Name, Params: abiTypes(f.Params), Results: abiTypes(f.Results)})
		}
	}
	return all
}

// Check names all that cannot be offered, joined.
func (h HostModules) Check() error {
	var errs []error
	for _, module := range slices.Sorted(maps.Keys(h)) {
		if module == "" {
			errs = append(errs, errors.New("a host module has no name"))
		}
		for _, prefix := range reserved {
			if strings.HasPrefix(module, prefix) {
				errs = append(errs, fmt.Errorf("host module %q: names that begin with %q are reserved", module, prefix))
			}
		}
		names := make(map[string]bool)
		for _, f := range h[module] {
			fault := func(format string, args ...any) {
				errs = append(errs, fmt.Errorf("host function %s.%s: "+format, append([]any{module, f.Name}, args...)...))
			}
			if names[f.Name] {
				fault("it is there twice")
			}
			names[f.Name] = true
			if f.Call == nil {
				fault("Call is nil")
			}
			for _, t := range slices.Concat(f.Params, f.Results) {
				if t != api.ValueTypeI32 && t != api.ValueTypeI64 && t != api.ValueTypeF32 && t != api.ValueTypeF64 {
					fault("values of type %#x cannot be passed", t)
				}
			}
		}
	}
	return errors.Join(errs...)
}

func abiTypes(types []api.ValueType) []abi.ValueType {
	v := make([]abi.ValueType, len(types))
	for i, t := range types {
		v[i] = abi.ValueType(t)
	}
	return v
}

// guarded returns f with a look at the guest's budget before and after: unlike ours, it may take long.
func guarded(f api.GoModuleFunc) api.GoModuleFunc {
	return func(ctx context.Context, guest api.Module, stack []uint64) {
		i := caller(ctx)
		i.checkpoint()
		f(ctx, guest, stack)
		i.checkpoint()
	}
}

// counted returns f, which takes little time, as one of the guest's requests.
func counted(f api.GoModuleFunc) api.GoModuleFunc {
	return func(ctx context.Context, guest api.Module, stack []uint64) {
		if i := caller(ctx); i != nil && i.meter != nil {
			i.meter.request()
		}
		f(ctx, guest, stack)
	}
}
