//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package host_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host"
)

// The programs of the tests are committed as source and binary, so that no test needs an assembler:
//
//	cd testdata/programs && for f in *.wat; do wat2wasm $f; done
func programFile(t *testing.T, name string) []byte {
	t.Helper()
	wasm, err := os.ReadFile(filepath.Join("testdata", "programs", name))
	require.NoError(t, err)
	return wasm
}

func TestProgramEnds(t *testing.T) {
	for name, want := range map[string]int{"exit.wasm": 7, "return.wasm": 0} {
		code, err := host.RunProgram(t.Context(), programFile(t, name), host.ProgramConfig{NoCache: true})
		assert.NoError(t, err, name)
		assert.Equal(t, want, code, name)
	}
}

func TestProgramFaults(t *testing.T) {
	_, err := host.RunProgram(t.Context(), programFile(t, "trap.wasm"), host.ProgramConfig{Name: "it", NoCache: true})
	var fault *host.FaultError
	require.ErrorAs(t, err, &fault)
	assert.Equal(t, "it", fault.Guest)
	assert.ErrorContains(t, err, "unreachable")

	for name, want := range map[string]string{
		"alien.wasm": "import env.abort: there is no such module, only wasi_snapshot_preview1",
		"large.wasm": "memory",
	} {
		_, err := host.RunProgram(t.Context(), programFile(t, name), host.ProgramConfig{NoCache: true, MaxMemoryPages: 16})
		var load *host.LoadError
		require.ErrorAs(t, err, &load, name)
		assert.ErrorContains(t, err, want)
	}
	_, err = host.RunProgram(t.Context(), []byte("#!/bin/sh"), host.ProgramConfig{NoCache: true})
	assert.ErrorContains(t, err, "not a WebAssembly module")
}

// A program that computes for ever ends with its context.
func TestProgramIsInterrupted(t *testing.T) {
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	out, in := io.Pipe()
	go func() {
		_, _ = out.Read(make([]byte, 8)) // it begins
		cancel(cause)
	}()
	_, err := host.RunProgram(ctx, programFile(t, "endless.wasm"), host.ProgramConfig{Stdout: in, NoCache: true})
	assert.ErrorIs(t, err, cause)
	_, err = host.RunProgram(ctx, programFile(t, "exit.wasm"), host.ProgramConfig{NoCache: true})
	assert.ErrorIs(t, err, cause, "it was over before")
}

func TestProgramConfigFaults(t *testing.T) {
	c := host.ProgramConfig{
		Args: []string{"a\x00b"}, Env: []string{"=x", "y"}, Dirs: []host.ProgramDir{{Host: "/tmp", Guest: "tmp"}},
		Grants: host.Grants{Connect: []string{"x"}}, MaxMemoryPages: -1, MaxSockets: 1 << 21, CacheDir: "x", NoCache: true,
	}
	err := c.Validate()
	for _, want := range []string{`zero byte`, `"=x"`, `"y"`, `"/tmp" as "tmp"`, `the grant "x"`, "MaxMemoryPages is -1", "MaxSockets is 2097152", "CacheDir is set"} {
		assert.ErrorContains(t, err, want)
	}
	_, ran := host.RunProgram(t.Context(), nil, c)
	assert.EqualError(t, ran, err.Error())
}
