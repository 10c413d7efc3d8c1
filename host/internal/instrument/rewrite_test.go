package instrument_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/instrument"
	"github.com/portholehttp/porthole/wasm"
)

// bounded has a bound of all that may be bounded, far away.
var bounded = instrument.Config{Meter: true, CallDepth: 100_000, MemoryPages: 4096, TableElements: 100_000}

// A guest computes the same as before, whatever is added.
func TestSameResults(t *testing.T) {
	type call struct {
		export     string
		parameters []uint64
	}
	for _, c := range []struct {
		name  string
		wasm  func(testing.TB) []byte
		calls []call
	}{
		{"go", goGuest, []call{
			{"encode", []uint64{20}}, {"sort", []uint64{100}}, {"match", []uint64{3}}, {"tree", []uint64{6}},
			{"recurse", []uint64{12}}, {"channels", []uint64{50}}, {"recover", []uint64{3}}, {"copy", []uint64{1000}},
		}},
		{"c", compute, []call{
			{"fib", []uint64{12}}, {"sieve", []uint64{10_000}}, {"copy", []uint64{1000}}, {"matrix", []uint64{12}},
			{"quicksort", []uint64{1000}}, {"dispatch", []uint64{1000}}, {"interpret", []uint64{1000}},
		}},
		{"libc", libc, []call{{"text", []uint64{100}}}},
		{"depth", func(t testing.TB) []byte { return file(t, "depth.wasm") }, []call{
			{"end", []uint64{9}}, {"return", []uint64{9}}, {"return_in_loop", []uint64{9}}, {"br", []uint64{9}}, {"br_if", []uint64{9}},
			{"br_table", []uint64{9}}, {"indirect", []uint64{9}}, {"many", []uint64{9}}, {"nothing", []uint64{9}}, {"wide", []uint64{9}},
		}},
		{"state", func(t testing.TB) []byte { return file(t, "state.wasm") }, []call{
			{"local", []uint64{3}}, {"second", []uint64{4}}, {"by_table", []uint64{5, 0}}, {"by_table", []uint64{5, 1}},
			{"by_table", []uint64{5, 2}}, {"by_table", []uint64{5, 3}}, {"size", nil}, {"grow", []uint64{1}},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			wasm := c.wasm(t)
			original := instantiate(t, wasm)
			guests := []*guest{}
			configs := []instrument.Config{bounded, {Meter: true}, {CallDepth: 100_000}}
			if c.name == "go" {
				configs = configs[:1] // it takes long to compile
			}
			for _, config := range configs {
				guests = append(guests, instantiate(t, rewrite(t, wasm, config).Wasm))
			}
			for _, call := range c.calls {
				want, err := original.call(call.export, call.parameters...)
				require.NoError(t, err, call.export)
				for i, g := range guests {
					have, err := g.call(call.export, call.parameters...)
					require.NoError(t, err, "%s %d", call.export, i)
					assert.Equal(t, want, have, "%s %d", call.export, i)
				}
			}
		})
	}
}

// Modules of the size of real ones are not refused.
func TestRealModules(t *testing.T) {
	modules := map[string][]byte{"stack": wasm.Stack}
	for _, program := range []string{"./testdata/goguest", "./testdata/httpguest", "../../../examples/hello"} {
		wasm, err := build(program)
		require.NoError(t, err)
		modules[program] = wasm
	}
	for name, wasm := range modules {
		before := bytes.Clone(wasm)
		m := rewrite(t, wasm, bounded)
		assert.True(t, m.Resettable, name)
		assert.Equal(t, 8, m.Globals, name) // registers of Go's compiler
		assert.True(t, bytes.Equal(before, wasm), "the input was changed")
		assert.Less(t, len(m.Wasm), len(wasm)*5/4, name)
		again := rewrite(t, wasm, bounded)
		assert.True(t, bytes.Equal(m.Wasm, again.Wasm), "the same module is rewritten otherwise")
	}
}

// Without anything to add, only exports of globals are.
func TestNothingAdded(t *testing.T) {
	g := instantiate(t, rewrite(t, file(t, "state.wasm"), instrument.Config{}).Wasm)
	assert.Nil(t, g.ExportedGlobal(instrument.FuelExport))
	assert.Nil(t, g.ExportedGlobal(instrument.DepthExport))
	assert.NotNil(t, g.ExportedGlobal(instrument.GlobalExport+"0"))
}
