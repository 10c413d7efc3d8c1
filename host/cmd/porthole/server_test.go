package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/module/moduletest"
)

// process is a running `porthole serve`.
type process struct {
	t         *testing.T
	cmd       *exec.Cmd
	addresses []string // as it printed them
	ended     chan struct{}

	mu    sync.Mutex
	lines []string // of standard error
	more  chan struct{}
}

// serveWith starts `porthole serve` with a handler and waits until it listens on as many addresses as args ask for.
func serveWith(t *testing.T, s moduletest.Spec, args ...string) *process {
	t.Helper()
	return serveArgs(t, append(args, handlerFile(t, s))...)
}

// serveArgs is serveWith without a handler of its own.
func serveArgs(t *testing.T, args ...string) *process {
	t.Helper()
	p := startServe(t, args...)
	listeners := max(1, strings.Count(strings.Join(args, " "), "--listen")+strings.Count(strings.Join(args, " "), "--tls-listen"))
	for range listeners {
		p.addresses = append(p.addresses, strings.TrimPrefix(p.line("listening on "), "listening on "))
	}
	return p
}

// startServe starts `porthole serve`.
func startServe(t *testing.T, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), tooLong)
	args = append([]string{"serve", "--shards", "1", "--cache-dir", cacheDir}, args...)
	p := &process{t: t, cmd: exec.CommandContext(ctx, binary, args...), ended: make(chan struct{}), more: make(chan struct{}, 1)}
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

// read collects what p prints, and waits for its end.
func (p *process) read(stderr io.Reader) {
	defer close(p.ended)
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		p.mu.Lock()
		p.lines = append(p.lines, lines.Text())
		p.mu.Unlock()
		select {
		case p.more <- struct{}{}:
		default:
		}
	}
	_ = p.cmd.Wait() // see exitCode
}

// line waits for a line with text in it, and takes it and all before it away.
func (p *process) line(text string) string {
	p.t.Helper()
	ended := false
	for {
		p.mu.Lock()
		for i, l := range p.lines {
			if strings.Contains(l, text) {
				p.lines = p.lines[i+1:]
				p.mu.Unlock()
				return l
			}
		}
		rest := strings.Join(p.lines, "\n")
		p.mu.Unlock()
		require.False(p.t, ended, "no line with %q in:\n%s", text, rest)
		select {
		case <-p.more:
		case <-p.ended:
			ended = true
		}
	}
}

// exitCode waits for the end, and no longer than tooLong.
func (p *process) exitCode() int {
	<-p.ended
	return p.cmd.ProcessState.ExitCode()
}

// dial connects to the i-th address.
func (p *process) dial(i int) net.Conn {
	p.t.Helper()
	network, address := "tcp", strings.TrimPrefix(p.addresses[i], "http://")
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		network, address = "unix", path
	}
	c, err := net.Dial(network, address)
	require.NoError(p.t, err)
	require.NoError(p.t, c.SetDeadline(time.Now().Add(tooLong)))
	p.t.Cleanup(func() { _ = c.Close() })
	return c
}

// get makes a request on a connection of its own and returns the status and body.
func (p *process) get(i int) (int, string) {
	p.t.Helper()
	return p.getFrom(i, "test", "/")
}

// getFrom is get for a host and a path.
func (p *process) getFrom(i int, host, path string) (int, string) {
	p.t.Helper()
	c := p.dial(i)
	_, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", path, host)
	require.NoError(p.t, err)
	return response(p.t, bufio.NewReader(c))
}

func response(t *testing.T, r *bufio.Reader) (int, string) {
	t.Helper()
	res, err := nethttp.ReadResponse(r, nil)
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(body)
}

func TestServePortZero(t *testing.T) {
	p := serveWith(t, moduletest.Answering(), "--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0")
	for i, address := range p.addresses {
		assert.Regexp(t, `\Ahttp://127\.0\.0\.1:[1-9]\d*\z`, address)
		status, body := p.get(i)
		assert.Equal(t, 200, status)
		assert.Equal(t, "hi\r\n", body)
	}
	assert.NotEqual(t, p.addresses[0], p.addresses[1])
}

