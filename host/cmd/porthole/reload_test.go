//go:build unix

package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/module/moduletest"
)

// put replaces a file as deployments do, by renaming.
func put(t *testing.T, path string, data []byte) {
	t.Helper()
	next := path + ".next"
	require.NoError(t, os.WriteFile(next, data, 0o600))
	require.NoError(t, os.Rename(next, path))
}

func (p *process) says(want string) {
	p.t.Helper()
	status, body := p.get(0)
	assert.Equal(p.t, 200, status)
	assert.Equal(p.t, want, body)
}

// A handler is replaced when its file is, and not by one that is refused or does not start.
func TestWatch(t *testing.T) {
	path := file(t, "app.wasm", moduletest.AnsweringWith("one.").Encode())
	p := serveArgs(t, "--listen", "127.0.0.1:0", "--watch", path)
	p.says("one.")

	put(t, path, moduletest.AnsweringWith("two.").Encode())
	assert.Contains(t, p.line("reloaded"), "level=INFO msg=reloaded handler=app file="+path)
	p.says("two.")

	put(t, path, []byte("not a module"))
	assert.Contains(t, p.line("not reloaded"), `msg="not reloaded, what was served before stays" handler=app file=`+path+` reason="`+path+": not a WebAssembly module")
	p.says("two.")

	failing := moduletest.Handler()
	failing.Function("on_start").Body = []byte{0x00} // traps
	put(t, path, failing.Encode())
	assert.Contains(t, p.line("not reloaded"), "ended in on_start: wasm error: unreachable")
	p.says("two.")

	require.NoError(t, os.Remove(path))
	require.NoError(t, os.WriteFile(path, moduletest.AnsweringWith("3...").Encode(), 0o600))
	p.line("level=INFO msg=reloaded")
	p.says("3...")

	p.signal(syscall.SIGTERM)
	assert.Zero(t, p.exitCode())
}

// SIGHUP loads all handlers again, whether they have changed or not.
func TestHangup(t *testing.T) {
	path := file(t, "app.wasm", moduletest.AnsweringWith("one.").Encode())
	p := serveArgs(t, "--listen", "127.0.0.1:0", path)
	put(t, path, moduletest.AnsweringWith("two.").Encode())
	p.says("one.")
	for range 2 {
		p.signal(syscall.SIGHUP)
		p.line("msg=reloaded")
		p.says("two.")
	}
}

func TestRoutes(t *testing.T) {
	dir := t.TempDir()
	handler := func(text string) string {
		path := filepath.Join(dir, text+".wasm")
		require.NoError(t, os.WriteFile(path, moduletest.AnsweringWith(text).Encode(), 0o600))
		return path
	}
	p := serveArgs(t, "--listen", "127.0.0.1:0", "--watch", "--route", "/api/="+handler("api."), "--route", "*.example.com/="+handler("exam"), handler("root"))
	for _, c := range []struct{ host, path, want string }{
		{"test", "/", "root"}, {"test", "/api/x", "api."}, {"www.example.com", "/api/x", "exam"},
	} {
		_, body := p.getFrom(0, c.host, c.path)
		assert.Equal(t, c.want, body)
	}
	put(t, filepath.Join(dir, "api..wasm"), moduletest.AnsweringWith("new.").Encode())
	p.line("reloaded handler=api.")
	_, body := p.getFrom(0, "test", "/api/x")
	assert.Equal(t, "new.", body)
	p.says("root")

	p = serveArgs(t, "--listen", "127.0.0.1:0", "--route", "/api/="+handler("api."))
	status, _ := p.get(0)
	assert.Equal(t, 404, status)
}

// A handler that never returns does not keep the process from ending.
func TestEndlessHandlerIsEnded(t *testing.T) {
	p := serveWith(t, moduletest.Endless(), "--listen", "127.0.0.1:0", "--event-timeout", "200ms")
	status, _ := p.get(0)
	assert.Equal(t, 500, status)
	assert.Contains(t, p.line("level=ERROR"), "longer than it may")
	p.signal(syscall.SIGTERM)
	assert.Zero(t, p.exitCode())

	p = serveWith(t, moduletest.Endless(), "--listen", "127.0.0.1:0", "--event-timeout", "0", "--max-exchange-fuel", "0", "--drain-timeout", "50ms")
	c, _ := p.begin()
	_, err := c.Write([]byte("12345"))
	require.NoError(t, err)
	p.signal(syscall.SIGTERM)
	assert.Equal(t, 1, p.exitCode())
}
