package examples

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host"
)

// serveStandalone runs an example as a WASI program, which opens its listener itself.
func serveStandalone(t *testing.T, name string, grants host.Grants, settings ...string) *site {
	t.Helper()
	wasm := build(t, name, settings, "-tags=standalone", "-overlay="+anyPort(t, name))
	grants.Listen = append(grants.Listen, "0.0.0.0:0")
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	listening, ended := make(chan net.Addr, 1), make(chan error, 1)
	var stderr bytes.Buffer
	go func() {
		code, err := host.RunProgram(ctx, wasm, host.ProgramConfig{
			Name: name, Grants: grants, CacheDir: cacheDir, Stderr: &stderr,
			OnListening: func(a net.Addr) { listening <- a },
		})
		if err == nil {
			err = fmt.Errorf("exit code %d", code)
		}
		ended <- err
	}()
	end := func() {
		cancel()
		select {
		case err := <-ended:
			assert.ErrorIs(t, err, context.Canceled, "%s", stderr.String())
		case <-time.After(patience):
			assert.Fail(t, "the program does not end")
		}
	}
	select {
	case addr := <-listening:
		t.Cleanup(end)
		return newSite(t, fmt.Sprintf("127.0.0.1:%d", addr.(*net.TCPAddr).Port))
	case err := <-ended:
		cancel()
		require.NoError(t, err, "%s", stderr.String())
	}
	return nil
}

// anyPort returns the file of an overlay in which the example listens on any free port, instead of 8080.
func anyPort(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	path, err := filepath.Abs(filepath.Join(name, "main.go"))
	require.NoError(t, err)
	source, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, 1, bytes.Count(source, []byte(".Listen(8080)")))
	changed := filepath.Join(dir, "main.go")
	require.NoError(t, os.WriteFile(changed, bytes.Replace(source, []byte(".Listen(8080)"), []byte(".Listen(0)"), 1), 0o600))
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{path: changed}})
	require.NoError(t, err)
	file := filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(file, overlay, 0o600))
	return file
}
