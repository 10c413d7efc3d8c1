package host_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host"
	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/module/moduletest"
	"github.com/portholehttp/porthole/wasm"
)

func inspect(t *testing.T, s moduletest.Spec) *host.Report {
	t.Helper()
	r, err := host.Inspect(context.Background(), s.Encode())
	require.NoError(t, err)
	return r
}

func TestInspectHandler(t *testing.T) {
	s := moduletest.Handler()
	s.Memories[0] = module.Limits{Min: 2, Max: 1, HasMax: false}
	s.Custom = []moduletest.Custom{
		{Name: "name", Data: append([]byte{0, 5}, moduletest.Name("tiny")...)},
		{Name: "producers", Data: moduletest.Vector(append(moduletest.Name("sdk"), moduletest.Vector(append(moduletest.Name("Two Words"), moduletest.Name("1.0")...))...))},
	}
	r := inspect(t, s)
	assert.Equal(t, host.KindHandler, r.Kind)
	assert.True(t, r.Loadable())
	assert.Empty(t, r.Faults)
	assert.Equal(t, []host.Producer{{Field: "sdk", Name: "Two Words", Version: "1.0"}}, r.Producers)
	assert.Equal(t, []host.Memory{{MinPages: 2}}, r.Memories)
	assert.Contains(t, r.Imports, host.Symbol{Module: "porthole_http_1", Name: "request_pause", Kind: "function", Type: "(i64) -> i32"})
	assert.Contains(t, r.Exports, host.Symbol{Name: "memory", Kind: "memory"})

	golden(t, "handler.txt", r.String())
}

// golden compares with a file in testdata/inspect; UPDATE_GOLDEN=1 writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "inspect", name)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

func TestInspectRefused(t *testing.T) {
	s := moduletest.Handler()
	s.Without("on_inbox")
	s.Without("_initialize")
	s.Function("on_start").Export = "_start"
	s.Imports = append(s.Imports, module.Import{Module: "env", Name: "abort"}, module.Import{Module: "env", Name: "\x1b[31m", Kind: module.Global})
	s.Memories[0] = module.Limits{Min: host.DefaultMaxMemoryPages + 1, Max: 65536, HasMax: true}
	r := inspect(t, s)
	assert.Equal(t, host.KindHandler, r.Kind)
	assert.False(t, r.Loadable())
	assert.Len(t, r.Faults, 6)
	golden(t, "refused.txt", r.String())
}

func TestInspectKinds(t *testing.T) {
	r, err := host.Inspect(context.Background(), wasm.Stack)
	require.NoError(t, err)
	assert.Equal(t, host.KindStack, r.Kind)
	assert.Empty(t, r.Faults)
	assert.False(t, r.Loadable(), "the stack is no handler")
	assert.Contains(t, r.String(), "loads     no: it is a stack in order")
	assert.Contains(t, r.String(), "made by   Go go1.")

	broken := moduletest.Stack()
	broken.Without("on_turn")
	r = inspect(t, broken)
	assert.Equal(t, host.KindStack, r.Kind)
	assert.Equal(t, []string{"export on_turn: missing"}, r.Faults)

	command := moduletest.Spec{Functions: []moduletest.Function{{Export: "_start"}}}
	r = inspect(t, command)
	assert.Equal(t, host.KindCommand, r.Kind)
	assert.Contains(t, r.Faults[0], "built as a command")

	r = inspect(t, moduletest.Spec{})
	assert.Equal(t, host.KindOther, r.Kind)
	assert.False(t, r.Loadable())
	assert.Contains(t, r.String(), "imports   none\n")
}

// What fits by its imports and exports may still have code that is not valid.
func TestInspectInvalidCode(t *testing.T) {
	const i32Add = 0x6a
	s := moduletest.Handler()
	s.Function("on_start").Body = []byte{i32Add} // nothing on the stack to add
	r := inspect(t, s)
	require.Len(t, r.Faults, 1)
	assert.True(t, strings.HasPrefix(r.Faults[0], "code: "), r.Faults[0])
	assert.NotContains(t, r.Faults[0], "\n")
	assert.False(t, r.Loadable())
}

func TestInspectErrors(t *testing.T) {
	_, err := host.Inspect(context.Background(), []byte("#!/bin/sh"))
	assert.ErrorContains(t, err, "not a WebAssembly module")
	_, err = host.Inspect(context.Background(), []byte("\x00asm\x0d\x00\x01\x00"))
	assert.ErrorContains(t, err, "component")

	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(gone)
	_, err = host.Inspect(ctx, moduletest.Handler().Encode())
	assert.ErrorIs(t, err, gone)
}

func TestMemoryString(t *testing.T) {
	for want, m := range map[string]host.Memory{
		"1 page (64 KiB), no maximum":                           {MinPages: 1},
		"0 pages (0 B), at most 24 pages (1.5 MiB)":             {MaxPages: 24},
		"65536 pages (4 GiB), no maximum, imported":             {MinPages: 65536, Imported: true},
		"281474976710656 pages, no maximum":                     {MinPages: 1 << 48},
		"2 pages (128 KiB), at most 4294967296 pages (256 TiB)": {MinPages: 2, MaxPages: 1 << 32},
	} {
		assert.Equal(t, want, m.String())
	}
}

// Code that would cost the compiler out of proportion is refused before it gets it, by Load too.
func TestInspectBomb(t *testing.T) {
	const block, none, end = 0x02, 0x40, 0x0b
	s := moduletest.Handler()
	var body []byte
	for range 100_000 {
		body = append(body, block, none)
	}
	for range 100_000 {
		body = append(body, end)
	}
	s.Function("on_start").Body = body
	r := inspect(t, s)
	require.Len(t, r.Faults, 1)
	assert.Contains(t, r.Faults[0], "code: module refused: function ")
	assert.False(t, r.Loadable())
	assert.NotContains(t, r.String(), "resets")

	runtime, _ := newRuntime(t, host.Config{})
	_, err := runtime.Load(context.Background(), "bomb", s.Encode(), host.HandlerConfig{})
	var load *host.LoadError
	require.ErrorAs(t, err, &load)
	assert.ErrorContains(t, err, "module refused")
}
