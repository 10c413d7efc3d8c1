// Package optimize rewrites WebAssembly modules so that the engine makes less and straighter machine code of them. It changes nothing
// of what a module computes.
package optimize

import (
	"github.com/portholehttp/porthole/host/internal/module"
)

// Rewrite returns a module that computes the same.
func Rewrite(wasm []byte) []byte {
	m, err := module.Read(wasm)
	if err != nil {
		return wasm
	}
	r := rewriter{wasm: wasm, module: m}
	return r.run()
}

const maxInstructions = 1 << 24
