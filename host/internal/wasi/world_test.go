package wasi_test

import (
	"context"
	"encoding/binary"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero/api"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/abitest"
	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/wasi"
)

// world is a guest's memory, what it has of WASI, and what its calls did to the host.
type world struct {
	t         testing.TB
	module    api.Module
	system    wasi.System
	functions map[string]api.GoModuleFunc

	now    time.Time
	worked int
	slept  []time.Duration
	out    []byte // what was printed, to both outputs
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, module: abitest.Module(t), now: time.Date(2026, 1, 2, 3, 4, 5, 678_901_234, time.UTC)}
	w.system = wasi.System{
		Args: []string{"guest", "--flag", ""}, Env: []string{"KEY=value", "EMPTY="},
		Stdout: printer{w, "out "}, Stderr: printer{w, "err "},
		Now: func() time.Time { return w.now }, Guard: w,
	}
	w.functions = wasi.Functions(func(context.Context) *wasi.System { return &w.system })
	return w
}

func (w *world) Work(units int) { w.worked += units }

// Sleep implements wasi.Guard: time passes at once.
func (w *world) Sleep(d time.Duration) {
	w.slept = append(w.slept, d)
	w.now = w.now.Add(d)
}

type printer struct {
	world  *world
	prefix string
}

func (p printer) Write(text []byte) (int, error) {
	p.world.out = append(append(p.world.out, p.prefix...), text...)
	return len(text), nil
}

var table = func() map[string]abi.Function {
	m := make(map[string]abi.Function)
	for _, f := range module.WASI {
		m[f.Name] = f
	}
	return m
}()

// call calls a function as a guest does, with garbage above 32-bit parameters.
func (w *world) call(name string, params ...uint64) wasi.Errno {
	w.t.Helper()
	f := table[name]
	require.Len(w.t, params, len(f.Params), name)
	stack := abitest.Arguments(f, params)
	w.functions[name](context.Background(), w.module, stack)
	if len(f.Results) == 0 {
		return wasi.ESUCCESS
	}
	return wasi.Errno(api.DecodeU32(stack[0]))
}

// bytes returns a view of the memory.
func (w *world) bytes(p, size uint32) []byte {
	w.t.Helper()
	b, ok := w.module.Memory().Read(p, size)
	require.True(w.t, ok)
	return b
}

func (w *world) all() []byte          { return w.bytes(0, abitest.MemorySize) }
func (w *world) put32(p, v uint32)    { binary.LittleEndian.PutUint32(w.bytes(p, 4), v) }
func (w *world) get16(p uint32) int   { return int(binary.LittleEndian.Uint16(w.bytes(p, 2))) }
func (w *world) get32(p uint32) int   { return int(binary.LittleEndian.Uint32(w.bytes(p, 4))) }
func (w *world) get64(p uint32) int64 { return int64(binary.LittleEndian.Uint64(w.bytes(p, 8))) }

// vectors writes iovs to p, of pointers and sizes in turn.
func (w *world) vectors(p uint32, numbers ...uint32) {
	for i, n := range numbers {
		w.put32(p+4*uint32(i), n)
	}
}
