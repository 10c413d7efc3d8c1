//go:build linux

package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/module/moduletest"
)

// buildProgram builds testdata/program, once.
var buildProgram = sync.OnceValues(func() (string, error) {
	path := filepath.Join(filepath.Dir(binary), "program.wasm")
	cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", path, "./testdata/program")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	cmd.Stderr = os.Stderr
	return path, cmd.Run()
})

func runArgs(t *testing.T, flags []string, args ...string) []string {
	t.Helper()
	path, err := buildProgram()
	require.NoError(t, err)
	all := append([]string{"run", "--cache-dir", cacheDir}, flags...)
	return append(append(all, path), args...)
}

// startProgram starts a program that says something on standard error.
func startProgram(t *testing.T, stdin io.Reader, flags []string, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), tooLong)
	p := &process{t: t, cmd: exec.CommandContext(ctx, binary, runArgs(t, flags, args...)...), ended: make(chan struct{}), more: make(chan struct{}, 1)}
	p.cmd.Stdin = stdin
	stderr, err := p.cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	go p.read(stderr)
	t.Cleanup(func() {
		cancel()
		<-p.ended
	})
	return p
}

func TestRun(t *testing.T) {
	t.Setenv("PASSED_ON", "yes")
	cmd := exec.Command(binary, runArgs(t, []string{"--env", "A=b=c", "--env", "PASSED_ON"}, "cat", "--flag", "x")...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(strings.Repeat("porthole", 1<<16)), &out, &errs
	assert.Error(t, cmd.Run())
	assert.Equal(t, 3, cmd.ProcessState.ExitCode())
	assert.True(t, strings.Repeat("porthole", 1<<16) == out.String())
	assert.Equal(t, "[--flag x] [A=b=c PASSED_ON=yes]\n", errs.String())
}

func TestRunDenied(t *testing.T) {
	stdout, stderr, code := porthole(t, runArgs(t, nil, "listen", "127.0.0.1:0")...)
	assert.Equal(t, 1, code)
	assert.Empty(t, stdout)
	assert.Equal(t, `porthole: listening on "127.0.0.1:0" needs the grant "listen": porthole run --allow-listen 127.0.0.1:0`+"\n"+
		"listen tcp 127.0.0.1:0: bind: Permission denied\n", stderr)
}

// A signal ends a program that waits for a connection, or for its input, or that computes.
func TestRunSignal(t *testing.T) {
	input, never, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { _ = input.Close(); _ = never.Close() })
	for _, c := range []struct {
		signal syscall.Signal
		code   int
		args   []string
		says   string
	}{
		{syscall.SIGTERM, 143, []string{"listen", "127.0.0.1:0"}, "listening on 127.0.0.1:"},
		{syscall.SIGINT, 130, []string{"listen", "127.0.0.1:0"}, "listening on 127.0.0.1:"},
		{syscall.SIGTERM, 143, []string{"compute"}, "computing"},
	} {
		p := startProgram(t, input, []string{"--allow-listen", "127.0.0.1:*"}, c.args...)
		p.line(c.says)
		p.signal(c.signal)
		assert.Equal(t, c.code, p.exitCode())
	}
	p := startProgram(t, input, nil, "cat")
	_, err = io.WriteString(never, "x")
	require.NoError(t, err)
	for { // it has taken the input, and waits for more
		var n int
		n, err = unreadBytes(input)
		require.NoError(t, err)
		if n == 0 {
			break
		}
	}
	p.signal(syscall.SIGTERM)
	assert.Equal(t, 143, p.exitCode())
}

func TestRunDirectories(t *testing.T) {
	dir := t.TempDir()
	_, stderr, code := porthole(t, runArgs(t, nil, "touch", "/data/a")...)
	assert.Equal(t, 1, code, "there is none")
	assert.Contains(t, stderr, "/data/a")
	_, _, code = porthole(t, runArgs(t, []string{"--dir", dir + ":/data:ro"}, "touch", "/data/a")...)
	assert.Equal(t, 1, code)
	assert.NoFileExists(t, filepath.Join(dir, "a"))
	_, stderr, code = porthole(t, runArgs(t, []string{"--dir", dir + ":/data"}, "touch", "/data/a")...)
	assert.Zero(t, code, stderr)
	assert.FileExists(t, filepath.Join(dir, "a"))
	_, stderr, code = porthole(t, runArgs(t, []string{"--dir", dir}, "touch", dir+"/b")...)
	assert.Zero(t, code, stderr)
	assert.FileExists(t, filepath.Join(dir, "b"))
}

func TestRunFaults(t *testing.T) {
	_, stderr, code := porthole(t, runArgs(t, nil, "panic")...)
	assert.Equal(t, 2, code, "that of a Go program")
	assert.Contains(t, stderr, "panic: on purpose")

	_, stderr, code = porthole(t, runArgs(t, []string{"--max-memory-pages", "10"}, "cat")...)
	assert.Equal(t, 1, code)
	assert.Regexp(t, `\Aporthole: .*program\.wasm: [^\n]*memory[^\n]*\n\z`, stderr)

	for want, path := range map[string]string{
		`open .*missing\.wasm: .*`:                                        filepath.Join(t.TempDir(), "missing.wasm"),
		`.*script: not a WebAssembly module: it begins with "#!/b"`:       file(t, "script", []byte("#!/bin/sh\n")),
		`.*handler\.wasm: not a program: export _start: missing; .*serve`: handlerFile(t, moduletest.Answering()),
	} {
		stdout, stderr, code := porthole(t, "run", path)
		assert.Equal(t, 1, code)
		assert.Empty(t, stdout)
		assert.Regexp(t, `\Aporthole: `+want+`[^\n]*\n\z`, stderr)
	}
}
