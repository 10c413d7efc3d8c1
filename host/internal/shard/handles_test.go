package shard

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHandleTable(t *testing.T) {
	var table handleTable
	h := &instance{}
	a, err := table.open(5<<32|3, h)
	require.NoError(t, err)
	b, err := table.open(9<<32|1, h)
	require.NoError(t, err)
	assert.Equal(t, []uint64{1 << 32, 1<<32 | 1}, []uint64{a, b})
	assert.Equal(t, entry{handle: a, stack: 5<<32 | 3, owner: h}, *table.get(a))
	assert.Equal(t, entry{handle: b, stack: 9<<32 | 1, owner: h, place: 1}, *table.ofStack(9<<32 | 1))
	for _, handle := range []uint64{0, 2, 2 << 32, 1<<32 | 2, math.MaxUint64} {
		assert.Nil(t, table.get(handle))
	}
	for _, handle := range []uint64{0, 2, 3, 6<<32 | 3, 5<<32 | 2, 5<<32 | 4, math.MaxUint64} {
		assert.Nil(t, table.ofStack(handle))
	}

	table.close(a)
	table.close(a)
	assert.Nil(t, table.get(a))
	assert.Nil(t, table.ofStack(5<<32|3))
	c, err := table.open(5<<32|3, h)
	require.NoError(t, err)
	assert.EqualValues(t, 2<<32, c, "the slot's next generation")
	assert.Nil(t, table.get(a))
	d, err := table.open(6<<32|4, h)
	require.NoError(t, err)
	assert.EqualValues(t, 1<<32|2, d, "the slot was freed once")

	var live []uint64
	table.live(func(x entry) {
		live = append(live, x.handle)
		table.close(x.handle)
	})
	assert.Equal(t, []uint64{c, b, d}, live)
	table.live(func(entry) { t.Error("none is left") })
}

func TestHandleTableRetiresSlots(t *testing.T) {
	var table handleTable
	h := &instance{}
	a, err := table.open(1, h)
	require.NoError(t, err)
	table.close(a)
	table.slots[0].handle = math.MaxUint32<<32 - 1<<32 // as if it had been used so often

	last, err := table.open(1, h)
	require.NoError(t, err)
	assert.EqualValues(t, uint64(math.MaxUint32)<<32, last)
	table.close(last)
	next, err := table.open(1, h)
	require.NoError(t, err)
	assert.EqualValues(t, 1<<32|1, next, "another slot: no generation is used twice")
	assert.Nil(t, table.get(last))
}

func TestHandleTableBounds(t *testing.T) {
	var table handleTable
	h := &instance{}
	_, err := table.open(maxHandles, h)
	assert.Error(t, err)
	_, err = table.open(math.MaxUint64, h)
	assert.Error(t, err)
	_, err = table.open(maxHandles-1, h)
	assert.NoError(t, err)
	_, err = table.open(1<<32|(maxHandles-1), h)
	assert.ErrorContains(t, err, "in use")
}
