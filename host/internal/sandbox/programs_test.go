package sandbox_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	. "github.com/portholehttp/porthole/host/internal/sandbox"
)

// goBomb is testdata/bomb, built.
var goBomb = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "porthole")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "bomb.wasm")
	cmd := exec.Command("go", "build", "-trimpath", "-buildmode=c-shared", "-o", file, "./testdata/bomb")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})

// program returns an instance of a guest in C or Go with all that a handler may have.
func program(t *testing.T, language string, c InstanceConfig) *Instance {
	t.Helper()
	wasm := guest(t, "bomb")
	if language == "Go" {
		var err error
		wasm, err = goBomb()
		require.NoError(t, err)
	}
	m, err := storing(t, storeDir, 512).Compile(context.Background(), language, wasm, CompileConfig{Meter: true, CallDepth: 10_000, MemoryPages: 512, TableElements: 100_000})
	require.NoError(t, err)
	i, err := m.Instantiate(c)
	require.NoError(t, err)
	t.Cleanup(i.Close)
	return i
}

func TestWhatProgramsSee(t *testing.T) {
	t.Setenv("PATH_OF_THE_HOST", "not for guests")
	for language, want := range map[string][]string{
		"C": {
			"TOKEN=secret PATH=none",
			"terminal 1",
			"open -1: Capabilities insufficient",
			"fopen 0",
			"seek -1: Invalid seek",
			"input -1",
			"sleep 0",
			"clock 0",
			"random 0",
			"done",
			"no end",
		},
		"Go": {
			"[Go --flag] [TOKEN=secret]",
			"open /etc/passwd: Bad file number",
			"open /: Bad file number",
			"0 EOF",
			"Dcrw------- <nil>",
			"true true",
			"100 <nil>",
			"done",
		},
	} {
		t.Run(language, func(t *testing.T) {
			var lines []string
			out := &Lines{Line: func(l string) { lines = append(lines, l) }}
			i := program(t, language, InstanceConfig{Args: []string{"--flag"}, Env: []string{"TOKEN=secret"}, Stdout: out, Stderr: out})
			_, err := function(t, i, "tour", 0, 0).Call()
			require.NoError(t, err)
			out.Flush()
			assert.Equal(t, want, lines)
		})
	}
}
