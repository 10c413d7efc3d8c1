package optimize_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"
)

// Tests of Go's own library pass when they are rewritten: template recovers from panics in all kinds of functions, sync has many goroutines.
func TestStandardLibrary(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles large programs")
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	require.NoError(t, err)
	for _, name := range []string{"text/template", "sync"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(strings.TrimSpace(string(root)), "src", name)
			file := filepath.Join(t.TempDir(), "test.wasm")
			command := exec.Command("go", "test", "-c", "-vet=off", "-o", file, ".")
			command.Dir = dir
			command.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=")
			command.Stderr = os.Stderr
			require.NoError(t, command.Run())
			wasm, err := os.ReadFile(file)
			require.NoError(t, err)

			r := wazero.NewRuntime(t.Context())
			defer func() { require.NoError(t, r.Close(t.Context())) }()
			wasi_snapshot_preview1.MustInstantiate(t.Context(), r)
			_, err = r.InstantiateWithConfig(t.Context(), rewriteFor(wasm, 1<<15), wazero.NewModuleConfig().
				WithStdout(os.Stdout).WithStderr(os.Stderr).WithArgs("test", "-test.short").WithEnv("PWD", "/").
				WithSysWalltime().WithSysNanotime().WithSysNanosleep().WithFSConfig(wazero.NewFSConfig().WithReadOnlyDirMount(dir, "/").WithDirMount(t.TempDir(), "/tmp")))
			var exit *sys.ExitError
			if err != nil { // it does not say that it was 0
				require.ErrorAs(t, err, &exit)
				require.Zero(t, exit.ExitCode())
			}
		})
	}
}
