package tests

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// The programs in README.md build: the handlers natively and as plugins, the embedding natively.
func TestReadmePrograms(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	programs := regexp.MustCompile("(?s)```go\n(package main\n.*?)```").FindAllSubmatch(text, -1)
	require.Len(t, programs, 3)
	for _, handler := range programs[:2] {
		build(t, handler[1], nil)
		build(t, handler[1], []string{"GOOS=wasip1", "GOARCH=wasm"}, "-buildmode=c-shared")
	}
	build(t, programs[2][1], nil)
}

// build compiles source as a main package of this module.
func build(t *testing.T, source []byte, env []string, flags ...string) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "main.go")
	require.NoError(t, os.WriteFile(file, source, 0o600))
	module, err := filepath.Abs("..")
	require.NoError(t, err)
	place := filepath.Join(module, "examples", "readme")
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(place, "main.go"): file}})
	require.NoError(t, err)
	overlayFile := filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(overlayFile, overlay, 0o600))

	args := append([]string{"build", "-overlay", overlayFile, "-o", filepath.Join(dir, "out")}, flags...)
	cmd := exec.Command("go", append(args, place)...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}
