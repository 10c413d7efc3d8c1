package shard

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/sandbox"
	"github.com/portholehttp/porthole/host/internal/sockabi"
	"github.com/portholehttp/porthole/internal/netloop"
	"github.com/portholehttp/porthole/internal/workload"
	"github.com/portholehttp/porthole/wasm"
)

// sink is a loop whose sockets take everything.
type sink struct {
	*netloop.Loop
	written int
}

func (s *sink) Write(_ netloop.Handle, p []byte) (int, abi.Status) {
	s.written += len(p)
	return len(p), abi.StatusOK
}

// BenchmarkHello is an exchange without the kernel: the stack that Porthole brings, the example hello, compiled and metered as they are for
// everybody, and the host between them. What the guests take of it can be told by BenchmarkExchange, whose guests do next to nothing.
func BenchmarkHello(b *testing.B) {
	loop := &sink{}
	w := newWorld(b, buildHello(b), withMeter, withLimits(func(l *Limits) { l.MaxExchangeFuel = 1 << 34 }), func(c *setup) {
		c.Stack = compile(b, "stack", wasm.Stack, sandbox.EngineConfig{Imports: abi.StackImports, Functions: sockabi.Functions}, sandbox.CompileConfig{})
		c.compile.CallDepth = 10_000
		plain := c.NewLoop
		c.NewLoop = func(readBuffer func() []byte) Loop {
			loop.Loop = plain(readBuffer).(*netloop.Loop)
			return loop
		}
	})
	const socket = netloop.Handle(1<<32 | 100)
	w.onLoop(func() { w.enter(w.stack.accept, uint64(socket), uint64(w.listener.handle), uint64(w.loop.Now())) })
	for _, c := range workload.Cases() {
		if c.Name == "post16k" {
			continue // hello does not read it
		}
		b.Run(c.Name, func(b *testing.B) {
			w.onLoop(func() {
				b.ReportAllocs()
				loop.written = 0
				for i := 0; b.Loop(); i++ {
					in := c.Input[i%len(c.Input)]
					w.Data(socket, w.readBuffer()[:copy(w.readBuffer(), in)], w.loop.Now())
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(c.Requests), "ns/request")
			})
			require.Greater(b, loop.written, b.N*c.Requests*len("hello world\n"))
		})
	}
}

func buildHello(b *testing.B) []byte {
	b.Helper()
	file := filepath.Join(b.TempDir(), "hello.wasm")
	command := exec.Command("go", "build", "-o", file, "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "../../../examples/hello")
	command.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	out, err := command.CombinedOutput()
	require.NoError(b, err, "%s", out)
	code, err := os.ReadFile(file)
	require.NoError(b, err)
	return code
}
