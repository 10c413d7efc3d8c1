package netloop

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTableReusesSlots(t *testing.T) {
	var tab table
	a, b := &socket{}, &socket{}
	first := tab.add(a, nil)
	second := tab.add(b, nil)
	require.NotZero(t, first)
	require.NotEqual(t, first, second)
	require.Same(t, a, tab.socket(first))
	tab.remove(first)
	tab.remove(first)
	require.Nil(t, tab.find(first))
	third := tab.add(b, nil)
	require.Equal(t, first.index(), third.index())
	require.Equal(t, first.generation()+1, third.generation())
	require.Nil(t, tab.find(first))
	require.EqualValues(t, 2, tab.sockets.Load())
	require.Len(t, tab.slots, 2)
}

func TestTableRetiresSlots(t *testing.T) {
	var tab table
	ln := &listener{}
	tab.remove(tab.add(nil, ln))
	tab.slots[0].generation = math.MaxUint32 - 1
	last := tab.add(nil, ln)
	require.Equal(t, makeHandle(math.MaxUint32, 0), last)
	require.Same(t, ln, tab.find(last).listener)
	tab.remove(last)
	require.Nil(t, tab.find(last))
	require.Equal(t, makeHandle(1, 1), tab.add(nil, ln), "another slot")
	require.Equal(t, 1, tab.occupied)
	require.Zero(t, tab.sockets.Load())
}
