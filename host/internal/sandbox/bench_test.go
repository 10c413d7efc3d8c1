package sandbox_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
	. "github.com/portholehttp/porthole/host/internal/sandbox"
	"github.com/portholehttp/porthole/host/internal/sockabi"
	"github.com/portholehttp/porthole/wasm"
)

// BenchmarkCompile is an engine that loads the stack, metered as handlers are: one that keeps nothing, one that finds nothing and keeps it, and one that
// finds it.
func BenchmarkCompile(b *testing.B) {
	load := func(dir string) {
		ctx := context.Background()
		c := EngineConfig{MemoryPages: 1024, Imports: abi.StackImports, Functions: sockabi.Functions}
		if dir != "" {
			var err error
			c.Store, err = OpenStore(dir, StoreConfig{})
			require.NoError(b, err)
			defer func() { require.NoError(b, c.Store.Close(ctx)) }()
		}
		e, err := NewEngine(ctx, c)
		require.NoError(b, err)
		_, err = e.Compile(ctx, "stack", wasm.Stack, CompileConfig{Meter: true, CallDepth: 10_000})
		require.NoError(b, err)
		require.NoError(b, e.Close(ctx))
	}
	b.Run("unkept", func(b *testing.B) {
		for b.Loop() {
			load("")
		}
	})
	b.Run("cold", func(b *testing.B) {
		for b.Loop() {
			load(b.TempDir())
		}
	})
	b.Run("warm", func(b *testing.B) {
		dir := b.TempDir()
		load(dir)
		for b.Loop() {
			load(dir)
		}
	})
}

// BenchmarkFresh is a call of a guest that is put back after it, by each mechanism that the machine has. Next to it is the call
// alone: the difference is what it costs that every request sees a fresh sandbox.
func BenchmarkFresh(b *testing.B) {
	small := resettable(b, "dirt")
	golang := goGuest(b)
	for _, guest := range []struct {
		name    string
		module  *Module
		call    string
		params  []uint64
		results int
		pages   uint64 // to grow by first
	}{
		{"wat64KiB", small, "dirty", []uint64{3}, 0, 0},
		{"wat192KiB", small, "dirty", []uint64{3}, 0, 2},
		{"go", golang, "work", nil, 1, 0},
	} {
		prepare := func(b *testing.B) (*Instance, func()) {
			i := live(b, guest.module, InstanceConfig{})
			if guest.pages > 0 {
				must(b, function(b, i, "grow", 1, 1), guest.pages)
			}
			f := function(b, i, guest.call, len(guest.params), guest.results)
			return i, func() {
				if _, err := f.Call(guest.params...); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.Run(guest.name+"/shared", func(b *testing.B) {
			_, call := prepare(b)
			for b.Loop() {
				call()
			}
		})
		for _, by := range available(b) {
			b.Run(guest.name+"/"+by.String(), func(b *testing.B) {
				i, call := prepare(b)
				call() // as a pool would, so that the first request does not pay for what comes once
				require.NoError(b, i.SnapshotBy(by))
				for b.Loop() {
					call()
					if err := i.Reset(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
