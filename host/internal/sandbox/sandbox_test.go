package sandbox_test

import (
	"context"
	"embed"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"go.uber.org/goleak"

	"github.com/portholehttp/porthole/abi"
	. "github.com/portholehttp/porthole/host/internal/sandbox"
	"github.com/portholehttp/porthole/host/internal/wasi"
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "porthole")
	if err != nil {
		panic(err)
	}
	storeDir = dir
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(dir)
		os.Exit(code)
	}))
}

// storeDir is where the guests of most tests are kept, as those of servers are.
var storeDir string

// loader returns an engine with a Store, whose guests run from there: see store_test.go for what may go wrong.
func loader(t testing.TB) *Engine {
	t.Helper()
	return storing(t, storeDir, 16)
}

// storing returns an engine with a Store of its own in dir, as a process has that has just begun. pages is the most memory.
func storing(t testing.TB, dir string, pages uint32) *Engine {
	return storingBy(t, dir, pages, StoreConfig{})
}

func storingBy(t testing.TB, dir string, pages uint32, c StoreConfig) *Engine {
	t.Helper()
	ctx := context.Background()
	s, err := OpenStore(dir, c)
	require.NoError(t, err)
	e, err := NewEngine(ctx, EngineConfig{Store: s, MemoryPages: pages, Imports: imports, Functions: functions})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, e.Close(ctx))
		require.NoError(t, s.Close(ctx))
	})
	return e
}

// The guests. The .wasm files are the .wat files beside them, assembled by wabt:
//
//	cd testdata && for f in *.wat; do wat2wasm --debug-names $f; done
//
//go:embed testdata/*.wasm
var testdata embed.FS

func guest(t testing.TB, name string) []byte {
	t.Helper()
	wasm, err := testdata.ReadFile("testdata/" + name + ".wasm")
	require.NoError(t, err)
	return wasm
}

// caller is the owner of instances: their imports act on it.
type caller struct {
	called func(argument uint32) uint32
}

var imports = []abi.Function{{Module: "test", Name: "call_host", Params: []abi.ValueType{abi.I32}, Results: []abi.ValueType{abi.I32}}}

var functions = Functions{
	"call_host": func(ctx context.Context, _ api.Module, s []uint64) {
		s[0] = uint64(Owner[*caller](ctx).called(api.DecodeU32(s[0])))
	},
}

var cache = wazero.NewCompilationCache()

func engine(t testing.TB) *Engine {
	t.Helper()
	ctx := context.Background()
	e, err := NewEngine(ctx, EngineConfig{Cache: cache, MemoryPages: 16, Imports: imports, Functions: functions})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close(ctx)) })
	return e
}

func compile(t testing.TB, name string) *Module {
	t.Helper()
	m, err := loader(t).Compile(context.Background(), name, guest(t, name), CompileConfig{})
	require.NoError(t, err)
	return m
}

func instantiate(t testing.TB, c InstanceConfig) *Instance {
	t.Helper()
	i, err := compile(t, "guest").Instantiate(c)
	require.NoError(t, err)
	t.Cleanup(i.Close)
	return i
}

func function(t testing.TB, i *Instance, name string, params, results int) *Function {
	t.Helper()
	f, err := i.Function(name, params, results)
	require.NoError(t, err)
	return f
}

func TestCall(t *testing.T) {
	i := instantiate(t, InstanceConfig{})
	result, err := function(t, i, "initialized", 0, 1).Call()
	require.NoError(t, err)
	assert.EqualValues(t, 1, result, "_initialize ran")

	add := function(t, i, "add", 2, 1)
	result, err = add.Call(40, 2)
	require.NoError(t, err)
	assert.EqualValues(t, 42, result)
	assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = add.Call(1, 2) }))

	result, err = function(t, i, "nothing", 0, 0).Call()
	require.NoError(t, err)
	assert.Zero(t, result)
}

func TestImportsActOnTheOwner(t *testing.T) {
	for _, n := range []uint32{1, 2} {
		i := instantiate(t, InstanceConfig{Owner: &caller{called: func(a uint32) uint32 { return a + n }}})
		result, err := function(t, i, "call_host", 1, 1).Call(0xffffffff_00000010) // the upper half is not the parameter's
		require.NoError(t, err)
		assert.Equal(t, 0x10+n, api.DecodeU32(result))
	}
}

func TestFunctionThatIsNotThere(t *testing.T) {
	for _, test := range []struct {
		name            string
		params, results int
		want            string
	}{
		{"missing", 0, 0, `no export "missing"`},
		{"add", 1, 1, "takes 2 and returns 1 values, not 1 and 1"},
		{"add", 2, 0, "takes 2 and returns 1 values, not 2 and 0"},
	} {
		_, err := instantiate(t, InstanceConfig{}).Function(test.name, test.params, test.results)
		assert.ErrorContains(t, err, test.want)
	}
}

