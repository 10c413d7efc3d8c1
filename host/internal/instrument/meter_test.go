package instrument_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero/api"

	"github.com/portholehttp/porthole/host/internal/instrument"
	"github.com/portholehttp/porthole/host/internal/module/moduletest"
)

// What never ends ticks, whatever its shape, so that the host can end it; the instance goes on.
func TestEndlessTicks(t *testing.T) {
	g := instantiate(t, rewrite(t, file(t, "endless.wasm"), instrument.Config{Meter: true}).Wasm)
	g.slice, g.limit = 10_000, 3
	shapes := 0
	for name, f := range g.ExportedFunctionDefinitions() {
		if name == "done" {
			continue
		}
		shapes++
		parameters := slices.Repeat([]uint64{40}, len(f.ParamTypes()))
		if name == "after_return" {
			parameters[0] = 0
		}
		_, err := g.call(name, parameters...)
		require.ErrorIs(t, err, stopped{}, name)
		assert.Equal(t, g.limit+1, g.ticks, name)

		answer, err := g.call("done")
		require.NoError(t, err)
		assert.Equal(t, []uint64{42}, answer)
	}
	assert.Equal(t, 31, shapes)
}

// Work between two ticks is as much as fuel says: a check takes all that may run until the next one.
func TestFuel(t *testing.T) {
	const (
		count   = 5000
		loop    = 0x03
		block   = 0x02
		noType  = 0x40
		end     = 0x0b
		callOp  = 0x10
		return_ = 0x0f
	)
	work := repeat(count, 0x41, 1, 0x1a)                    // constants that are dropped: two points each
	dividing := repeat(count, 0x41, 1, 0x41, 1, 0x6d, 0x1a) // 11 points each
	turns := func(n byte, code ...byte) []byte {            // n turns around code
		return slices.Concat([]byte{0x41, n, 0x21, 0, loop, noType}, code, []byte{0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, end})
	}
	unit := int64(instrument.CodePoints)
	for _, c := range []struct {
		name        string
		code        []byte
		least, most int64
	}{
		{"nothing", nil, 0, 0},
		{"a call of nothing", []byte{callOp, 0}, 1, 1},
		{"straight work", work, 2 * count / unit, 2*count/unit + 2},
		{"divisions", dividing, 11 * count / unit, 11*count/unit + 2},
		{"work after a return", slices.Concat([]byte{return_}, work), 2 * count / unit, 2*count/unit + 2},
		{"ten turns", turns(10), 10, 11},
		{"ten turns of work", turns(10, work...), 10 * (2 * count / unit), 10*(2*count/unit+2) + 1},
		{"a loop, then ten turns of work", slices.Concat([]byte{loop, noType, end}, turns(10, work...)), 10 * (2 * count / unit), 10*(2*count/unit+2) + 3},
		{"work before ten turns", slices.Concat(work, turns(10)), 2 * count / unit, 10*(2*count/unit+2) + 1},
		{"work after ten turns", slices.Concat(turns(10), work), 2 * count / unit, 10*(2*count/unit+2) + 1},
		{"work around turns in turns", turns(5, slices.Concat([]byte{loop, noType, end}, work)...), 5 * (2 * count / unit), 5*(2*count/unit+3) + 1},
		{"a loop that is jumped over", slices.Concat([]byte{block, noType, 0x0c, 0, loop, noType, end, end}, work), 2 * count / unit, 2*count/unit + 2},
		{"a loop that is returned from before", slices.Concat([]byte{0x41, 1, 0x04, noType}, work, []byte{return_, end, loop, noType, end}), 2 * count / unit, 2*count/unit + 2},
		{"filling nothing", []byte{0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 11, 0}, 0, 1},
		{"filling 64000 bytes", slices.Concat([]byte{0x41, 0, 0x41, 0, 0x41}, signed(64_000), []byte{0xfc, 11, 0}), 1000, 1001},
		{"copying 64000 bytes", slices.Concat([]byte{0x41, 0, 0x41, 0, 0x41}, signed(64_000), []byte{0xfc, 10, 0, 0}), 1000, 1001},
		{"growing by one page", []byte{0x41, 1, 0x40, 0, 0x1a}, 1024, 1025},
	} {
		a := assembly{
			types: [][]byte{functionType(0, 0)}, memories: [][]byte{{0, 1}},
			functions: []function{{}, {0, [][]byte{locals(1, 0x7f)}, c.code}},
			exports:   [][]byte{export("run", 0, 1), export("memory", 2, 0)},
		}
		g := instantiate(t, rewrite(t, a.encode(), instrument.Config{Meter: true}).Wasm)
		_, err := g.call("run")
		require.NoError(t, err, c.name)
		assert.GreaterOrEqual(t, g.spent, c.least, c.name)
		assert.LessOrEqual(t, g.spent, c.most, c.name)
	}
}

// A bulk operation of any length is paid for before it runs, and still traps if it is out of bounds.
func TestBulkIsPaidFirst(t *testing.T) {
	a := assembly{
		types: [][]byte{functionType(1, 0)}, memories: [][]byte{{0, 1}}, exports: [][]byte{export("fill", 0, 0), export("memory", 2, 0)},
		functions: []function{{0, nil, []byte{0x41, 0, 0x41, 7, 0x20, 0, 0xfc, 11, 0}}},
	}
	g := instantiate(t, rewrite(t, a.encode(), instrument.Config{Meter: true}).Wasm)
	g.slice, g.limit = 100, 0
	_, err := g.call("fill", api.EncodeU32(1<<32-1))
	require.ErrorContains(t, err, "out of bounds")
	assert.Equal(t, 1, g.ticks)
	assert.Equal(t, int64((1<<32-1)/instrument.BulkUnit), g.spent)

	g.slice, g.limit = 10, -1 // not one tick
	_, err = g.call("fill", 64_000)
	require.ErrorIs(t, err, stopped{})
	first, _ := g.Memory().ReadByte(0)
	assert.Zero(t, first, "memory was filled although the call was ended")
}

// The traces of an engine name functions as before.
func TestNamesAreKept(t *testing.T) {
	g := instantiate(t, rewrite(t, file(t, "state.wasm"), bounded).Wasm)
	_, err := g.call("trap")
	require.ErrorContains(t, err, ".trap()")
	assert.Equal(t, "local", g.ExportedFunction("local").Definition().Name())
}

// Notes of tools are kept, but for those that say where in the code something is, once code is added to it.
func TestCustomSections(t *testing.T) {
	note, line := moduletest.Section(0, moduletest.Name("note")), moduletest.Section(0, moduletest.Name(".debug_line"))
	a := bodyOf()
	a.custom = [][]byte{line, note}
	for _, c := range []instrument.Config{{Meter: true}, {CallDepth: 1}} {
		m := rewrite(t, a.encode(), c)
		assert.True(t, bytes.HasSuffix(m.Wasm, note))
		assert.NotContains(t, string(m.Wasm), ".debug_line")
	}
	assert.True(t, bytes.HasSuffix(rewrite(t, a.encode(), instrument.Config{}).Wasm, slices.Concat(line, note)))
}
