package tests

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"net"
	nethttp "net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/tests/internal/process"
	"github.com/portholehttp/porthole/tests/internal/raw"
	"github.com/portholehttp/porthole/tests/internal/subject"
)

// soak makes the bodies 1 GiB long:
//
//	PORTHOLE_SOAK=1 go test -count=1 -v -run TestMemory ./tests
var soak = os.Getenv("PORTHOLE_SOAK") != ""

// growth is how much more memory a server may have at the worst moment of a long body than after a short one.
const growth = 24 * mib

// TestMemory sends a long body up, and another down to a reader that is slower than the server. Neither may be seen in
// the size of the server's process.
func TestMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("it reads /proc of Linux")
	}
	size := int64(64 * mib)
	if soak {
		size = 1024 * mib
	}
	dir := t.TempDir()
	porthole := process.Build(t, filepath.Join(dir, "porthole"), "github.com/portholehttp/porthole/host/cmd/porthole")
	native := process.Build(t, filepath.Join(dir, "native"), "github.com/portholehttp/porthole/tests/internal/handler/native")
	handler, err := subject.Module()
	require.NoError(t, err)
	uploader, err := subject.Build(filepath.Join(dir, "upload.wasm"), "github.com/portholehttp/porthole/examples/upload")
	require.NoError(t, err)
	serve := func(t *testing.T, module string) *process.Process {
		return process.Start(t, porthole, "serve", "--listen", "127.0.0.1:0", "--shards", "1", "--cache-dir", filepath.Join(dir, "cache"), module)
	}

	t.Run("upload", func(t *testing.T) {
		measure(t, serve(t, uploader), size, func(addr string, size int64) { upload(t, addr, "/", size) })
	})
	t.Run("download", func(t *testing.T) {
		measure(t, serve(t, handler), size, func(addr string, size int64) { download(t, addr, size) })
	})
	t.Run("upload, native", func(t *testing.T) {
		measure(t, process.Start(t, native), size, func(addr string, size int64) { upload(t, addr, "/sum", size) })
	})
	t.Run("download, native", func(t *testing.T) {
		measure(t, process.Start(t, native), size, func(addr string, size int64) { download(t, addr, size) })
	})
}

// measure compares a server's memory in a transfer of size with that after a short one.
func measure(t *testing.T, p *process.Process, size int64, transfer func(addr string, size int64)) {
	transfer(p.Addr, 8*mib)
	p.ResetPeak(t)
	before, _ := p.Resident(t)
	transfer(p.Addr, size)
	after, peak := p.Resident(t)
	t.Logf("%d MiB: resident %.1f MiB before, %.1f at most, %.1f after", size/mib,
		float64(before)/mib, float64(peak)/mib, float64(after)/mib)
	require.Less(t, peak, before+growth)
}

// upload sends a body, and checks that what the server has counted and hashed is that body.
func upload(t *testing.T, addr, path string, size int64) {
	random, hash := rand.NewChaCha8([32]byte{}), sha256.New()
	c := raw.Dial(t, addr)
	defer c.Close()
	c.Send(message("PUT", path, "", "Content-Length: "+strconv.FormatInt(size, 10)))
	block := make([]byte, 64*kib)
	for rest := size; rest > 0; rest -= int64(len(block)) {
		block = block[:min(rest, int64(len(block)))]
		_, _ = random.Read(block) // it cannot fail
		hash.Write(block)
		c.Send(string(block))
	}
	want := `{"bytes":` + strconv.FormatInt(size, 10) + `,"sha256":"` + hex.EncodeToString(hash.Sum(nil)) + "\"}\n"
	require.Equal(t, want, c.Response("PUT").Body)
}

// download reads a chunked body. Behind each piece it makes another request, so that it is slower than the server, and has
// little room for what it does not read.
func download(t *testing.T, addr string, size int64) {
	transport := &nethttp.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err == nil {
			err = conn.(*net.TCPConn).SetReadBuffer(16 * kib)
		}
		return conn, err
	}}
	r, err := (&nethttp.Client{Transport: transport}).Get("http://" + addr + "/download?size=" + strconv.FormatInt(size, 10))
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Body.Close()) }()
	require.Equal(t, []string{"chunked"}, r.TransferEncoding)
	piece := make([]byte, 64*kib)
	want := bytes.Repeat([]byte("0123456789abcdef"), len(piece)/16)
	for rest := size; rest > 0; rest -= int64(len(piece)) {
		_, err := io.ReadFull(r.Body, piece)
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, piece))
		require.Equal(t, "hello\n", ask(t, addr, "/hello").Body)
	}
	rest, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	require.Empty(t, rest)
}