func TestFaults(t *testing.T) {
	misuse := &Misuse{Function: "call_host", Reason: "nonsense"}
	for _, test := range []struct {
		name, function  string
		params, results int
		reason          string
		is              any
	}{
		{"trap", "trap", 0, 0, "unreachable", nil},
		{"exit", "exit", 1, 0, "the guest exited with code 3", new(*wasi.ExitError)},
		{"stack overflow", "recurse", 1, 1, ErrCallDepth.Error(), nil},
		{"misuse", "call_host", 1, 1, "call_host: nonsense", new(*Misuse)},
	} {
		t.Run(test.name, func(t *testing.T) {
			i := instantiate(t, InstanceConfig{Owner: &caller{called: func(uint32) uint32 { panic(misuse) }}})
			_, err := function(t, i, test.function, test.params, test.results).Call([]uint64{3}[:test.params]...)
			var fault *Fault
			require.ErrorAs(t, err, &fault)
			assert.Equal(t, "guest", fault.Guest)
			assert.Equal(t, test.function, fault.Function)
			reason, _ := fault.Explain()
			assert.Equal(t, test.reason, reason)
			assert.Equal(t, "guest guest ended in "+test.function+": "+test.reason, err.Error())
			if test.is != nil {
				assert.ErrorAs(t, err, test.is)
			}

			add := function(t, i, "nothing", 0, 0)
			_, again := add.Call()
			assert.Same(t, fault, again, "it is not called again")
		})
	}
}

func TestFaultNamesTheFunctionsOfTheGuest(t *testing.T) {
	_, err := function(t, instantiate(t, InstanceConfig{}), "trap", 0, 0).Call()
	var fault *Fault
	require.ErrorAs(t, err, &fault)
	_, trace := fault.Explain()
	assert.Equal(t, ".inner()\n.outer()", trace)
}

func TestFaultsAtTheStart(t *testing.T) {
	for name, function := range map[string]string{"start": "instantiation", "initialize": "_initialize"} {
		_, err := compile(t, name).Instantiate(InstanceConfig{})
		var fault *Fault
		require.ErrorAs(t, err, &fault)
		assert.Equal(t, name, fault.Guest)
		assert.Equal(t, function, fault.Function)
		reason, _ := fault.Explain()
		assert.Contains(t, reason, "unreachable")
	}
}

// wazero hangs for good when a function is called that is on the call stack.
func TestReentryIsRefused(t *testing.T) {
	c := &caller{}
	i := instantiate(t, InstanceConfig{Owner: c})
	f := function(t, i, "call_host", 1, 1)
	add := function(t, i, "add", 2, 1)
	c.called = func(uint32) uint32 {
		for _, err := range []error{second(f.Call(1)), second(add.Call(1, 2))} {
			assert.ErrorContains(t, err, "the guest is running already")
		}
		return 5
	}
	result, err := f.Call(1)
	require.NoError(t, err, "the call that runs is not harmed")
	assert.EqualValues(t, 5, result)
}

func second[A any](_ A, err error) error { return err }

func TestBuffers(t *testing.T) {
	const memory = 1 << 16
	for _, test := range []struct {
		name     string
		p, size  uint32
		inside   bool
		complain string
	}{
		{"start", 0, 100, true, ""},
		{"all", 0, memory, true, ""},
		{"end", memory - 8, 8, true, ""},
		{"empty at the end", memory, 0, true, ""},
		{"past the end", memory, 1, false, "pointer: result: 1 bytes at 65536 leave the memory of 65536 bytes"},
		{"over the end", memory - 8, 9, false, "9 bytes at 65528"},
		{"too large", 0, memory + 1, false, "65537 bytes at 0"},
		{"overflow", 0xffffffff, 2, false, "2 bytes at 4294967295"},
	} {
		t.Run(test.name, func(t *testing.T) {
			i := instantiate(t, InstanceConfig{})
			word, ok := i.View(0, 4)
			require.True(t, ok)
			binary.LittleEndian.PutUint32(word, test.p)
			f := function(t, i, "pointer", 1, 1)
			b, err := f.Buffer(test.size)
			if test.inside {
				require.NoError(t, err)
				assert.Len(t, b, int(test.size))
				return
			}
			assert.ErrorContains(t, err, test.complain)
			_, err = f.Pointer(0)
			assert.ErrorContains(t, err, test.complain, "it has ended")
		})
	}
}

func TestMemoryIsLimited(t *testing.T) {
	i := instantiate(t, InstanceConfig{})
	grow := function(t, i, "grow", 1, 1)
	result, err := grow.Call(15)
	require.NoError(t, err)
	assert.EqualValues(t, 1, result)
	assert.EqualValues(t, 16<<16, i.MemorySize())
	result, err = grow.Call(1)
	require.NoError(t, err)
	assert.Equal(t, ^uint32(0), api.DecodeU32(result), "the guest is told that there is no more")
}

