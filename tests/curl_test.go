package tests

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/tests/internal/raw"
	"github.com/portholehttp/porthole/tests/internal/subject"
)

// command runs a program to its end and returns what it printed.
func command(t *testing.T, in io.Reader, program string, args ...string) (stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*raw.Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, errs.String())
	}
	return out.String(), errs.String()
}

func TestCurl(t *testing.T) {
	program := subject.Need(t, "curl")
	const size = 3 * mib // curl sends Expect by itself from 1 MiB on
	big := make([]byte, size)
	for i := range big {
		big[i] = byte(rand.IntN(256))
	}
	file := filepath.Join(t.TempDir(), "big")
	require.NoError(t, os.WriteFile(file, big, 0o666))

	eachOfOurs(t, func(t *testing.T, f *farm) {
		addr := f.server(subject.Options{}).Addr
		curl := func(t *testing.T, args ...string) (string, string) {
			return command(t, nil, program, append([]string{"-q", "-sS", "--noproxy", "*"}, args...)...)
		}
		url := func(path string) string { return "http://" + addr + path }

		t.Run("upload", func(t *testing.T) {
			out, errs := curl(t, "-v", "-T", file, url("/echo"))
			require.Equal(t, big, []byte(out))
			require.Contains(t, errs, "> Expect: 100-continue")
			require.Contains(t, errs, "< HTTP/1.1 100 Continue")
			require.NotContains(t, errs, "Done waiting for 100-continue")
		})
		t.Run("upload from a pipe", func(t *testing.T) {
			out, errs := command(t, bytes.NewReader(big), program, "-q", "-sS", "-v", "-T", "-", url("/echo"))
			require.Equal(t, big, []byte(out))
			require.Contains(t, errs, "> Transfer-Encoding: chunked")
		})
		t.Run("upload refused", func(t *testing.T) {
			refusing := f.server(subject.Options{CheckContinue: true}).Addr
			out, _ := curl(t, "-o", os.DevNull, "-w", "%{http_code} %{size_upload}", "-T", file, "http://"+refusing+"/refuse")
			require.Equal(t, "403 0", out)
		})
		t.Run("HTTP/1.0", func(t *testing.T) {
			out, _ := curl(t, "--http1.0", url("/chunks?n=2"), url("/hello"))
			require.Equal(t, "piece 0\npiece 1\nhello\n", out)
			out, _ = curl(t, "--http1.0", "-T", file, url("/echo"))
			require.Equal(t, big, []byte(out))
		})
		t.Run("HEAD", func(t *testing.T) {
			out, _ := curl(t, "-I", url("/hello"), url("/chunks"), url("/hello"))
			require.Equal(t, 3, strings.Count(out, "HTTP/1.1 200 OK\r\n"))
			require.Equal(t, 2, strings.Count(out, "\r\nContent-Length: 6\r\n"))
		})
		t.Run("one connection", func(t *testing.T) {
			out, _ := curl(t, "-w", "%{num_connects}\n", url("/hello"), url("/chunks?n=1"), url("/status?code=204"), url("/early"), url("/hello"))
			require.Equal(t, "hello\n1\npiece 0\n0\n0\nearly0\nhello\n0\n", out)
		})
		t.Run("trailers", func(t *testing.T) {
			out, _ := curl(t, "--raw", url("/trailers"))
			require.Equal(t, "3\r\nend\r\n0\r\nX-Sum: 42\r\n\r\n", out)
		})
		t.Run("Unix socket", func(t *testing.T) {
			path := strings.TrimPrefix(f.server(subject.Options{Unix: true}).Addr, "unix:")
			out, _ := curl(t, "--unix-socket", path, "-T", file, "http://localhost/echo")
			require.Equal(t, big, []byte(out))
		})
		t.Run("tunnel", func(t *testing.T) {
			proxy := f.server(subject.Options{Takeovers: true}).Addr
			tunneled := func(args ...string) string {
				out, _ := command(t, nil, program, append([]string{"-q", "-sS", "--noproxy", "", "--proxytunnel", "-x", "http://" + proxy}, args...)...)
				return out
			}
			require.Equal(t, big, []byte(tunneled("-T", file, url("/echo"))))
			require.Equal(t, "hello\n1\nhello\n0\n", tunneled("-w", "%{num_connects}\n", url("/hello"), url("/hello")))
		})
		t.Run("interim responses", func(t *testing.T) {
			out, _ := curl(t, "-D", "-", url("/inform"))
			require.Contains(t, out, "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\n")
		})
	})
}
