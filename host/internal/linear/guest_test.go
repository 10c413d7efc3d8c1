package linear_test

import (
	"context"
	_ "embed"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	. "github.com/portholehttp/porthole/host/internal/linear"
)

//go:embed testdata/memory.wasm
var wasm []byte

const (
	page = 64 << 10 // WebAssembly's
	most = 64       // pages of a memory
)

// mechanisms are what this machine can do.
func mechanisms(t testing.TB) []Mechanism {
	t.Helper()
	var available []Mechanism
	for _, m := range []Mechanism{Copy, Protect, Remap} {
		if err := m.Available(); err != nil {
			require.NotErrorIs(t, err, ErrIneffective, m)
			t.Logf("%v is not tested: %v", m, err)
			continue
		}
		available = append(available, m)
	}
	return available
}

// guest is an instance of testdata/memory.wat.
type guest struct {
	t      testing.TB
	linear *Memory
	module api.Module
	memory api.Memory
}

func newGuest(t testing.TB, linear *Memory) *guest {
	t.Helper()
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithMemoryLimitPages(most))
	module, err := r.Instantiate(experimental.WithMemoryAllocator(ctx, linear), wasm)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, r.Close(ctx))
		linear.Release(module.Memory())
	})
	return &guest{t, linear, module, module.Memory()}
}

func memory(t testing.TB) *Memory {
	t.Helper()
	m, err := New(page, most*page)
	require.NoError(t, err)
	return m
}

func (g *guest) try(name string, params ...uint64) (uint32, error) {
	results, err := g.module.ExportedFunction(name).Call(context.Background(), params...)
	if len(results) == 0 {
		return 0, err
	}
	return uint32(results[0]), err
}

func (g *guest) call(name string, params ...uint64) uint32 {
	g.t.Helper()
	result, err := g.try(name, params...)
	require.NoError(g.t, err)
	return result
}

// view is all of the memory as the host sees it.
func (g *guest) view() []byte {
	g.t.Helper()
	view, ok := g.memory.Read(0, g.memory.Size())
	require.True(g.t, ok)
	return view
}
