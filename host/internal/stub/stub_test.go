package stub_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/stub"
	"github.com/portholehttp/porthole/wasm"
)

func guests(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{"stack": wasm.Stack, "nothing": []byte("\x00asm\x01\x00\x00\x00")}
	for _, name := range []string{"compute", "depth", "libc", "state"} {
		b, err := os.ReadFile(filepath.Join("..", "instrument", "testdata", name+".wasm"))
		require.NoError(t, err)
		all[name] = b
	}
	return all
}

// A stub declares what its module does, to the engine too, which finds it valid.
func TestStubDeclaresTheSame(t *testing.T) {
	ctx := context.Background()
	r := wazero.NewRuntime(ctx)
	defer func() { require.NoError(t, r.Close(ctx)) }()
	for name, b := range guests(t) {
		before := bytes.Clone(b)
		s, err := stub.Make(b)
		require.NoError(t, err, name)
		assert.True(t, bytes.Equal(before, b), "the input was changed")
		again, err := stub.Make(b)
		require.NoError(t, err)
		assert.Equal(t, s, again)

		want, err := module.Read(b)
		require.NoError(t, err)
		got, err := module.Read(s)
		require.NoError(t, err)
		want.Sections, got.Sections, want.Producers = nil, nil, nil
		assert.Equal(t, want, got, name)

		m, err := r.CompileModule(ctx, s)
		require.NoError(t, err, name)
		full, err := r.CompileModule(ctx, b)
		require.NoError(t, err)
		for export, f := range full.ExportedFunctions() {
			assert.Equal(t, f.DebugName(), m.ExportedFunctions()[export].DebugName())
		}
	}
}

// All but the code of functions is the same: memory and globals of an instance are.
func TestStubHasNoCode(t *testing.T) {
	ctx := context.Background()
	r := wazero.NewRuntime(ctx)
	defer func() { require.NoError(t, r.Close(ctx)) }()
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	b := guests(t)["compute"]
	s, err := stub.Make(b)
	require.NoError(t, err)
	assert.Less(t, len(s), len(b)/2)
	quiet := wazero.NewModuleConfig().WithName("").WithStartFunctions()
	full, err := r.InstantiateWithConfig(ctx, b, quiet)
	require.NoError(t, err)
	m, err := r.InstantiateWithConfig(ctx, s, quiet)
	require.NoError(t, err)
	want, _ := full.Memory().Read(0, full.Memory().Size())
	got, _ := m.Memory().Read(0, m.Memory().Size())
	assert.True(t, bytes.Equal(want, got), "memory differs")
	assert.NotZero(t, bytes.Count(want, []byte{1}), "there is something in it")
	for name, f := range m.ExportedFunctionDefinitions() {
		_, err := m.ExportedFunction(name).Call(ctx, make([]uint64, len(f.ParamTypes()))...)
		assert.ErrorContains(t, err, "unreachable", name)
	}
}

// Modules that differ in code only have stubs that differ.
func TestStubsAreDistinct(t *testing.T) {
	b := guests(t)["depth"]
	first, err := stub.Make(b)
	require.NoError(t, err)
	m, err := module.Read(b)
	require.NoError(t, err)
	changed := bytes.Clone(b)
	for _, section := range m.Sections {
		if section.ID == 10 {
			changed[section.End-2]++
		}
	}
	second, err := stub.Make(changed)
	require.NoError(t, err)
	assert.Len(t, second, len(first))
	assert.NotEqual(t, first, second)
}

func TestWhatIsNoModule(t *testing.T) {
	_, err := stub.Make([]byte("(module)"))
	assert.ErrorIs(t, err, module.ErrNotWasm)
}

// What is made of these modules changes only with the version. If this fails increase Version, and set the hash to the one that it says.
func TestVersion(t *testing.T) {
	h := sha256.New()
	all := guests(t)
	for _, name := range []string{"compute", "depth", "libc", "state"} {
		s, err := stub.Make(all[name])
		require.NoError(t, err)
		h.Write(s)
	}
	assert.Equal(t, 1, stub.Version)
	assert.Equal(t, "1d1b5903122cd970", hex.EncodeToString(h.Sum(nil)[:8]))
}
