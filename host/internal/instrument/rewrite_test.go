package instrument_test

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"

	"github.com/portholehttp/porthole/host/internal/instrument"
	"github.com/portholehttp/porthole/wasm"
)

func TestStack(t *testing.T) {
	for _, c := range []instrument.Config{{}, {Meter: true}, {CallDepth: 100}, {Meter: true, CallDepth: 1000, MemoryPages: 1000, TableElements: 10000}} {
		m, err := instrument.Rewrite(wasm.Stack, c)
		require.NoError(t, err)
		t.Log(len(wasm.Stack), len(m.Wasm), m.Globals, m.Resettable)
		ctx := context.Background()
		r := wazero.NewRuntime(ctx)
		_, err = r.CompileModule(ctx, m.Wasm)
		if err != nil {
			os.WriteFile("/tmp/bad.wasm", m.Wasm, 0o644)
		}
		require.NoError(t, err)
		r.Close(ctx)
	}
}
