package sandbox_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/portholehttp/porthole/host/internal/sandbox"
)

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
