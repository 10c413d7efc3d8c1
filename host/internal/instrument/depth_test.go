package instrument_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/instrument"
)

// So many calls may be active and no more; whichever way a call ends, the depth is what it was before it.
func TestDepth(t *testing.T) {
	const bound = 50
	for _, meter := range []bool{false, true} {
		g := instantiate(t, rewrite(t, file(t, "depth.wasm"), instrument.Config{Meter: meter, CallDepth: bound}).Wasm)
		for name := range g.ExportedFunctionDefinitions() {
			most := uint64(bound) - 1 // it calls itself so many times more
			switch name {
			case "many", "nothing":
				most-- // called by a function that is exported
			case "wide":
				most = bound/2 - 1 // counts twice
			}
			for range 3 {
				_, err := g.call(name, most)
				require.NoError(t, err, name)
				assert.Zero(t, g.global(instrument.DepthExport), name)
			}
			_, err := g.call(name, most+1)
			require.ErrorContains(t, err, "unreachable", name)
			assert.Greater(t, g.global(instrument.DepthExport), uint64(bound), name)
		}
	}
}

// A recursion without end, direct or not, traps before the engine's stack is full.
func TestEndlessRecursion(t *testing.T) {
	g := instantiate(t, rewrite(t, file(t, "endless.wasm"), instrument.Config{CallDepth: 1000}).Wasm)
	for _, name := range []string{"recursion", "mutual_recursion", "indirect_recursion"} {
		_, err := g.call(name)
		require.ErrorContains(t, err, "unreachable", name)
	}
}
