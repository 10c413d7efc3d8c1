package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// module writes a small module with a wasm/stack in it and returns its target.
func module(t *testing.T) target {
	t.Helper()
	tg := target{root: t.TempDir()}
	edit(t, tg, "go.mod", "module example.com/m\n\ngo 1.26.0\n")
	edit(t, tg, "abi/abi.go", "package abi\n\nimport _ \"embed\"\n\n//go:embed greeting.txt\nvar Greeting string\n")
	edit(t, tg, "abi/abi_test.go", "package abi\n")
	edit(t, tg, "abi/native.go", "//go:build !wasip1\n\npackage abi\n")
	edit(t, tg, "abi/greeting.txt", "hello")
	edit(t, tg, "wasm/stack/main.go", "package main\n\nimport \"example.com/m/abi\"\n\nfunc main() { println(abi.Greeting) }\n")
	return tg
}

func edit(t *testing.T, tg target, name, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(tg.path(name)), 0o755))
	require.NoError(t, os.WriteFile(tg.path(name), []byte(text), 0o644))
}

func TestWriteThenCheck(t *testing.T) {
	tg := module(t)
	var log bytes.Buffer
	require.NoError(t, tg.write(&log))
	assert.Contains(t, log.String(), artifactFile)

	wasm, err := os.ReadFile(tg.path(artifactFile))
	require.NoError(t, err)
	assert.True(t, bytes.HasPrefix(wasm, []byte("\x00asm\x01\x00\x00\x00")), "a core module")
	assert.True(t, bytes.Contains(wasm, []byte("_initialize")), "a reactor")
	assert.False(t, bytes.Contains(wasm, []byte(tg.root)), "the module knows where it was built")

	r, _, err := tg.load()
	require.NoError(t, err)
	keys := make(map[string]bool)
	for k := range r.inputs {
		keys[k] = true
	}
	assert.Equal(t, map[string]bool{
		"flags": true, "language": true,
		"source abi/abi.go": true, "source abi/greeting.txt": true, "source wasm/stack/main.go": true,
	}, keys)

	require.NoError(t, tg.check())
	require.NoError(t, tg.reproduce(io.Discard))

	t.Run("twice the same", func(t *testing.T) {
		record, err := os.ReadFile(tg.path(recordFile))
		require.NoError(t, err)
		require.NoError(t, tg.write(io.Discard))
		again, err := os.ReadFile(tg.path(recordFile))
		require.NoError(t, err)
		assert.Equal(t, string(record), string(again))
	})
	t.Run("what is not built does not count", func(t *testing.T) {
		edit(t, tg, "abi/abi_test.go", "package abi // changed\n")
		edit(t, tg, "abi/native.go", "//go:build !wasip1\n\npackage abi // changed\n")
		assert.NoError(t, tg.check())
	})
	t.Run("another compiler", func(t *testing.T) {
		r, _, err := tg.load()
		require.NoError(t, err)
		current := r.goVersion
		r.goVersion = "go1.26.999"
		edit(t, tg, recordFile, string(r.format()))
		assert.NoError(t, tg.check())
		var log bytes.Buffer
		assert.NoError(t, tg.reproduce(&log))
		assert.Contains(t, log.String(), "go1.26.999")
		r.goVersion = current
		edit(t, tg, recordFile, string(r.format()))
	})
	t.Run("a source and an embedded file changed", func(t *testing.T) {
		edit(t, tg, "wasm/stack/main.go", "package main\n\nimport _ \"example.com/m/abi\"\n\nfunc main() {}\n")
		edit(t, tg, "abi/greeting.txt", "good evening")
		edit(t, tg, "abi/more.go", "package abi\n")
		err := tg.check()
		require.Error(t, err)
		assert.Contains(t, err.Error(), "stale")
		assert.Contains(t, err.Error(), "make artifact")
		assert.Contains(t, err.Error(), "source wasm/stack/main.go: changed")
		assert.Contains(t, err.Error(), "source abi/greeting.txt: changed")
		assert.Contains(t, err.Error(), "source abi/more.go: new")
	})
	t.Run("a forged record", func(t *testing.T) {
		inputs, err := inputsOf(tg.root, sourcePackage)
		require.NoError(t, err)
		r, _, err := tg.load()
		require.NoError(t, err)
		r.inputs = inputs
		edit(t, tg, recordFile, string(r.format()))
		require.NoError(t, tg.check(), "the record agrees with the sources")
		assert.ErrorContains(t, tg.reproduce(io.Discard), "is not what its sources compile to")
	})
	t.Run("another artifact", func(t *testing.T) {
		edit(t, tg, artifactFile, "\x00asm\x01\x00\x00\x00")
		assert.ErrorContains(t, tg.check(), "is not the file")
		assert.ErrorContains(t, tg.reproduce(io.Discard), "is not the file")
	})
	t.Run("sources that do not compile", func(t *testing.T) {
		before, err := os.ReadFile(tg.path(recordFile))
		require.NoError(t, err)
		edit(t, tg, "wasm/stack/main.go", "package main\n\nfunc main() { undefined() }\n")
		assert.ErrorContains(t, tg.write(io.Discard), "main.go:3:15: undefined: undefined")
		after, err := os.ReadFile(tg.path(recordFile))
		require.NoError(t, err)
		assert.Equal(t, string(before), string(after))
	})
}

func TestCheckWithoutFiles(t *testing.T) {
	tg := target{root: t.TempDir()}
	assert.ErrorContains(t, tg.check(), recordFile+" does not exist")
	edit(t, tg, recordFile, "no tab\n")
	assert.ErrorContains(t, tg.check(), "line 1 has no tab")
	edit(t, tg, recordFile, recordHeader)
	assert.ErrorContains(t, tg.check(), "no line says")
	edit(t, tg, recordFile, "go\tgo1\nartifact\tab\n")
	assert.ErrorContains(t, tg.check(), artifactFile+" does not exist")
}

func TestRecordRoundTrip(t *testing.T) {
	r := record{goVersion: "go1.26.8", artifact: "ab", inputs: map[string]string{"flags": "-trimpath", "module example.com/x": "v1.2.3"}}
	for _, text := range []string{string(r.format()), strings.ReplaceAll(string(r.format()), "\n", "\r\n")} {
		got, err := parseRecord([]byte(text))
		require.NoError(t, err)
		assert.Equal(t, r, got)
	}
}

func TestDifference(t *testing.T) {
	was := map[string]string{"language": "1.26.0", "module x": "v1.0.0", "source a.go": "1", "source b.go": "2"}
	now := map[string]string{"language": "1.27.0", "module x": "v1.0.0", "source a.go": "9", "source c.go": "3"}
	assert.Equal(t, []string{
		"language: was 1.26.0, is 1.27.0", "source a.go: changed", "source b.go: gone", "source c.go: new",
	}, difference(was, now))
	assert.Empty(t, difference(was, was))
}

func TestUsage(t *testing.T) {
	var out bytes.Buffer
	assert.Equal(t, 2, run([]string{"-nonsense"}, &out))
	assert.Contains(t, out.String(), "nonsense")
	out.Reset()
	assert.Equal(t, 2, run([]string{"extra"}, &out))
	assert.Contains(t, out.String(), `"extra"`)
	out.Reset()
	assert.Equal(t, 0, run([]string{"-h"}, &out))
	assert.Contains(t, out.String(), "-reproduce")
}
