package sandbox

import (
	"crypto/sha256"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/optimize"
	"github.com/portholehttp/porthole/wasm"
)

// A rewritten module is read where it was kept; a file that is damaged, or for other things, is not.
func TestRewrittenDir(t *testing.T) {
	d := rewrittenDir(t.TempDir() + "/rewritten")
	o := optimize.Config{MemoryPages: 1000}
	c := CompileConfig{Meter: true, CallDepth: 1000}
	k := codeKey{sha256.Sum256(wasm.Stack), c}
	want, err := bound(optimize.Rewrite(wasm.Stack, o), c)
	require.NoError(t, err)
	require.NotZero(t, want.Globals)
	require.True(t, want.Resettable)
	got, err := d.rewrite(wasm.Stack, k, o)
	require.NoError(t, err)
	require.Equal(t, want, got)
	file := d.file(k, o)
	require.Equal(t, want, readRewritten(file))
	entries, err := os.ReadDir(string(d))
	require.NoError(t, err)
	assert.Len(t, entries, 1, "nothing else is left")

	other, err := bound([]byte("\x00asm\x01\x00\x00\x00"), CompileConfig{})
	require.NoError(t, err)
	require.NoError(t, writeRewritten(file, other))
	got, err = d.rewrite(wasm.Stack, k, o)
	require.NoError(t, err)
	assert.Equal(t, other, got, "it is not read")
	assert.NotEqual(t, file, d.file(k, optimize.Config{MemoryPages: 1001}))
	assert.NotEqual(t, file, d.file(codeKey{k.sum, CompileConfig{Meter: true, CallDepth: 1001}}, o))
	assert.NotEqual(t, file, d.file(codeKey{sha256.Sum256(wasm.Stack[1:]), c}, o))

	b, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, damaged := range [][]byte{nil, b[:len(b)-1], append([]byte{'A'}, b[1:]...)} {
		require.NoError(t, os.WriteFile(file, damaged, 0o600))
		got, err := d.rewrite(wasm.Stack, k, o)
		require.NoError(t, err)
		assert.Equal(t, want, got)
		assert.Equal(t, want, readRewritten(file), "it is not written again")
	}
}

func TestRefusedModuleIsNotKept(t *testing.T) {
	d := rewrittenDir(t.TempDir() + "/rewritten")
	_, err := d.rewrite(make([]byte, smallModule+1), codeKey{config: CompileConfig{Meter: true}}, optimize.Config{})
	require.Error(t, err)
	assert.NoDirExists(t, string(d))
}
