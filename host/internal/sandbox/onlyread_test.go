package sandbox

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"

	"github.com/portholehttp/porthole/host/internal/stub"
)

// StubSize returns how much of the file of a stub is the stub.
func StubSize(t *testing.T, file []byte) int {
	t.Helper()
	var trailer stubTrailer
	_, err := binary.Decode(file[len(file)-stubTrailerSize:], binary.LittleEndian, &trailer)
	require.NoError(t, err)
	return len(file) - stubTrailerSize - int(trailer.NameSize)
}

// A stub is never compiled as it is: that is what nothing else holds it from.
func TestNothingIsMade(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	cache, err := wazero.NewCompilationCacheWithDir(dir)
	require.NoError(t, err)
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCompilationCache(cache))
	defer func() { require.NoError(t, r.Close(ctx)) }()
	wasm, err := os.ReadFile("testdata/guest.wasm")
	require.NoError(t, err)
	empty, err := stub.Make(wasm)
	require.NoError(t, err)
	for range 2 {
		_, err = compileRead(r, empty)
		require.ErrorIs(t, err, errNotRead)
	}
	assert.True(t, makesNothing(r))
	files, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	require.NoError(t, err)
	assert.Empty(t, files)

	_, err = r.CompileModule(ctx, empty)
	require.NoError(t, err)
	_, err = compileRead(r, empty)
	assert.NoError(t, err, "there is code")
}

func TestInterpreterIsFoundOut(t *testing.T) {
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer func() { require.NoError(t, r.Close(ctx)) }()
	assert.False(t, makesNothing(r))
}
