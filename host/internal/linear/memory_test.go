package linear_test

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	. "github.com/portholehttp/porthole/host/internal/linear"
)

func TestViewsStayValidWhileTheMemoryGrows(t *testing.T) {
	g := newGuest(t, memory(t))
	view := g.view()
	for g.call("grow", 1) != ^uint32(0) {
		assert.Same(t, unsafe.SliceData(view), unsafe.SliceData(g.view()))
		g.call("store", 5, uint64(g.call("size")))
		assert.EqualValues(t, g.call("size"), view[5])
	}
	assert.EqualValues(t, most, g.call("size"))
	g.call("fill", 0, 1, most*page)
	_, err := g.try("store", most*page, 1)
	assert.ErrorContains(t, err, "out of bounds memory access")
}

// With little address space left, a memory moves as it grows, and what is in it with it.
func TestMemoryThatMoves(t *testing.T) {
	small, err := NewSmall(page, most*page)
	require.NoError(t, err)
	g := newGuest(t, small)
	old := g.view()
	for n := uint64(1); n < most; n++ {
		g.call("store", n*page-1, n)
		require.NotEqual(t, ^uint32(0), g.call("grow", 1))
		assert.Zero(t, g.call("load", (n+1)*page-1))
		for before := uint64(1); before <= n; before++ {
			assert.EqualValues(t, before, g.call("load", before*page-1))
		}
	}
	assert.Equal(t, ^uint32(0), g.call("grow", 1))
	assert.NotSame(t, unsafe.SliceData(old), unsafe.SliceData(g.view()))
	assert.EqualValues(t, 1, old[page-1], "a view of the old place does not fault")
}

// wazero frees the memory when the module closes, which a guest can bring about while its host holds views.
func TestOnlyReleaseUnmaps(t *testing.T) {
	g := newGuest(t, memory(t))
	g.call("store", 5, 6)
	view := g.view()
	require.NoError(t, g.module.Close(t.Context()))
	assert.EqualValues(t, 6, view[5])
	g.linear.Release(g.memory)
	_, ok := g.memory.Read(0, 1)
	assert.False(t, ok, "nothing is left to be touched")
}

func TestNoMoreThanWasAskedFor(t *testing.T) {
	m, err := New(page, 3*page)
	require.NoError(t, err)
	defer m.Release(nil)
	assert.Len(t, m.Reallocate(3*page), 3*page)
	assert.Nil(t, m.Reallocate(4*page))
	m.Release(nil)
	assert.Nil(t, m.Reallocate(page), "after its release")
}

func TestInUse(t *testing.T) {
	before := InUse()
	m := memory(t)
	g := newGuest(t, m)
	require.NoError(t, m.Snapshot(g.memory))
	g.call("grow", 2)
	now := InUse()
	assert.EqualValues(t, 1, now.Memories-before.Memories)
	assert.EqualValues(t, 3*page, now.Bytes-before.Bytes)
	assert.EqualValues(t, page, now.Snapshots-before.Snapshots)
	require.NoError(t, m.Reset())
	assert.EqualValues(t, page, InUse().Bytes-before.Bytes)
	require.NoError(t, g.module.Close(t.Context()))
	m.Release(g.memory)
	m.Release(g.memory)
	assert.Equal(t, before, InUse())
}
