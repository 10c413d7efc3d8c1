// Package optimize rewrites WebAssembly modules so that the engine, which translates what it finds one by one, makes less and straighter machine
// code of them. It is written for what Go's compiler makes of Go; other modules gain little, and lose nothing.
//
//	dispatch   a function of Go has a table of all its blocks, through which every jump goes. It becomes blocks and loops: see dispatch. One that
//	           is resumed in the middle finds its way by comparisons: see resume
//	frame      the stack pointer of Go, of which each call makes a new value to the engine, is kept in a local: see framer
//	fold       comparisons that are made 64 bits wide and compared with zero are used as they are
//	bounds     accesses of memory by one address, or by some that differ by constants, are checked once: see bounds
//
// # What stays the same
//
// A module computes the same and traps for the same reason, if it does. Two things differ, which nobody can see from inside:
//
//   - When an access is out of bounds, what comes before it in the same straight piece of code may not have been done. Memory and globals differ
//     after a trap that ends the instance.
//   - The instructions between two host calls differ, and so what a meter counts.
//
// In modules of Go's linker the package relies on what all code of Go's compiler keeps to, where it finds the forms of that compiler. A module that
// only looks like it traps, or goes on at another block, where it does otherwise:
//
//   - A function is resumed only behind calls that store where that is, at the beginning of a block that begins with a call, and where nothing
//     else leads to.
//   - A function that returns 0 has the stack pointer, global 0, at what it was before the call. Otherwise the caller goes on as if it were
//     resumed behind the call, which reads all that it needs from the stack again.
//   - A call within a block, behind which a function cannot be resumed, unwinds the stack, or never returns. So does that of sigpanic for a nil
//     pointer, and of morestack. Otherwise it traps.
//   - The frame of a function, and the parameters above, are in memory when it has grown the stack for them. Otherwise it traps earlier.
//
// # Hostile bytes
//
// What is not understood is left as it is: whole modules, or functions. Time and memory are in proportion to the module, whose code becomes at
// most some three times as large; the result is valid if the module is. Nothing is refused, that is for the engine and for package instrument.
package optimize

import "github.com/portholehttp/porthole/host/internal/module"

// Version is that of what Rewrite makes of a module: it changes with each change of that, for those who keep the results.
const Version = 2

// Config says what is known of how a module is run.
type Config struct {
	MemoryPages uint32 // the most memory it can have, in pages of 64 KiB, if that is less than it declares; 0: nothing is known
}

// Rewrite returns a module that does the same as wasm, or wasm itself; wasm is not changed. The same bytes and configuration give the same result.
func Rewrite(wasm []byte, c Config) []byte {
	m, err := module.Read(wasm)
	if err != nil || len(wasm) > maxModule {
		return wasm
	}
	r := rewriter{wasm: wasm, module: m}
	r.plan(c)
	if !r.rewriteBodies() {
		return wasm
	}
	return r.assemble()
}

// The most that is looked at.
const (
	maxModule = 1 << 30 // bytes
	maxLocals = 5_000   // of a function
)
