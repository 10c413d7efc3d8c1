// Package instrument rewrites WebAssembly modules so that their host can bound and reset what runs: a counter that the
// guest itself takes down (Fuel), a bound on the depth of calls, bounds on memory and tables, and exports of all that is
// needed to put an instance back to an earlier state. It knows nothing of wazero, and nothing of HTTP.
//
// The bytes are hostile. What would cost a compiler out of proportion is refused first: see Refusal.
package instrument

import "github.com/portholehttp/porthole/host/internal/module"

// Names that the rewritten module imports and exports besides its own. A module that uses them itself is refused.
const (
	// TickModule and TickName are an import without parameters and results: called when Fuel has fallen below zero. The host
	// sets it anew and returns, or ends the call.
	TickModule, TickName = "porthole_meter", "tick"

	// FuelExport is a mutable i64 global. The guest takes it down by one at each function entry and loop header, and by the
	// bytes of a bulk memory operation divided by BulkUnit.
	FuelExport = "porthole_fuel"

	// DepthExport is a mutable i32 global: how many calls are active. It is exported if Config.CallDepth is not zero. A trap
	// leaves it as it was: the host sets it to zero before each call.
	DepthExport = "porthole_depth"

	// GlobalExport and a decimal number from 0 are the names of the mutable globals of the module.
	GlobalExport = "porthole_global_"
)

// BulkUnit is how many bytes, or elements of a table, of a bulk operation cost one unit of fuel.
const BulkUnit = 64

// Config says what is added to a module.
type Config struct {
	Meter         bool   // Fuel and the tick import
	CallDepth     uint32 // the most nested calls, beyond which the guest traps with "unreachable" after setting DepthExport above it; 0: no bound added
	MemoryPages   uint32 // the most memory, in pages of 64 KiB; 0: no bound added
	TableElements uint32 // the most elements of each table; 0: no bound added
}

// Module is a rewritten module.
type Module struct {
	Wasm    []byte
	Globals int // mutable globals that are exported by GlobalExport
	// Resettable reports whether memory and the exported globals are all the state that code can change: no instruction changes a table or
	// drops a segment.
	Resettable bool
}

// Rewrite returns wasm as c says. The same bytes and configuration give the same result. The error is a *Refusal, or what
// module.Read returns for bytes that are no module. It is no validation: the engine judges what the code means.
func Rewrite(wasm []byte, c Config) (*Module, error) {
	m, err := module.Read(wasm)
	if err != nil {
		return nil, err
	}
	r := rewriter{input: wasm, module: m, config: c, resettable: true}
	if err := r.plan(); err != nil {
		return nil, err
	}
	if err := r.run(); err != nil {
		return nil, err
	}
	return &Module{Wasm: r.out, Globals: len(r.mutable), Resettable: r.resettable}, nil
}

// plan refuses what the declarations show and assigns indices to what is added.
func (r *rewriter) plan() error {
	if err := r.checkNames(); err != nil {
		return err
	}
	r.imported = uint32(len(r.module.Imports)) // all are functions
	r.globals = uint32(r.module.Globals)
	r.tables = uint32(len(r.module.Tables))
	r.tick = r.imported
	r.fuel = r.globals
	r.depth = r.globals
	if r.config.Meter {
		r.depth++
	}
	r.planTypes()
	r.out = make([]byte, 0, len(r.input)+len(r.input)/4+4096)
	r.out = append(r.out, r.input[:module.PreambleSize]...)
	return nil
}
