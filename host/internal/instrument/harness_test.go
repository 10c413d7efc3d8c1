package instrument_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/portholehttp/porthole/host/internal/instrument"
)

// file returns a module of testdata. Those of .wat files are made by
//
//	cd testdata && for f in *.wat; do wat2wasm --debug-names $f; done
//
// and the C programs say how they are compiled.
func file(t testing.TB, name string) []byte {
	t.Helper()
	wasm, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return wasm
}

// rewrite returns wasm rewritten.
func rewrite(t testing.TB, wasm []byte, c instrument.Config) *instrument.Module {
	t.Helper()
	m, err := instrument.Rewrite(wasm, c)
	require.NoError(t, err)
	return m
}

// goGuest returns testdata/goguest, built once.
func goGuest(t testing.TB) []byte {
	t.Helper()
	wasm, err := builtGoGuest()
	require.NoError(t, err)
	return wasm
}

var builtGoGuest = sync.OnceValues(func() ([]byte, error) { return build("./testdata/goguest") })

// build returns a Go program as a guest.
func build(program string) ([]byte, error) {
	directory, err := os.MkdirTemp("", "porthole-instrument-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(directory) }()
	out := filepath.Join(directory, "guest.wasm")
	command := exec.Command("go", "build", "-buildmode=c-shared", "-o", out, program)
	command.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	command.Stderr = os.Stderr
	if err := command.Run(); err != nil {
		return nil, err
	}
	return os.ReadFile(out)
}

// guest is an instance of a module that may be rewritten.
type guest struct {
	api.Module
	fuel  api.MutableGlobal // nil if not metered
	slice int64             // what tick sets fuel to
	ticks int
	limit int   // of ticks, beyond which the call ends with stopped; 0: none
	spent int64 // fuel, by the last call
}

// stopped is what a call ends with that has ticked too often.
type stopped struct{}

func (stopped) Error() string { return "stopped by the test" }

// env are the functions of module env that guests of testdata may import.
var env = map[string]func(uint32) uint32{
	"first":  func(v uint32) uint32 { return v + 1 },
	"second": func(v uint32) uint32 { return v * 10 },
}

// instantiate runs wasm in an engine of its own.
func instantiate(t testing.TB, wasm []byte) *guest {
	t.Helper()
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig())
	t.Cleanup(func() { require.NoError(t, r.Close(ctx)) })
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	g := &guest{slice: 100_000}
	_, err := r.NewHostModuleBuilder(instrument.TickModule).NewFunctionBuilder().
		WithGoModuleFunction(api.GoModuleFunc(func(_ context.Context, m api.Module, _ []uint64) { g.tick(m) }), nil, nil).
		Export(instrument.TickName).Instantiate(ctx)
	require.NoError(t, err)
	b := r.NewHostModuleBuilder("env")
	for name, f := range env {
		b.NewFunctionBuilder().WithFunc(f).Export(name)
	}
	_, err = b.Instantiate(ctx)
	require.NoError(t, err)
	g.Module, err = r.InstantiateWithConfig(ctx, wasm, wazero.NewModuleConfig().WithStartFunctions("_initialize"))
	require.NoError(t, err)
	g.fuel, _ = g.ExportedGlobal(instrument.FuelExport).(api.MutableGlobal)
	return g
}

func (g *guest) tick(m api.Module) {
	fuel := m.ExportedGlobal(instrument.FuelExport).(api.MutableGlobal)
	g.ticks++
	g.spent += g.slice - int64(fuel.Get())
	if g.limit != 0 && g.ticks > g.limit {
		panic(stopped{})
	}
	fuel.Set(uint64(g.slice))
}

// global returns the value of an exported global.
func (g *guest) global(name string) uint64 { return g.ExportedGlobal(name).Get() }

// call calls an export from full fuel.
func (g *guest) call(name string, parameters ...uint64) ([]uint64, error) {
	g.ticks, g.spent = 0, 0
	if g.fuel != nil {
		g.fuel.Set(uint64(g.slice))
		defer func() { g.spent += g.slice - int64(g.fuel.Get()) }()
	}
	if depth, ok := g.ExportedGlobal(instrument.DepthExport).(api.MutableGlobal); ok {
		depth.Set(0)
	}
	return g.ExportedFunction(name).Call(context.Background(), parameters...)
}
