// Package wasi tests RunProgram, and with it the socket extension, with programs that were not written for Porthole.
package wasi

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/portholehttp/porthole/host"
)

// patience bounds each wait. A test never waits that long unless it fails.
const patience = 2 * time.Minute

// scratch holds what is built, and the compiled modules.
var scratch string

func TestMain(m *testing.M) {
	code, err := run(m)
	if err = errors.Join(err, goleak.Find()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	if scratch, err = os.MkdirTemp("", "ph"); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	return m.Run(), nil
}

// built is a module, which is built once.
type built struct {
	dir   string   // where the go command is called
	args  []string // its arguments, without -o
	once  sync.Once
	bytes []byte
}

// wasm returns the module.
func (b *built) wasm(t *testing.T) []byte {
	t.Helper()
	b.once.Do(func() {
		f, err := os.CreateTemp(scratch, "*.wasm")
		require.NoError(t, err)
		require.NoError(t, f.Close())
		cmd := exec.Command("go", append(append([]string{}, b.args[0], "-o", f.Name()), b.args[1:]...)...)
		cmd.Dir = b.dir
		cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		b.bytes, err = os.ReadFile(f.Name())
		require.NoError(t, err)
	})
	require.NotEmpty(t, b.bytes, "it did not build")
	return b.bytes
}

// The program, with the two ways in which its library resolves names.
var (
	program       = &built{args: []string{"build", "-ldflags=-s -w", "./program"}}
	bySystemCalls = &built{args: []string{"build", "-ldflags=-s -w", "-tags=getaddrinfo", "./program"}}
)

// process is a program that runs.
type process struct {
	t      *testing.T
	stdout *bufio.Reader
	cancel context.CancelCauseFunc
	ended  chan struct{}

	// When it has ended:
	code int
	err  error

	mu     sync.Mutex
	stderr bytes.Buffer
	denied []string
}

// start runs a program. It is ended with the test.
func start(t *testing.T, b *built, c host.ProgramConfig, args ...string) *process {
	t.Helper()
	wasm := b.wasm(t)
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(t.Context()))
	out, in := io.Pipe()
	p := &process{t: t, stdout: bufio.NewReader(out), cancel: cancel, ended: make(chan struct{})}
	c.Args, c.Stdout, c.Stderr, c.CacheDir = args, in, p, filepath.Join(scratch, "cache")
	c.OnDenied = func(err error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.denied = append(p.denied, err.Error())
	}
	go func() {
		defer close(p.ended)
		p.code, p.err = host.RunProgram(ctx, wasm, c)
		_ = in.Close()
	}()
	t.Cleanup(func() {
		cancel(context.Canceled)
		go func() { _, _ = io.Copy(io.Discard, out) }() // what it still writes
		p.wait()
		_ = out.Close()
		if t.Failed() {
			t.Log(p.errors())
		}
	})
	return p
}

// Write is for the program's standard error.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stderr.Write(b)
}

// errors returns what it has written to standard error.
func (p *process) errors() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stderr.String()
}

// line returns the next line of standard output.
func (p *process) line() string {
	p.t.Helper()
	line, err := p.stdout.ReadString('\n')
	require.NoError(p.t, err, "%s", p.errors())
	return line[:len(line)-1]
}

// wait waits for its end.
func (p *process) wait() {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		assert.Fail(p.t, "the program does not end")
	}
}

// output runs it to its end and returns what it has written to standard output.
func (p *process) output() string {
	p.t.Helper()
	out, err := io.ReadAll(p.stdout)
	require.NoError(p.t, err)
	p.wait()
	return string(out)
}

// refusals returns what was denied to it.
func (p *process) refusals() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.denied
}
