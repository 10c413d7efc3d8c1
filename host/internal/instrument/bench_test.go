package instrument_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/instrument"
	"github.com/portholehttp/porthole/wasm"
)

// BenchmarkRun shows what the counters cost a guest, as a multiple of the fastest run of the module as it is. The modules take turns, because what
// else the machine does would tell otherwise.
func BenchmarkRun(b *testing.B) {
	meter, depth := instrument.Config{Meter: true}, instrument.Config{CallDepth: 1_000_000}
	both := meter
	both.CallDepth = depth.CallDepth
	for _, program := range []struct {
		name, export string
		size         uint64
		wasm         func(testing.TB) []byte
	}{
		{"go/encode", "encode", 30, goGuest},
		{"go/sort", "sort", 200, goGuest},
		{"go/match", "match", 20, goGuest},
		{"go/tree", "tree", 10, goGuest},
		{"go/recurse", "recurse", 20, goGuest},
		{"go/channels", "channels", 300, goGuest},
		{"go/copy", "copy", 5000, goGuest},
		{"c/fib", "fib", 24, compute},
		{"c/sieve", "sieve", 50_000, compute},
		{"c/copy", "copy", 10_000, compute},
		{"c/matrix", "matrix", 64, compute},
		{"c/quicksort", "quicksort", 10_000, compute},
		{"c/dispatch", "dispatch", 50_000, compute},
		{"c/interpret", "interpret", 10_000, compute},
		{"libc/text", "text", 500, libc},
	} {
		b.Run(program.name, func(b *testing.B) {
			wasm := program.wasm(b)
			variants := []*variant{{name: "plain", guest: instantiate(b, wasm)}}
			for name, c := range map[string]instrument.Config{"meter": meter, "depth": depth, "both": both} {
				m, err := instrument.Rewrite(wasm, c)
				require.NoError(b, err)
				variants = append(variants, &variant{name: name, guest: instantiate(b, m.Wasm)})
			}
			for b.Loop() {
				for _, v := range variants {
					v.run(b, program.export, program.size)
				}
			}
			for _, v := range variants {
				b.ReportMetric(float64(v.fastest)/float64(variants[0].fastest), v.name)
			}
			b.ReportMetric(float64(variants[0].fastest), "ns-plain")
		})
	}
}

// variant is one of the modules that BenchmarkRun compares.
type variant struct {
	name    string
	guest   *guest
	fastest time.Duration
}

func (v *variant) run(b *testing.B, export string, size uint64) {
	start := time.Now()
	if _, err := v.guest.call(export, size); err != nil {
		b.Fatal(err)
	}
	if took := time.Since(start); v.fastest == 0 || took < v.fastest {
		v.fastest = took
	}
}

func libc(t testing.TB) []byte { return file(t, "libc.wasm") }

func compute(t testing.TB) []byte { return file(t, "compute.wasm") }

// BenchmarkRewrite shows what rewriting itself takes.
func BenchmarkRewrite(b *testing.B) {
	for _, module := range []struct {
		name string
		wasm func(testing.TB) []byte
	}{
		{"c", compute},
		{"libc", libc},
		{"stack", func(testing.TB) []byte { return wasm.Stack }},
		{"go", goGuest},
	} {
		b.Run(module.name, func(b *testing.B) {
			wasm := module.wasm(b)
			b.SetBytes(int64(len(wasm)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := instrument.Rewrite(wasm, instrument.Config{Meter: true, CallDepth: 1000}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
