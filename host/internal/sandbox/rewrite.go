package sandbox

import (
	"github.com/portholehttp/porthole/host/internal/datasegment"
	"github.com/portholehttp/porthole/host/internal/instrument"
	"github.com/portholehttp/porthole/host/internal/optimize"
)

// rewrite returns what does the same as wasm with less code, and what bounds it.
func (e *Engine) rewrite(wasm []byte, c CompileConfig) (*instrument.Module, error) {
	return bound(datasegment.Join(optimize.Rewrite(wasm, optimize.Config{MemoryPages: e.mostPages(c)})), c)
}

// mostPages returns the most memory that an instance can have, in pages of 64 KiB.
func (e *Engine) mostPages(c CompileConfig) uint32 {
	if c.MemoryPages != 0 {
		return min(e.config.MemoryPages, c.MemoryPages)
	}
	return e.config.MemoryPages
}

// bound adds to wasm what bounds it.
func bound(wasm []byte, c CompileConfig) (*instrument.Module, error) {
	if c == (CompileConfig{}) {
		return &instrument.Module{Wasm: wasm}, nil
	}
	return instrument.Rewrite(wasm, instrument.Config(c))
}