// The limits of the command line reach the connections.
func TestServeLimits(t *testing.T) {
	p := serveWith(t, moduletest.Answering(), "--listen", "127.0.0.1:0", "--max-header-bytes", "200", "--keep-alive-timeout", "7s", "--max-headers-count", "0")
	c := p.dial(0)
	_, err := fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: test\r\n\r\n")
	require.NoError(t, err)
	res, err := nethttp.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(t, err)
	assert.Equal(t, "timeout=7", res.Header.Get("Keep-Alive"))
	require.NoError(t, res.Body.Close())

	c = p.dial(0)
	_, err = fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: test\r\nX: %s\r\n\r\n", strings.Repeat("x", 200))
	require.NoError(t, err)
	status, _ := response(t, bufio.NewReader(c))
	assert.Equal(t, 431, status)
}

func TestServeTrappingHandler(t *testing.T) {
	p := serveWith(t, moduletest.Trapping(), "--listen", "127.0.0.1:0")
	for range 2 {
		status, _ := p.get(0)
		assert.Equal(t, 500, status)
		log := p.line("level=ERROR")
		assert.Contains(t, log, "handler=handler ")
		assert.Contains(t, log, "on_event")
		assert.Contains(t, log, "unreachable")
	}
}

func TestServeRefuses(t *testing.T) {
	lacking := moduletest.Handler()
	lacking.Without("on_event")
	unknown := moduletest.Handler()
	unknown.Imports = append(unknown.Imports, module.Import{Module: "env", Name: "abort"})
	command := moduletest.Handler()
	command.Function("_initialize").Export = "_start"
	invalid := moduletest.Handler()
	invalid.Function("on_start").Body = []byte{0x6a} // adds what is not there
	failing := moduletest.Handler()
	failing.Function("on_start").Body = []byte{0x00} // traps

	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, taken.Close()) }()
	port := taken.Addr().String()

	for _, c := range []struct {
		title, want string
		args        []string
	}{
		{"missing file", `open .*missing\.wasm: .*`, []string{filepath.Join(t.TempDir(), "missing.wasm")}},
		{"directory", `read .*`, []string{t.TempDir()}},
		{"not wasm", `.*script: not a WebAssembly module: it begins with "#!/b"`, []string{file(t, "script", []byte("#!/bin/sh\n"))}},
		{"component", `.*c\.wasm: a WebAssembly component, not a core module: .*`, []string{file(t, "c.wasm", []byte("\x00asm\x0d\x00\x01\x00"))}},
		{"lacking export", `.*handler\.wasm: not a handler: export on_event: missing`, []string{handlerFile(t, lacking)}},
		{"unknown import", `.*handler\.wasm: not a handler: import env\.abort: there is no such module, only .*`, []string{handlerFile(t, unknown)}},
		{"command", `.*handler\.wasm: not a handler: export _start: the module was built as a command; .*-buildmode=c-shared\)`, []string{handlerFile(t, command)}},
		{"invalid code", `.*handler\.wasm: .*invalid.*`, []string{handlerFile(t, invalid)}},
		{"trap at start", `.*handler\.wasm: ended in on_start: wasm error: unreachable; wasm stack trace: \S+`, []string{handlerFile(t, failing)}},
		{"port in use", `listen .*` + port + `.*`, []string{"--listen", "127.0.0.1:0", "--listen", port, handlerFile(t, moduletest.Handler())}},
		{"no such port", `listen .*99999.*`, []string{"--listen", "127.0.0.1:99999", handlerFile(t, moduletest.Handler())}},
		{"cache that is a file", `.*`, []string{"--cache-dir", file(t, "file", nil), handlerFile(t, moduletest.Handler())}},
	} {
		t.Run(c.title, func(t *testing.T) {
			args := []string{"serve"}
			if c.args[0] != "--cache-dir" {
				args = append(args, "--cache-dir", cacheDir)
			}
			stdout, stderr, code := porthole(t, append(args, c.args...)...)
			assert.Equal(t, 1, code)
			assert.Empty(t, stdout)
			assert.Regexp(t, `\Aporthole: `+c.want+`\n\z`, stderr)
		})
	}
}
