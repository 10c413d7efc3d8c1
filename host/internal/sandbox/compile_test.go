package sandbox_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"

	. "github.com/portholehttp/porthole/host/internal/sandbox"
)

// distinct returns the guest with a custom section that makes it another module.
func distinct(t *testing.T, n int) []byte {
	t.Helper()
	section := binary.LittleEndian.AppendUint64([]byte{0, 10, 1, 'n'}, uint64(n))
	return slices.Concat(guest(t, "guest"), section)
}

func TestLoadingManyTimesLeavesNothing(t *testing.T) {
	same := func(int) []byte { return guest(t, "guest") }
	for name, test := range map[string]struct {
		engine func(t testing.TB) *Engine
		wasm   func(n int) []byte
	}{
		"the same":  {engineAlone, same},
		"different": {engineAlone, func(n int) []byte { return distinct(t, n) }},
		"kept":      {loader, same},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			e := test.engine(t)
			load := func(n int) {
				m, err := e.Compile(ctx, "guest", test.wasm(n), CompileConfig{})
				require.NoError(t, err)
				i, err := m.Instantiate(InstanceConfig{})
				require.NoError(t, err)
				require.NoError(t, m.Close(ctx), "with an instance that lives")
				require.Equal(t, 1, e.Modules())
				_, err = function(t, i, "add", 2, 1).Call(1, 2)
				require.NoError(t, err, "it goes on")
				i.Close()
				require.Zero(t, e.Modules())
			}
			load(0)
			before := heap()
			for n := range 1000 {
				load(n + 1)
			}
			assert.Less(t, heap(), before+2<<20, "one module takes some 50 KiB, one instance 64 KiB")
		})
	}
}

// engineAlone returns an engine that shares nothing with others.
func engineAlone(t testing.TB) *Engine {
	t.Helper()
	ctx := context.Background()
	e, err := NewEngine(ctx, EngineConfig{Cache: wazero.NewCompilationCache(), MemoryPages: 16, Imports: imports, Functions: functions})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close(ctx)) })
	return e
}

func heap() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC() // what the first gave to finalizers
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func TestModuleThatIsClosed(t *testing.T) {
	ctx := context.Background()
	e := engine(t)
	m, err := e.Compile(ctx, "guest", guest(t, "guest"), CompileConfig{})
	require.NoError(t, err)
	first, err := m.Instantiate(InstanceConfig{})
	require.NoError(t, err)
	second, err := m.Instantiate(InstanceConfig{})
	require.NoError(t, err)
	require.NoError(t, m.Close(ctx))
	require.NoError(t, m.Close(ctx), "again")

	_, err = m.Instantiate(InstanceConfig{})
	assert.ErrorIs(t, err, ErrModuleClosed)
	var fault *Fault
	assert.ErrorAs(t, err, &fault)

	first.Close()
	first.Close() // counts once
	assert.Equal(t, 1, e.Modules())
	_, err = function(t, second, "add", 2, 1).Call(1, 2)
	assert.NoError(t, err)
	second.Close()
	assert.Zero(t, e.Modules())
}

func TestInstanceThatDoesNotStartIsNoUser(t *testing.T) {
	ctx := context.Background()
	for _, name := range []string{"start", "initialize"} {
		e := engine(t)
		m, err := e.Compile(ctx, name, guest(t, name), CompileConfig{})
		require.NoError(t, err)
		_, err = m.Instantiate(InstanceConfig{})
		require.Error(t, err)
		require.NoError(t, m.Close(ctx))
		assert.Zero(t, e.Modules())
	}
}

func TestCompilationIsCalledOff(t *testing.T) {
	reason := errors.New("not wanted any more")
	e := engine(t)
	ctx, cancel := context.WithCancelCause(context.Background())
	OnCompile(t, func() { cancel(reason) })
	_, err := e.Compile(ctx, "guest", distinct(t, 0), CompileConfig{})
	assert.ErrorIs(t, err, reason)
	_, err = e.Compile(ctx, "guest", distinct(t, 0), CompileConfig{})
	assert.ErrorIs(t, err, reason, "before it begins")

	m, err := e.Compile(context.Background(), "guest", guest(t, "guest"), CompileConfig{})
	require.NoError(t, err, "the next one comes when the first is done")
	assert.Equal(t, 1, e.Modules(), "nothing is left of the first")
	require.NoError(t, m.Close(context.Background()))
}

