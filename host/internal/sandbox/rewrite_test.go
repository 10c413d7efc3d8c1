package sandbox

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/optimize"
	"github.com/portholehttp/porthole/wasm"
)

// An optimized module is read where it was kept; a file that is damaged, or for other things, is not.
func TestOptimizedDir(t *testing.T) {
	d := optimizedDir(t.TempDir() + "/optimized")
	c := optimize.Config{MemoryPages: 1000}
	want := optimize.Rewrite(wasm.Stack, c)
	require.True(t, bytes.Equal(want, d.rewrite(wasm.Stack, c)))
	file := d.file(wasm.Stack, c)
	kept, ok := readOptimized(file)
	require.True(t, ok)
	assert.True(t, bytes.Equal(want, kept))
	entries, err := os.ReadDir(string(d))
	require.NoError(t, err)
	assert.Len(t, entries, 1, "nothing else is left")

	other := []byte("another module")
	require.NoError(t, writeOptimized(file, other))
	assert.Equal(t, other, d.rewrite(wasm.Stack, c), "it is not read")
	assert.NotEqual(t, file, d.file(wasm.Stack, optimize.Config{MemoryPages: 1001}))
	assert.NotEqual(t, file, d.file(wasm.Stack[1:], c))

	b, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, damaged := range [][]byte{nil, b[:len(b)-1], append([]byte{'A'}, b[1:]...)} {
		require.NoError(t, os.WriteFile(file, damaged, 0o600))
		assert.True(t, bytes.Equal(want, d.rewrite(wasm.Stack, c)))
		kept, ok := readOptimized(file)
		assert.True(t, ok && bytes.Equal(want, kept), "it is not written again")
	}
}
