// Package abitest helps to test the decoding of host functions: a memory to point into, and calls with arguments
// of a fuzzer.
package abitest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/sandbox"
)

// memoryModule is (module (memory (export "memory") 1)).
var memoryModule = []byte("\x00asm\x01\x00\x00\x00" +
	"\x05\x03\x01\x00\x01" + // memory section: one, at least 1 page
	"\x07\x0a\x01\x06memory\x02\x00") // export section

// MemorySize is the size in bytes of the memory of Module.
const MemorySize = 1 << 16

// Module returns a live module that has a memory and nothing else.
func Module(t testing.TB) api.Module {
	t.Helper()
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	t.Cleanup(func() { require.NoError(t, r.Close(ctx)) })
	m, err := r.Instantiate(ctx, memoryModule)
	require.NoError(t, err)
	return m
}

// SameNames fails unless functions are exactly those of table.
func SameNames(t *testing.T, table []abi.Function, functions sandbox.Functions) {
	t.Helper()
	var want, got []string
	for _, f := range table {
		want = append(want, f.Name)
	}
	for name := range functions {
		got = append(got, name)
	}
	require.ElementsMatch(t, want, got)
}

// Arguments returns a wazero stack for f whose parameters are args, as many as it takes. A parameter of 32 bits has garbage
// above it, as wazero may leave there.
func Arguments(f abi.Function, args []uint64) []uint64 {
	stack := make([]uint64, max(len(f.Params), len(f.Results)))
	for i, t := range f.Params {
		stack[i] = args[i]
		if t == abi.I32 {
			stack[i] |= 0xdeadbeef << 32
		}
	}
	return stack
}

// Call calls a host function. It returns the *sandbox.Misuse that the function panicked with, or nil. Any
// other panic fails the test.
func Call(t testing.TB, f api.GoModuleFunc, owner any, m api.Module, stack []uint64) (misuse *sandbox.Misuse) {
	t.Helper()
	defer func() {
		switch r := recover().(type) {
		case nil:
		case error:
			if !errors.As(r, &misuse) {
				panic(r)
			}
		default:
			panic(r)
		}
	}()
	f(sandbox.WithOwner(context.Background(), owner), m, stack)
	return nil
}

// Check fails unless view is size bytes at p of m's memory, or empty if size is 0.
func Check(m api.Module, p, size uint32, view []byte) error {
	if len(view) != int(size) {
		return fmt.Errorf("%d bytes, want %d", len(view), size)
	}
	if size == 0 {
		return nil
	}
	want, ok := m.Memory().Read(p, size)
	if !ok || unsafe.SliceData(want) != unsafe.SliceData(view) {
		return fmt.Errorf("not the bytes at %d", p)
	}
	return nil
}
