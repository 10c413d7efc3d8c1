package instrument_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero/api"

	"github.com/portholehttp/porthole/host/internal/instrument"
)

// All mutable globals are exported, and only these.
func TestGlobals(t *testing.T) {
	m := rewrite(t, file(t, "state.wasm"), bounded)
	assert.Equal(t, 4, m.Globals)
	assert.True(t, m.Resettable)
	g := instantiate(t, m.Wasm)
	minusEight := int64(-8)
	assert.Equal(t, uint64(12), g.global("porthole_global_0")) // the start function has run
	assert.Equal(t, uint64(minusEight), g.global("porthole_global_1"))
	assert.Equal(t, api.EncodeF32(1.5), g.global("porthole_global_2"))
	assert.Equal(t, api.EncodeF64(2.5), g.global("porthole_global_3"))
	assert.Nil(t, g.ExportedGlobal("porthole_global_4"))

	g.ExportedGlobal("porthole_global_3").(api.MutableGlobal).Set(math.Float64bits(9))
	assert.Equal(t, math.Float64bits(9), g.global("f64"))
}

// Memory and globals are not all the state of a module that can change a table or drop a segment.
func TestResettable(t *testing.T) {
	const set, drop, endOfBody = 0x26, 0x1a, 0x0b
	zero, null := []byte{0x41, 0}, []byte{0xd0, 0x70}
	three := slices.Concat(zero, zero, zero)
	for _, c := range []struct {
		name string
		code []byte
		want bool
	}{
		{"nothing", nil, true},
		{"table.get", slices.Concat(zero, []byte{0x25, 0, drop}), true},
		{"table.size", []byte{0xfc, 16, 0, drop}, true},
		{"memory.init", slices.Concat(three, []byte{0xfc, 8, 0, 0}), true},
		{"memory.grow", slices.Concat(zero, []byte{0x40, 0, drop}), true},
		{"table.set", slices.Concat(zero, null, []byte{set, 0}), false},
		{"table.init", slices.Concat(three, []byte{0xfc, 12, 0, 0}), false},
		{"table.copy", slices.Concat(three, []byte{0xfc, 14, 0, 0}), false},
		{"table.grow", slices.Concat(null, zero, []byte{0xfc, 15, 0, drop}), false},
		{"table.fill", slices.Concat(zero, null, zero, []byte{0xfc, 17, 0}), false},
		{"elem.drop", []byte{0xfc, 13, 0}, false},
		{"data.drop", []byte{0xfc, 9, 0}, false},
	} {
		a := assembly{
			types: [][]byte{functionType(0, 0)}, functions: []function{{code: c.code}}, memories: [][]byte{{0, 1}}, tables: [][]byte{{0x70, 0, 2}},
			elements: [][]byte{{1, 0, 1, 0}}, counted: true, data: [][]byte{{1, 1, 'x'}}, exports: [][]byte{export("run", 0, 0)},
		}
		m := rewrite(t, a.encode(), bounded)
		assert.Equal(t, c.want, m.Resettable, c.name)
		_, err := instantiate(t, m.Wasm).call("run")
		require.NoError(t, err, c.name)
	}
	vector := assembly{globals: [][]byte{slices.Concat([]byte{0x7b, 1, 0xfd, 12}, make([]byte, 16), []byte{endOfBody})}}
	assert.False(t, rewrite(t, vector.encode(), bounded).Resettable, "a global of more bits than the host reads")
}

// The declared maxima are lowered or added, never raised.
func TestBounds(t *testing.T) {
	for _, c := range []struct {
		memory, table      []byte
		pages, elements    uint32
		memoryMax, grownTo uint32 // of a table of 2
	}{
		{[]byte{0, 1}, []byte{0x70, 0, 2}, 5, 10, 5, 10},
		{[]byte{1, 1, 3}, []byte{0x70, 1, 2, 4}, 5, 10, 3, 4},
		{[]byte{1, 1, 9}, []byte{0x70, 1, 2, 40}, 5, 10, 5, 10},
		{[]byte{1, 5, 9}, []byte{0x70, 1, 2, 40}, 5, 2, 5, 2},
		{[]byte{0, 1}, []byte{0x70, 1, 2, 40}, 0, 0, 1 << 16, 40},
	} {
		a := assembly{
			types: [][]byte{functionType(1, 1)}, memories: [][]byte{c.memory}, tables: [][]byte{c.table},
			functions: []function{{0, nil, []byte{0xd0, 0x70, 0x20, 0, 0xfc, 15, 0}}},
			exports:   [][]byte{export("memory", 2, 0), export("grow", 0, 0)},
		}
		g := instantiate(t, rewrite(t, a.encode(), instrument.Config{MemoryPages: c.pages, TableElements: c.elements}).Wasm)
		most, encoded := g.Memory().Definition().Max()
		assert.Equal(t, c.memoryMax, most)
		assert.Equal(t, c.pages > 0, encoded)

		have, err := g.call("grow", uint64(c.grownTo-2))
		require.NoError(t, err)
		assert.Equal(t, []uint64{2}, have)
		have, err = g.call("grow", 1)
		require.NoError(t, err)
		assert.Equal(t, []uint64{api.EncodeU32(math.MaxUint32)}, have)
	}
}