func TestCompilationsWaitForEachOther(t *testing.T) {
	e := engine(t)
	begun, release := make(chan struct{}), make(chan struct{})
	OnCompile(t, func() {
		begun <- struct{}{}
		<-release
	})
	compile := func(ctx context.Context, n int, result chan error) {
		m, err := e.Compile(ctx, "guest", distinct(t, n), CompileConfig{})
		if m != nil {
			_ = m.Close(ctx)
		}
		result <- err
	}
	first, second, third := make(chan error), make(chan error), make(chan error)
	go compile(context.Background(), 1, first)
	<-begun
	ctx, cancel := context.WithCancel(context.Background())
	go compile(ctx, 2, second)
	go compile(context.Background(), 3, third)
	cancel()
	assert.ErrorIs(t, <-second, context.Canceled, "while it waits")
	select {
	case <-begun:
		assert.Fail(t, "two at a time")
	default:
	}
	release <- struct{}{}
	require.NoError(t, <-first)
	<-begun
	release <- struct{}{}
	require.NoError(t, <-third)
}

// Guests that run go on while a large module is compiled.
func TestCompilationStallsNobody(t *testing.T) {
	i := instantiate(t, InstanceConfig{})
	add := function(t, i, "add", 2, 1)
	e := engine(t)
	begun := make(chan struct{})
	OnCompile(t, func() { close(begun) })
	done := make(chan error, 1)
	go func() {
		m, err := e.Compile(context.Background(), "large", large(1000, 200, nil), CompileConfig{})
		if m != nil {
			_ = m.Close(context.Background())
		}
		done <- err
	}()
	<-begun
	calls := 0
	for {
		select {
		case err := <-done:
			require.NoError(t, err)
			assert.Greater(t, calls, 10)
			return
		default:
			_, err := add.Call(1, 2)
			require.NoError(t, err)
			calls++
			runtime.Gosched() // with one processor, one has to let the other compile
		}
	}
}

// What a guest says its functions are called is in the text of each trap, and wazero puts the module's name before each of them.
func TestNamesOfGuestsAreBounded(t *testing.T) {
	long := []byte(strings.Repeat("ü", 1<<19))
	module := sized([]byte{0}, sized(nil, long))
	first := sized([]byte{1}, sized([]byte{1, 0}, long))
	wasm := large(20_000, 0, append(module, first...))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	m, err := engine(t).Compile(context.Background(), "guest", wasm, metering)
	require.NoError(t, err)
	i, err := m.Instantiate(InstanceConfig{})
	require.NoError(t, err)
	defer i.Close()
	_, err = function(t, i, "trap", 0, 0).Call()
	var fault *Fault
	require.ErrorAs(t, err, &fault)
	runtime.ReadMemStats(&after)
	assert.Less(t, len(fault.Err.Error()), 1000)
	_, trace := fault.Explain()
	assert.Equal(t, "."+strings.Repeat("ü", 128)+"()", trace)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<30), "and not 20,000 times a megabyte")
}

func TestCompilerThatPanics(t *testing.T) {
	OnCompile(t, func() { panic(fmt.Errorf("a bug")) })
	_, err := engine(t).Compile(context.Background(), "guest", guest(t, "guest"), CompileConfig{})
	assert.ErrorContains(t, err, "compile: the compiler failed: a bug")
}

func TestModulesOfTheSameBytesShareCode(t *testing.T) {
	ctx := context.Background()
	e := engine(t)
	compiled := 0
	OnCompile(t, func() { compiled++ })
	load := func(name string, c CompileConfig) *Module {
		m, err := e.Compile(ctx, name, guest(t, "guest"), c)
		require.NoError(t, err)
		return m
	}
	first, second, metered := load("first", CompileConfig{}), load("second", CompileConfig{}), load("metered", CompileConfig{Meter: true})
	assert.Equal(t, 2, compiled)
	assert.Equal(t, 2, e.Modules())
	assert.Equal(t, "second", second.Name())

	require.NoError(t, first.Close(ctx))
	require.NoError(t, first.Close(ctx), "counts once")
	_, err := first.Instantiate(InstanceConfig{})
	require.ErrorIs(t, err, ErrModuleClosed, "though there is code")
	i, err := second.Instantiate(InstanceConfig{})
	require.NoError(t, err)
	_, err = function(t, i, "add", 2, 1).Call(1, 2)
	require.NoError(t, err)
	require.NoError(t, second.Close(ctx))
	assert.Equal(t, 2, e.Modules(), "of the instance")
	i.Close()
	assert.Equal(t, 1, e.Modules())
	require.NoError(t, metered.Close(ctx))
	assert.Zero(t, e.Modules())

	require.NoError(t, load("again", CompileConfig{}).Close(ctx))
	assert.Equal(t, 3, compiled)
}
