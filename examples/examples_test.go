// Package examples tests the programs below it as a user runs them: as plugins of the host.
package examples

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/portholehttp/porthole/host"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestExamples(t *testing.T) {
	ctx := context.Background()
	runtime, err := host.New(ctx, host.Config{NoCache: true})
	require.NoError(t, err)
	defer func() { assert.NoError(t, runtime.Close(ctx)) }()
	for _, example := range []struct {
		name  string
		tests []func(*testing.T, *site)
	}{
		{"hello", []func(*testing.T, *site){hello}},
		{"echo", []func(*testing.T, *site){echo, echoBackPressure}},
		{"upload", []func(*testing.T, *site){upload}},
	} {
		t.Run(example.name, func(t *testing.T) {
			s := serve(t, runtime, example.name)
			for _, test := range example.tests {
				test(t, s)
			}
		})
	}
}

// site is an example behind a host.
type site struct {
	addr   string
	client *nethttp.Client
}

// serve builds an example and serves it until the end of the test.
func serve(t *testing.T, runtime *host.Runtime, name string) *site {
	t.Helper()
	file := filepath.Join(t.TempDir(), name+".wasm")
	build := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", file, "./"+name)
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	wasm, err := os.ReadFile(file)
	require.NoError(t, err)

	handler, err := runtime.Load(context.Background(), name, wasm)
	require.NoError(t, err)
	server, err := runtime.NewServer(handler, host.ServerConfig{Shards: 1})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Close()) })
	addr, err := server.Listen("127.0.0.1:0")
	require.NoError(t, err)

	transport := &nethttp.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &site{addr.String(), &nethttp.Client{Transport: transport, Timeout: time.Minute}}
}

// do sends a request and returns the response and its body.
func (s *site) do(t *testing.T, method string, body io.Reader, contentType string) (*nethttp.Response, string) {
	t.Helper()
	request, err := nethttp.NewRequest(method, "http://"+s.addr+"/", body)
	require.NoError(t, err)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := s.client.Do(request)
	require.NoError(t, err)
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response, string(text)
}

func hello(t *testing.T, s *site) {
	for range 3 {
		response, body := s.do(t, "GET", nil, "")
		assert.Equal(t, 200, response.StatusCode)
		assert.Equal(t, "hello world\n", body)
		assert.Equal(t, "text/plain", response.Header.Get("Content-Type"))
		assert.EqualValues(t, 12, response.ContentLength)
	}
}

func echo(t *testing.T, s *site) {
	for _, size := range []int{0, 5, 64 << 10, 5 << 20} {
		body := bytes.Repeat([]byte("porthole"), size/8+1)[:size]
		response, got := s.do(t, "PUT", bytes.NewReader(body), "image/png")
		assert.Equal(t, "image/png", response.Header.Get("Content-Type"))
		assert.True(t, string(body) == got, "%d bytes", size)
	}
	response, _ := s.do(t, "POST", strings.NewReader("x"), "")
	assert.Empty(t, response.Header.Get("Content-Type"), "none to keep")
}

// A client that sends without reading is made to wait, and gets every byte in the end.
func echoBackPressure(t *testing.T, s *site) {
	const total = 64 << 20
	conn, err := net.Dial("tcp", s.addr)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	require.NoError(t, conn.SetDeadline(time.Now().Add(2*time.Minute)))
	_, err = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n", total)
	require.NoError(t, err)

	// What the kernel takes while nobody reads is bounded: the sender comes to a stop.
	piece := bytes.Repeat([]byte("x"), 1<<20)
	sent := 0
	for sent < total {
		require.NoError(t, conn.SetWriteDeadline(time.Now().Add(time.Second)))
		n, err := conn.Write(piece[:min(len(piece), total-sent)])
		sent += n
		if err != nil {
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
			break
		}
	}
	assert.Less(t, sent, total)

	require.NoError(t, conn.SetDeadline(time.Now().Add(2*time.Minute)))
	failed := make(chan error, 1)
	go func() {
		for sent < total {
			n, err := conn.Write(piece[:min(len(piece), total-sent)])
			if sent += n; err != nil {
				failed <- err
				return
			}
		}
		failed <- nil
	}()
	response, err := nethttp.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	n, err := io.Copy(io.Discard, response.Body)
	require.NoError(t, err)
	require.NoError(t, <-failed)
	assert.EqualValues(t, total, n)
}

func upload(t *testing.T, s *site) {
	for _, size := range []int{0, 3, 10 << 20} {
		body := bytes.Repeat([]byte("abc"), size/3+1)[:size]
		sum := sha256.Sum256(body)
		want := fmt.Sprintf("{\"bytes\":%d,\"sha256\":\"%s\"}\n", size, hex.EncodeToString(sum[:]))
		for _, reader := range []io.Reader{bytes.NewReader(body), io.MultiReader(bytes.NewReader(body))} { // with a length, and chunked
			response, got := s.do(t, "POST", reader, "")
			assert.Equal(t, want, got)
			assert.Equal(t, "application/json", response.Header.Get("Content-Type"))
		}
	}
	response, _ := s.do(t, "GET", nil, "")
	assert.Equal(t, 405, response.StatusCode)
	assert.Equal(t, "POST, PUT", response.Header.Get("Allow"))
}
