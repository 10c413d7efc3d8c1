package sandbox_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/linear"
	. "github.com/portholehttp/porthole/host/internal/sandbox"
)

// resets is how many a guest is put through: enough for a page or a descriptor that is lost each time to show.
const resets = 100_000

func times(by linear.Mechanism) uint64 {
	n := uint64(resets)
	if by == linear.Remap {
		n /= 20 // it is slow
	}
	if testing.Short() {
		n /= 10
	}
	return n
}

// A hundred thousand requests leave what dirt a small guest can, and find none.
func TestManyResetsOfASmallGuest(t *testing.T) {
	for _, by := range available(t) {
		t.Run(by.String(), func(t *testing.T) {
			i := live(t, resettable(t, "dirt"), InstanceConfig{})
			dirty, grow := function(t, i, "dirty", 1, 0), function(t, i, "grow", 1, 1)
			require.NoError(t, i.SnapshotBy(by))
			repeat(t, i, times(by), 1, func(n uint64) {
				must(t, dirty, n)
				if n%8 == 0 {
					require.Zero(t, must(t, grow, n%5))
				}
			})
		})
	}
}

// The same for a guest of Go, which has a heap, a scheduler and timers to leave it in.
func TestManyResetsOfAGoGuest(t *testing.T) {
	m := goGuest(t)
	for _, by := range available(t) {
		t.Run(by.String(), func(t *testing.T) {
			n := times(by)
			if by == linear.Copy {
				n /= 20 // it takes long for that much memory
			}
			i := live(t, m, InstanceConfig{})
			dirty, found, draw := function(t, i, "dirty", 1, 0), function(t, i, "found", 0, 1), function(t, i, "draw", 0, 1)
			must(t, found)
			require.NoError(t, i.SnapshotBy(by))
			random := must(t, draw)
			require.NoError(t, i.Reset())
			before, grew := i.MemorySize(), false
			repeat(t, i, n, 1000, func(n uint64) {
				require.Zero(t, must(t, found))
				require.Equal(t, random, must(t, draw), "its generator has been put back too")
				size := uint64(1000)
				if n%1000 == 1 {
					size = 6 << 20
				}
				must(t, dirty, size)
				require.NotZero(t, must(t, found))
				grew = grew || i.MemorySize() > before
			})
			require.True(t, grew)
		})
	}
}

// repeat leaves dirt and resets so many times, and compares all of the state every so often. The process must not grow meanwhile.
func repeat(t *testing.T, i *Instance, times, often uint64, dirty func(n uint64)) {
	t.Helper()
	want := stateOf(t, i).clone()
	var before usage
	for n := range times {
		dirty(n)
		require.NoError(t, i.Reset())
		if n%often == 0 || n == times-1 {
			requireSame(t, want, stateOf(t, i))
		}
		if n == times/10 { // until then, pools of all kinds may fill
			before = use(t)
		}
	}
	use(t).requireFlat(t, before)
}

func must(t testing.TB, f *Function, params ...uint64) uint64 {
	t.Helper()
	result, err := f.Call(params...)
	require.NoError(t, err)
	return result
}

// goGuest builds and compiles testdata/dirt.
func goGuest(t testing.TB) *Module {
	t.Helper()
	file := filepath.Join(t.TempDir(), "dirt.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", file, "./testdata/dirt")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	wasm, err := os.ReadFile(file)
	require.NoError(t, err)

	ctx := context.Background()
	e, err := NewEngine(ctx, EngineConfig{Cache: cache, MemoryPages: 1024})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close(ctx)) })
	m, err := e.Compile(ctx, "dirt", wasm, CompileConfig{Meter: true})
	require.NoError(t, err)
	return m
}
