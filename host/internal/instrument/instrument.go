// Package instrument rewrites WebAssembly modules so that their host can bound and reset what runs: a counter that the
// guest itself takes down (fuel), a bound on the depth of calls, bounds on memory and tables, and exports of all that is
// needed to put an instance back to an earlier state. It knows nothing of wazero, and nothing of HTTP.
//
// # Why a counter
//
// Compiled guest code cannot be preempted: while it runs, a garbage collection of the host waits for it, and with one processor so does
// the goroutine that would end it. So the guest itself has to come back. A global is taken down and compared where every turn of a loop
// and every call must pass, and only when it is below zero the guest calls the host, which looks at the clock and lets it go on, or does not.
//
// A unit of fuel is one such check, and on top of it one for every CodePoints of code that may run until the next, so that no straight
// code is long enough to hide in: whatever runs for long pays for it. Fuel says how often to look at the clock; it is no measure of time.
// A unit is a nanosecond in the tightest loop and may be some microseconds where each instruction misses the cache.
//
// A function without loops and calls that does less than a call costs has no check: its callers pay enough for each call. One that
// gets to a loop whatever happens, as all of Go's do that have loops, leaves the check to that loop.
//
// Against the module as it is, metered guests take 1.03 to 1.18 times as long in Go (JSON, sorting, regular expressions, channels) and 1.02 to 1.38 in C, of which
// the most in loops of a few instructions, where the counter's way through memory is the longest. Bounding the depth takes 1.0 to 1.1 in Go and C, and 1.2
// in a recursion that does nothing else. See BenchmarkRun.
//
// # Hostile bytes
//
// Each instruction is decoded, and what is not of the core specification 2.0 is refused: nobody knows what follows it. What may be
// encoded so that an engine could read other instructions than this package is malformed. Code cannot reach what is added, because an
// index beyond the module's own things is malformed. What would cost a compiler out of proportion is refused: see Refusal.
package instrument

import "github.com/portholehttp/porthole/host/internal/module"

// Names that the rewritten module imports and exports besides its own. A module that uses them itself is refused.
const (
	// TickModule and TickName are an import without parameters and results: called when fuel has fallen below zero. The host
	// sets it anew and returns, or ends the call.
	TickModule, TickName = "porthole_meter", "tick"

	// FuelExport is a mutable i64 global, at first 0. The guest takes it down by one or more at each function entry and loop header, and by the
	// bytes of a bulk memory operation divided by BulkUnit before the operation: see the package. A page that memory is to grow by counts as its bytes.
	FuelExport = "porthole_fuel"

	// DepthExport is a mutable i32 global, at first 0: how many calls are active, among functions that call others of the module. A call with
	// many locals counts more than once: see Config.CallDepth. It is exported if Config.CallDepth is not zero. A trap, and a call that the host ends,
	// leaves it as it was: the host sets it to zero before each call.
	DepthExport = "porthole_depth"

	// GlobalExport and a decimal number from 0 are the names of the mutable globals of the module, in its order.
	GlobalExport = "porthole_global_"
)

// BulkUnit is how many bytes, or elements of a table, of a bulk operation cost one unit of fuel.
const BulkUnit = 64

// Version is that of what Rewrite makes of a module: it changes with each change of that, for those who keep the results.
const Version = 1

// Config says what is added to a module.
type Config struct {
	Meter bool // fuel and the tick import

	// CallDepth is the most nested calls, beyond which the guest traps with "unreachable" after setting DepthExport above it. A function counts
	// once, and once more for each 64 parameters and locals, which make its stack frame larger. 0: no bound is added.
	CallDepth uint32

	MemoryPages   uint32 // the most memory, in pages of 64 KiB; 0: no bound is added
	TableElements uint32 // the most elements of each table; 0: no bound is added
}

// Module is a rewritten module.
type Module struct {
	Wasm    []byte
	Globals int // mutable globals that are exported by GlobalExport
	// Resettable reports whether memory and the exported globals are all the state that code can change: no instruction changes a table or
	// drops a segment, and no global holds what the host cannot write, a vector or a reference. A start function runs before the host may look.
	Resettable bool
}

// Rewrite returns wasm as c says; wasm is not changed. The same bytes and configuration give the same result. The error is a *Refusal, or one of those
// that module.Read returns for bytes that are no module. It is no validation: the engine judges what the code means, and refuses rewritten what it refuses as it is.
//
// Functions keep their names, and custom sections are kept but for debug information, which would be wrong, and malformed names.
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
