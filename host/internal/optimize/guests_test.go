package optimize_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/instrument"
	"github.com/portholehttp/porthole/host/internal/optimize"
	"github.com/portholehttp/porthole/wasm"
)

// build returns a program of package instrument's tests as a guest.
func build(t testing.TB, program string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "guest.wasm")
	command := exec.Command("go", "build", "-buildmode=c-shared", "-o", out, program)
	command.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	command.Stderr = os.Stderr
	require.NoError(t, command.Run())
	b, err := os.ReadFile(out)
	require.NoError(t, err)
	return b
}

// A program of Go computes the same, also when its goroutines wait for each other, it panics, and its stacks grow.
func TestGoGuest(t *testing.T) {
	p := newPair(t, build(t, "../instrument/testdata/goguest"))
	for _, call := range []struct {
		export string
		size   uint64
	}{{"encode", 20}, {"sort", 100}, {"match", 3}, {"tree", 6}, {"recurse", 12}, {"channels", 50}, {"recover", 3}, {"deferred", 9}, {"copy", 1000}} {
		t.Run(call.export, func(t *testing.T) {
			want, err := p.plain.ExportedFunction(call.export).Call(t.Context(), call.size)
			require.NoError(t, err)
			have, err := p.optimized.ExportedFunction(call.export).Call(t.Context(), call.size)
			require.NoError(t, err)
			assert.Equal(t, want, have)
		})
	}
}

// A program in C computes the same.
func TestCGuest(t *testing.T) {
	wasm, err := os.ReadFile("../instrument/testdata/compute.wasm")
	require.NoError(t, err)
	p := newPair(t, wasm)
	for export, size := range map[string]uint64{"fib": 12, "sieve": 10_000, "copy": 1000, "matrix": 12, "quicksort": 1000, "dispatch": 1000, "interpret": 1000} {
		t.Run(export, func(t *testing.T) { p.call(t, export, size) })
	}
}

// Nearly all functions of the stack lose their table. The result is hardly larger, the same each time, and can be instrumented.
func TestStack(t *testing.T) {
	optimized := rewrite(wasm.Stack)
	require.True(t, bytes.Equal(optimized, rewrite(wasm.Stack)))
	assert.Less(t, optimize.Tables(optimized), optimize.Tables(wasm.Stack)/20)
	assert.Less(t, len(optimized), len(wasm.Stack)*9/8)
	_, err := instrument.Rewrite(optimized, instrument.Config{Meter: true, CallDepth: 1000, MemoryPages: 1024, TableElements: 100_000})
	assert.NoError(t, err)
}

// What is no module, or malformed, is left as it is.
func TestMalformed(t *testing.T) {
	whole := file(t, "frame.wasm")
	for size := range len(whole) {
		rewrite(whole[:size]) // does not panic
	}
	for _, wasm := range [][]byte{nil, []byte("text"), whole[:len(whole)/2]} {
		assert.Equal(t, wasm, rewrite(wasm))
	}
}