func TestCompileRefuses(t *testing.T) {
	e := engine(t)
	for name, want := range map[string]string{
		"memoryless": "the module exports no memory",
		"large":      "17 pages",
	} {
		_, err := e.Compile(context.Background(), name, guest(t, name), CompileConfig{})
		assert.ErrorContains(t, err, want)
	}
	_, err := e.Compile(context.Background(), "garbage", []byte("not wasm"), CompileConfig{})
	assert.ErrorContains(t, err, "compile: ")
	_, err = e.Compile(context.Background(), "memoryless", guest(t, "memoryless"), CompileConfig{})
	assert.ErrorIs(t, err, ErrNoMemory)

	unknown, err := e.Compile(context.Background(), "unknown", guest(t, "unknown"), CompileConfig{})
	require.NoError(t, err)
	_, err = unknown.Instantiate(InstanceConfig{})
	assert.ErrorContains(t, err, "module[env] not instantiated")
}

func TestEngineNeedsEveryFunction(t *testing.T) {
	_, err := NewEngine(context.Background(), EngineConfig{Cache: cache, MemoryPages: 1, Imports: imports})
	assert.ErrorContains(t, err, "test.call_host: no such function")
}

func TestSleepIsInterrupted(t *testing.T) {
	interrupt := make(chan struct{})
	i := instantiate(t, InstanceConfig{Interrupt: interrupt})
	sleep := function(t, i, "sleep", 1, 1)
	errno, err := sleep.Call(uint64(time.Microsecond))
	require.NoError(t, err)
	assert.Zero(t, errno)

	close(interrupt)
	_, err = sleep.Call(uint64(1000 * time.Hour))
	assert.ErrorContains(t, err, "interrupted: the host is closing")
}

func TestWhatAGuestHasOfWASI(t *testing.T) {
	i := instantiate(t, InstanceConfig{})
	call := func(name string, params ...uint64) uint64 {
		t.Helper()
		errno, err := function(t, i, name, len(params), 1).Call(params...)
		require.NoError(t, err)
		return errno
	}
	number := func(at uint32) uint64 {
		b, ok := i.View(at, 8)
		require.True(t, ok)
		return binary.LittleEndian.Uint64(b)
	}
	const ebadf = 8
	assert.EqualValues(t, ebadf, call("directory"), "no directory")
	assert.Zero(t, call("environment"))
	assert.Zero(t, number(256), "no variable")
	assert.Zero(t, call("arguments"))
	assert.EqualValues(t, 6<<32|1, number(256), "one argument")
	name, _ := i.View(512, 6)
	assert.Equal(t, "guest\x00", string(name))

	assert.Zero(t, call("random"))
	first := number(256)
	assert.Zero(t, call("random"))
	assert.NotEqual(t, first, number(256))

	before := time.Now()
	assert.Zero(t, call("clock", 0))
	wall := time.Unix(0, int64(number(256)))
	assert.WithinRange(t, wall, before.Add(-time.Second), time.Now())
	assert.Zero(t, wall.Nanosecond()%int(time.Millisecond), "coarse")
	assert.Zero(t, call("clock", 1))
	assert.Zero(t, number(256)%uint64(time.Millisecond), "coarse")

	assert.Zero(t, call("print"), "without an output, it is discarded")
}

func TestOutput(t *testing.T) {
	var out, errs []string
	stdout := &Lines{Line: func(l string) { out = append(out, l) }}
	stderr := &Lines{Line: func(l string) { errs = append(errs, l) }}
	i := instantiate(t, InstanceConfig{Stdout: stdout, Stderr: stderr})
	_, err := function(t, i, "print", 0, 1).Call()
	require.NoError(t, err)
	assert.Equal(t, []string{"to stdout"}, out)
	assert.Equal(t, []string{"to stderr"}, errs)
	stdout.Flush()
	stderr.Flush()
	assert.Equal(t, []string{"to stdout", "to stdout"}, out)
	assert.Equal(t, []string{"to stderr"}, errs)
}

func TestFaultIsOfBoundedLength(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	f := &Fault{Guest: "g", Function: "f", Err: fmt.Errorf("%s\nwasm stack trace:\n\t%s\n\t%s", long, long, long)}
	reason, trace := f.Explain()
	assert.LessOrEqual(t, len(reason), 1<<10+3)
	assert.LessOrEqual(t, len(trace), 8<<10+3)
	assert.LessOrEqual(t, len(f.Error()), 2<<10)
}

func TestFaultWithoutTrace(t *testing.T) {
	reason, trace := (&Fault{Guest: "g", Function: "f", Err: errors.New("no export")}).Explain()
	assert.Equal(t, "no export", reason)
	assert.Empty(t, trace)
}
