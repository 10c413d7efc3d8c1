package host

import (
	"context"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero/api"

	"github.com/portholehttp/porthole/host/internal/sandbox"
)

// HostModule is a set of functions of the embedder's own, which handlers can import next to those of Porthole and WASI, if
// Grants.HostModules says so.
type HostModule struct {
	// Name is from which module a handler imports them. Names that begin with "porthole_" or "wasi" are not for embedders.
	Name      string
	Functions []HostFunction
}

// HostFunction is one of them.
type HostFunction struct {
	Name            string
	Params, Results []api.ValueType // api.ValueTypeI32, I64, F32 or F64

	// Call is called with the parameters on its stack, and leaves the results there: see api.GoModuleFunc. It runs on the goroutine of a
	// shard, of several at once, which waits for it; how long it takes counts as the handler's time. It must check every
	// pointer: those of a guest are hostile. A panic ends the handler's call, and is logged. It must not call the guest.
	//
	// Handlers share it: CallerName(ctx) says which one calls.
	Call api.GoModuleFunc
}

// CallerName returns the name, as given to Load, of the handler that calls a HostFunction with ctx.
func CallerName(ctx context.Context) string { return sandbox.CallerName(ctx) }

// hostModules returns modules by name.
func hostModules(modules []HostModule) (sandbox.HostModules, error) {
	all := make(sandbox.HostModules)
	var errs []error
	for _, m := range modules {
		if _, twice := all[m.Name]; twice {
			errs = append(errs, fmt.Errorf("host module %q: it is there twice", m.Name))
			continue
		}
		functions := make([]sandbox.HostFunction, len(m.Functions))
		for i, f := range m.Functions {
			functions[i] = sandbox.HostFunction(f)
		}
		all[m.Name] = functions
	}
	if err := errors.Join(errors.Join(errs...), all.Check()); err != nil {
		return nil, fmt.Errorf("host: HostModules: %w", err)
	}
	return all, nil
}
