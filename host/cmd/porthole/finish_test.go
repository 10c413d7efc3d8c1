//go:build unix

package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/module/moduletest"
)

// socketPath is short: a Unix socket's path must fit in about a hundred bytes.
func socketPath(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ph")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

// begin sends a request but for its body, of 5 bytes, and returns when the server has seen it.
func (p *process) begin() (net.Conn, *bufio.Reader) {
	p.t.Helper()
	c := p.dial(0)
	_, err := fmt.Fprint(c, "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
	require.NoError(p.t, err)
	r := bufio.NewReader(c)
	interim, err := r.ReadString('\n')
	require.NoError(p.t, err)
	require.Equal(p.t, "HTTP/1.1 100 Continue\r\n", interim)
	_, err = r.ReadString('\n')
	require.NoError(p.t, err)
	return c, r
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(s))
}

func TestServeUnixSocket(t *testing.T) {
	path := socketPath(t)
	p := serveWith(t, moduletest.Answering(), "--listen", "unix:"+path, "--listen", "127.0.0.1:0")
	assert.Equal(t, "unix:"+path, p.addresses[0])
	for i := range p.addresses {
		status, body := p.get(i)
		assert.Equal(t, 200, status)
		assert.Equal(t, "hi\r\n", body)
	}
	p.signal(syscall.SIGTERM)
	assert.Zero(t, p.exitCode())
	assert.NoFileExists(t, path)
}

func TestServeRefusesPathOfFile(t *testing.T) {
	path := file(t, "notes.txt", []byte("keep"))
	_, stderr, code := porthole(t, "serve", "--cache-dir", cacheDir, "--listen", "unix:"+path, handlerFile(t, moduletest.Handler()))
	assert.Equal(t, 1, code)
	assert.Regexp(t, `\Aporthole: listen .*notes\.txt.*\n\z`, stderr)
	assert.FileExists(t, path)
}

// A signal lets a request in flight finish, on a server that nobody can connect to any more.
func TestFinish(t *testing.T) {
	for _, s := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		t.Run(s.String(), func(t *testing.T) {
			p := serveWith(t, moduletest.Answering(), "--listen", "127.0.0.1:0", "--drain-timeout", "0")
			idle := p.dial(0)
			c, r := p.begin()

			p.signal(s)
			p.line("finishing requests in flight")
			_, err := idle.Read(make([]byte, 1))
			require.ErrorIs(t, err, io.EOF, "an idle connection is closed")
			_, err = net.Dial("tcp", strings.TrimPrefix(p.addresses[0], "http://"))
			require.Error(t, err, "nothing is accepted any more")

			_, err = io.WriteString(c, "12345")
			require.NoError(t, err)
			status, body := response(t, r)
			assert.Equal(t, 200, status)
			assert.Equal(t, "hi\r\n", body)
			require.NoError(t, c.Close())
			assert.Zero(t, p.exitCode())
		})
	}
}

// What is not finished in time is cut, and that is said.
func TestDrainTimeout(t *testing.T) {
	p := serveWith(t, moduletest.Answering(), "--listen", "127.0.0.1:0", "--drain-timeout", "50ms")
	_, r := p.begin()
	p.signal(syscall.SIGTERM)
	_, err := r.ReadByte()
	assert.Error(t, err)
	assert.Equal(t, 1, p.exitCode())
	p.line("porthole: requests still in flight after 50ms were cut")
}

// A second signal cuts at once; one that comes right after the first is the same.
func TestSecondSignal(t *testing.T) {
	p := serveWith(t, moduletest.Answering(), "--listen", "127.0.0.1:0", "--drain-timeout", "0")
	_, _ = p.begin()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	begin := time.Now()
	for ended := false; !ended; {
		_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		select {
		case <-p.ended:
			ended = true
		case <-again.C:
		}
	}
	assert.GreaterOrEqual(t, time.Since(begin), sameSignal)
	assert.Equal(t, 1, p.exitCode())
	p.line("porthole: a second signal: requests in flight were cut")
}
