package sandbox_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"slices"
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
	for name, wasm := range map[string]func(n int) []byte{
		"the same":  func(int) []byte { return guest(t, "guest") },
		"different": func(n int) []byte { return distinct(t, n) },
	} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			e, err := NewEngine(ctx, EngineConfig{Cache: wazero.NewCompilationCache(), MemoryPages: 16, Imports: imports, Functions: functions})
			require.NoError(t, err)
			defer func() { require.NoError(t, e.Close(ctx)) }()
			load := func(n int) {
				m, err := e.Compile(ctx, "guest", wasm(n), CompileConfig{})
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
	compile := func(ctx context.Context, result chan error) {
		m, err := e.Compile(ctx, "guest", guest(t, "guest"), CompileConfig{})
		if m != nil {
			_ = m.Close(ctx)
		}
		result <- err
	}
	first, second, third := make(chan error), make(chan error), make(chan error)
	go compile(context.Background(), first)
	<-begun
	ctx, cancel := context.WithCancel(context.Background())
	go compile(ctx, second)
	go compile(context.Background(), third)
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
		m, err := e.Compile(context.Background(), "large", many(1000), CompileConfig{})
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

// many returns a module of so many functions, each with work for a compiler.
func many(functions int) []byte {
	leb := func(b []byte, n int) []byte { return binary.AppendUvarint(b, uint64(n)) }
	section := func(out []byte, id byte, content []byte) []byte {
		return append(leb(append(out, id), len(content)), content...)
	}
	var body []byte
	body = append(body, 0) // no locals
	for range 200 {
		body = append(body, 0x20, 0, 0x20, 0, 0x6c, 0x20, 0, 0x6a, 0x21, 0) // x = x*x + x
	}
	body = append(body, 0x20, 0, 0x0b)
	types := []byte{1, 0x60, 1, 0x7f, 1, 0x7f} // i32 to i32
	declared, code := leb(nil, functions), leb(nil, functions)
	for range functions {
		declared = append(declared, 0)
		code = append(leb(code, len(body)), body...)
	}
	out := []byte("\x00asm\x01\x00\x00\x00")
	out = section(out, 1, types)
	out = section(out, 3, declared)
	out = section(out, 5, []byte{1, 0, 1})
	out = section(out, 7, append([]byte{1, 6}, "memory\x02\x00"...))
	return section(out, 10, code)
}

func TestCompilerThatPanics(t *testing.T) {
	OnCompile(t, func() { panic(fmt.Errorf("a bug")) })
	_, err := engine(t).Compile(context.Background(), "guest", guest(t, "guest"), CompileConfig{})
	assert.ErrorContains(t, err, "compile: the compiler failed: a bug")
}
