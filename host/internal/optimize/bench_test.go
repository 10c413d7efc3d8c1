package optimize_test

import (
	"testing"

	"github.com/portholehttp/porthole/wasm"
)

// BenchmarkRewrite shows what rewriting itself takes.
func BenchmarkRewrite(b *testing.B) {
	b.SetBytes(int64(len(wasm.Stack)))
	b.ReportAllocs()
	for b.Loop() {
		rewrite(wasm.Stack)
	}
}
