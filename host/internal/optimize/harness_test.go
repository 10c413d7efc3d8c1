package optimize_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/module/moduletest"
	"github.com/portholehttp/porthole/host/internal/optimize"
)

// file returns a module of testdata. Those of .wat files are made by
//
//	cd testdata && for f in *.wat; do wat2wasm --debug-names $f; done
func file(t testing.TB, name string) []byte {
	t.Helper()
	wasm, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return wasm
}

// goLinked returns wasm marked as made by Go's linker.
func goLinked(wasm []byte) []byte {
	id := moduletest.Section(0, append(moduletest.Name("go:buildid"), "\xff Go build ID"...))
	return slices.Concat(wasm[:module.PreambleSize], id, wasm[module.PreambleSize:])
}

// rewrite returns wasm rewritten for a memory that stays small.
func rewrite(wasm []byte) []byte { return rewriteFor(wasm, 1024) }

func rewriteFor(wasm []byte, pages uint32) []byte {
	return optimize.Rewrite(wasm, optimize.Config{MemoryPages: pages})
}

// instantiate runs wasm in an engine of its own, of the compiler's kind: what it may leave out is part of what is tested.
func instantiate(t testing.TB, wasm []byte) api.Module {
	t.Helper()
	ctx := context.Background()
	r := wazero.NewRuntime(ctx)
	t.Cleanup(func() { require.NoError(t, r.Close(ctx)) })
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	m, err := r.InstantiateWithConfig(ctx, wasm, wazero.NewModuleConfig().WithStartFunctions("_initialize"))
	require.NoError(t, err)
	return m
}

// pair is a module as it is and rewritten.
type pair struct{ plain, optimized api.Module }

func newPair(t testing.TB, wasm []byte) pair {
	t.Helper()
	before := bytes.Clone(wasm)
	rewritten := rewrite(wasm)
	require.True(t, bytes.Equal(before, wasm), "the input was changed")
	return pair{instantiate(t, wasm), instantiate(t, rewritten)}
}

// call calls an export of both, and requires that they return the same or trap for the same reason. It returns the results, nil if they trap.
func (p pair) call(t testing.TB, name string, parameters ...uint64) []uint64 {
	t.Helper()
	ctx := context.Background()
	want, failure := p.plain.ExportedFunction(name).Call(ctx, parameters...)
	have, err := p.optimized.ExportedFunction(name).Call(ctx, parameters...)
	require.Equal(t, reason(failure), reason(err), "%s%d", name, parameters)
	require.Equal(t, want, have, "%s%d", name, parameters)
	if err == nil {
		p.sameMemory(t)
	} else { // the only thing that may differ
		memory, _ := p.plain.Memory().Read(0, p.plain.Memory().Size())
		p.optimized.Memory().Write(0, memory)
	}
	return have
}

// write sets a number in both memories, if it is in them.
func (p pair) write(address uint32, v uint64) {
	p.plain.Memory().WriteUint64Le(address, v)
	p.optimized.Memory().WriteUint64Le(address, v)
}

func (p pair) sameMemory(t testing.TB) {
	t.Helper()
	size := p.plain.Memory().Size()
	require.Equal(t, size, p.optimized.Memory().Size())
	want, _ := p.plain.Memory().Read(0, size)
	have, _ := p.optimized.Memory().Read(0, size)
	if !bytes.Equal(want, have) {
		assert.Fail(t, "memory differs")
	}
}

// reason returns what a trap says, without the stack.
func reason(err error) string {
	if err == nil {
		return ""
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}
