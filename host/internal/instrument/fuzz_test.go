package instrument_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"

	"github.com/portholehttp/porthole/host/internal/instrument"
	"github.com/portholehttp/porthole/host/internal/module"
)

// What the engine accepts it accepts rewritten, unless it is refused; what it does not accept does not become acceptable.
func FuzzRewrite(f *testing.F) {
	files, err := filepath.Glob("testdata/*.wasm")
	require.NoError(f, err)
	for _, name := range files {
		wasm, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(wasm, uint8(0xff))
	}
	f.Add(bodyOf(0x12, 0).encode(), uint8(1))
	// The interpreter validates as the compiler does, and is quicker to be done.
	config := wazero.NewRuntimeConfigInterpreter().WithMemoryLimitPages(64).WithDebugInfoEnabled(false)
	f.Fuzz(func(t *testing.T, wasm []byte, options uint8) {
		var c instrument.Config
		if options&1 != 0 {
			c.Meter = true
		}
		if options&2 != 0 {
			c.CallDepth = 100
		}
		if options&4 != 0 {
			c.MemoryPages, c.TableElements = 64, 1000 // more pages the engine refuses anyway
		}
		before := bytes.Clone(wasm)
		m, err := instrument.Rewrite(wasm, c)
		if !bytes.Equal(before, wasm) {
			t.Fatal("the input was changed")
		}
		if err != nil {
			checkError(t, err)
			return
		}
		least, err := instrument.Rewrite(wasm, instrument.Config{})
		require.NoError(t, err)
		ctx := context.Background()
		r := wazero.NewRuntimeWithConfig(ctx, config)
		defer r.Close(ctx)
		_, rewritten := r.CompileModule(ctx, m.Wasm)
		_, copied := r.CompileModule(ctx, least.Wasm)
		if (rewritten == nil) != (copied == nil) {
			t.Fatalf("%v with counters, %v without", rewritten, copied)
		}
		// A hostile section of names makes the engine allocate gigabytes: it is left out of what is rewritten.
		if rewritten != nil && !bytes.Contains(wasm, []byte("name")) {
			if _, err := r.CompileModule(ctx, wasm); err == nil {
				t.Fatalf("accepted, but not when rewritten: %v", rewritten)
			}
		}
	})
}

// checkError checks that err is one of those that Rewrite documents.
func checkError(t *testing.T, err error) {
	t.Helper()
	_, refused := errors.AsType[*instrument.Refusal](err)
	_, malformed := errors.AsType[*module.FormatError](err)
	if !refused && !malformed && !errors.Is(err, module.ErrNotWasm) && !errors.Is(err, module.ErrComponent) {
		t.Fatalf("an error of type %T: %v", err, err)
	}
	if len(err.Error()) > 1<<10 {
		t.Fatalf("a message of %d bytes", len(err.Error()))
	}
}
