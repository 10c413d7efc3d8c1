package stack

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBeginsWith(t *testing.T) {
	const size = 100
	b := make([]byte, 2*size)
	for i := range b {
		b[i] = byte(i * 7)
	}
	for at := range 8 {
		for n := range size {
			prefix := append(make([]byte, at), b[at:at+n]...)[at:]
			require.True(t, beginsWith(b[at:], prefix), n)
			require.True(t, beginsWith(b[at:at+n], prefix), n)
			if n > 0 {
				require.False(t, beginsWith(b[at:at+n-1], prefix), n)
			}
			for i := range n {
				prefix[i] ^= 1 << (i % 8)
				require.False(t, beginsWith(b[at:], prefix), "byte %d of %d", i, n)
				prefix[i] ^= 1 << (i % 8)
			}
		}
	}
}

// BenchmarkBeginsWith compares a head with itself. In wasm see BenchmarkStack/same.
func BenchmarkBeginsWith(b *testing.B) {
	p, q := make([]byte, 300), make([]byte, 300)
	for b.Loop() {
		if !beginsWith(p, q) {
			b.Fatal("different")
		}
	}
}
