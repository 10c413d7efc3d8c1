package optimize_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"

	"github.com/portholehttp/porthole/host/internal/opcode"
)

// What comes between accesses is not lost, and decides as it did.
func TestBetweenAccesses(t *testing.T) {
	const i64Load, i64DivU = 0x29, 0x80
	store := func(a *assembler, offset uint32) {
		a.get(0)
		a.constant64(1)
		a.access(opcode.I64Store, offset)
	}
	for name, write := range map[string]func(a *assembler){
		"the local changes after both addresses": func(a *assembler) {
			a.get(0)
			a.get(0)
			a.constant32(0x20000)
			a.set(0)
			a.access(i64Load, 0)
			a.access(opcode.I64Store, 8)
		},
		"a division that traps comes first": func(a *assembler) {
			store(a, 0)
			a.constant64(1)
			a.get(3)
			a.op(i64DivU)
			a.set(5)
			store(a, 0xfff8)
		},
		"a local is set amid an address": func(a *assembler) {
			store(a, 0)
			a.get(0)
			a.op(opcode.I64ExtendI32U)
			a.constant64(9)
			a.set(5)
			a.op(opcode.I32WrapI64)
			a.access(i64Load, 16)
			a.op(opcode.Drop)
		},
		"a constant beyond the memory is not accessed": func(a *assembler) {
			a.get(1)
			a.op(opcode.If, opcode.NoType)
			a.constant32(0x20000)
			a.access(i64Load, 0)
			a.op(opcode.Drop, opcode.End)
			a.constant32(8)
			a.access(i64Load, 0)
			a.op(opcode.Drop)
		},
		"the farthest access is not done": func(a *assembler) {
			store(a, 0)
			a.get(1)
			a.op(opcode.If, opcode.NoType)
			store(a, 0xfff8)
			a.op(opcode.End)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var a assembler
			write(&a)
			a.get(5)
			p := newPair(t, straight(a))
			for _, address := range addresses {
				for _, other := range []uint64{0, 1} {
					p.call(t, "run", address, other, address, other)
				}
			}
		})
	}
}

// The engine makes less code of accesses that are checked once.
func TestFewerChecks(t *testing.T) {
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		t.Skip("the engine has no compiler here")
	}
	for name, address := range map[string]func(a *assembler, n uint32){
		"of one pointer": func(a *assembler, n uint32) {
			a.get(2)
			a.constant64(int64(100 * n))
			a.op(opcode.I64Add)
		},
		"constant": func(a *assembler, n uint32) { a.constant64(int64(1000 + n)) },
	} {
		var a assembler
		for n := range uint32(30) {
			address(&a, n)
			a.op(opcode.I32WrapI64)
			a.constant64(1)
			a.access(opcode.I64Store, 8*n)
		}
		a.constant64(0)
		wasm := straight(a)
		assert.Less(t, nativeSize(t, rewrite(wasm)), nativeSize(t, wasm)/2, name)
	}
}

// nativeSize returns how many bytes the engine makes of a module.
func nativeSize(t *testing.T, wasm []byte) (size int64) {
	t.Helper()
	dir := t.TempDir()
	ctx := context.Background()
	cache, err := wazero.NewCompilationCacheWithDir(dir)
	require.NoError(t, err)
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigCompiler().WithCompilationCache(cache))
	_, err = r.CompileModule(ctx, wasm)
	require.NoError(t, err)
	require.NoError(t, r.Close(ctx))
	require.NoError(t, cache.Close(ctx))
	require.NoError(t, fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := os.Stat(filepath.Join(dir, path))
		size += info.Size()
		return err
	}))
	return size
}
