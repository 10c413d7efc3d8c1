package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/module/moduletest"
)

// What the tests share: the built command, and a cache so that the stack is compiled once.
var binary, cacheDir string

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "porthole-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	cacheDir = filepath.Join(dir, "cache")
	binary = filepath.Join(dir, "porthole")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// tooLong is far more than any of the commands takes.
const tooLong = time.Minute

// porthole runs the command to its end.
func porthole(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), tooLong)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	var out, err bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &err
	runErr := cmd.Run()
	require.NoError(t, ctx.Err(), "it did not end: %s", err.String())
	var exit *exec.ExitError
	if runErr != nil && !errors.As(runErr, &exit) {
		require.NoError(t, runErr)
	}
	return out.String(), err.String(), cmd.ProcessState.ExitCode()
}

// file writes a file and returns its path.
func file(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, data, 0o600))
	return path
}

func handlerFile(t *testing.T, s moduletest.Spec) string {
	t.Helper()
	return file(t, "handler.wasm", s.Encode())
}

func TestHelp(t *testing.T) {
	for _, c := range []struct {
		args []string
		want []string
	}{
		{nil, []string{"porthole serve hello.wasm", "inspect ", "serve ", "version "}},
		{[]string{"help"}, []string{"porthole serve hello.wasm", "inspect ", "serve ", "version "}},
		{[]string{"--help"}, []string{"porthole serve hello.wasm"}},
		{[]string{"serve", "--help"}, []string{
			"porthole serve [FLAG]... [HANDLER.wasm]\n", "listening on http://127.0.0.1:8080\n",
			"--listen address ", "(default 127.0.0.1:8080)", "--shards int ", "--drain-timeout duration ", "(default 30s)",
			"--headers-timeout duration ", "--request-timeout duration ", "(default 5m0s)", "--keep-alive-timeout duration ", "(default 5s)",
			"--body-idle-timeout duration ", "--max-header-bytes int ", "(default 16384)", "--max-headers-count int ", "(default 1000)",
			"--cache-dir string ", "--max-cache size ", "(default 1GiB)", "--no-cache ", "--no-io-uring ", "unix:/run/hello.sock", "--allow-connect rule ", "--allow-listen rule ", "--ignore-upgrade ",
			"--metrics-listen address ", "--otlp-endpoint url ", "--log-format format ", "(default text)", "--log-level level ", "(default info)",
			"--env NAME[=VALUE] ", "--arg TEXT ", "--route PATTERN=FILE ", "--watch ", "--isolation mode ", "(default shared)",
			"--event-timeout duration ", "(default 1s)", "--start-timeout duration ", "--max-exchange-fuel int ", "(default 17179869184)", "--max-memory size ",
			"(default 256MiB)", "--max-instances int ", "(default 16)", "--max-queued-requests int ", "(default 1024)", "--queue-timeout duration ",
			"--max-outbound-sockets int ", "--max-body-bytes size ", "--retire-timeout duration ",
		}},
		{[]string{"help", "serve"}, []string{"porthole serve [FLAG]... [HANDLER.wasm]\n"}},
		{[]string{"help", "run"}, []string{
			"porthole run [--allow-listen RULE]... [--allow-connect RULE]... PROGRAM.wasm [ARG]...\n", "--allow-listen rule ", "--allow-connect rule ",
			"--env name=value ", "--dir directory ", "--max-memory-pages int ", "(default 16384)", "--max-sockets int ", "(default 4096)", "unix:/dir/*",
		}},
		{[]string{"help", "inspect"}, []string{"porthole inspect FILE.wasm\n"}},
		{[]string{"help", "version"}, []string{"porthole version\n"}},
	} {
		stdout, stderr, code := porthole(t, c.args...)
		assert.Zero(t, code, "%q", c.args)
		assert.Empty(t, stderr)
		for _, want := range c.want {
			assert.Contains(t, stdout, want, "%q", c.args)
		}
	}
}

func TestMisuse(t *testing.T) {
	for _, c := range []struct {
		args       []string
		want, hint string
	}{
		{[]string{"frobnicate"}, `there is no command "frobnicate"`, "porthole --help"},
		{[]string{"serv"}, `there is no command "serv"; did you mean serve?`, "porthole --help"},
		{[]string{"help", "frobnicate"}, `there is no command "frobnicate"`, "porthole help --help"},
		{[]string{"--frobnicate"}, "unknown flag: --frobnicate", "porthole --help"},
		{[]string{"serve"}, "HANDLER.wasm is missing", "porthole serve --help"},
		{[]string{"serve", "a.wasm", "b.wasm"}, `unexpected argument "b.wasm"`, "porthole serve --help"},
		{[]string{"serve", "--frobnicate", "a.wasm"}, "unknown flag: --frobnicate", "porthole serve --help"},
		{[]string{"serve", "--listen", "8080", "a.wasm"}, `invalid argument "8080" for "--listen" flag: want host:port or unix:/path`, "porthole serve --help"},
		{[]string{"serve", "--listen", "localhost:", "a.wasm"}, `invalid argument "localhost:" for "--listen" flag: want host:port or unix:/path`, "porthole serve --help"},
		{[]string{"serve", "--listen", "unix:", "a.wasm"}, `invalid argument "unix:" for "--listen" flag: want unix:/path`, "porthole serve --help"},
		{[]string{"serve", "--allow-connect", "example.com", "a.wasm"}, `invalid argument "example.com" for "--allow-connect" flag: want HOST:PORT, where HOST is a name`, "porthole serve --help"},
		{[]string{"serve", "--allow-connect", "a:1", "--allow-connect", "10.0.0.1/8:80", "a.wasm"}, `invalid argument "10.0.0.1/8:80" for "--allow-connect" flag: want a network without bits after its prefix, such as 10.0.0.0/8`, "porthole serve --help"},
		{[]string{"serve", "--allow-listen", "fd:x", "a.wasm"}, `invalid argument "fd:x" for "--allow-listen" flag: want HOST:PORT, where HOST is an address`, "porthole serve --help"},
		{[]string{"serve", "--env", "=x", "a.wasm"}, `invalid argument "=x" for "--env" flag: want NAME or NAME=VALUE`, "porthole serve --help"},
		{[]string{"serve", "--env", "PORTHOLE_TEST_UNSET", "a.wasm"}, `invalid argument "PORTHOLE_TEST_UNSET" for "--env" flag: it is not set in porthole's environment`, "porthole serve --help"},
		{[]string{"serve", "--route", "/api/", "a.wasm"}, `invalid argument "/api/" for "--route" flag: want PATTERN=FILE`, "porthole serve --help"},
		{[]string{"serve", "--route", "api=a.wasm"}, `invalid argument "api=a.wasm" for "--route" flag: want [HOST]/PATH: there is no slash`, "porthole serve --help"},
		{[]string{"serve", "--route", "h/=a.wasm", "--route", "h/=b.wasm"}, `two handlers for the pattern "h/"`, "porthole serve --help"},
		{[]string{"serve", "--route", "/=a.wasm", "b.wasm"}, `two handlers for the pattern "/"`, "porthole serve --help"},
		{[]string{"serve", "--isolation", "total", "a.wasm"}, `invalid argument "total" for "--isolation" flag: want shared, pooled or fresh`, "porthole serve --help"},
		{[]string{"serve", "--max-memory", "1KiB", "a.wasm"}, `invalid argument "1KiB" for "--max-memory" flag: want 64KiB to 4GiB`, "porthole serve --help"},
		{[]string{"serve", "--max-memory", "1MB", "a.wasm"}, `invalid argument "1MB" for "--max-memory" flag: want a number of bytes such as 1000000, 512KiB, 64MiB or 1GiB`, "porthole serve --help"},
		{[]string{"serve", "--max-cache", "much", "a.wasm"}, `invalid argument "much" for "--max-cache" flag: want a number of bytes such as 1000000,`, "porthole serve --help"},
		{[]string{"serve", "--max-instances", "0", "a.wasm"}, `invalid argument "0" for "--max-instances" flag: want at least 1`, "porthole serve --help"},
		{[]string{"serve", "--max-exchange-fuel", "-1", "a.wasm"}, `invalid argument "-1" for "--max-exchange-fuel" flag: want a whole number`, "porthole serve --help"},
		{[]string{"serve", "--shards", "some", "a.wasm"}, `invalid argument "some" for "--shards" flag`, "porthole serve --help"},
		{[]string{"serve", "--shards", "-1", "a.wasm"}, "Shards is -1, want 0 to 1024", "porthole serve --help"},
		{[]string{"serve", "--headers-timeout", "10", "a.wasm"}, `invalid argument "10" for "--headers-timeout" flag: want a duration such as 30s or 1m30s`, "porthole serve --help"},
		{[]string{"serve", "--headers-timeout", "-10s", "a.wasm"}, `invalid argument "-10s" for "--headers-timeout" flag`, "porthole serve --help"},
		{[]string{"serve", "--max-header-bytes", "0", "a.wasm"}, `invalid argument "0" for "--max-header-bytes" flag: want at least 1`, "porthole serve --help"},
		{[]string{"serve", "--max-headers-count", "-1", "a.wasm"}, `invalid argument "-1" for "--max-headers-count" flag: want a whole number`, "porthole serve --help"},
		{[]string{"serve", "--drain-timeout", "-1s", "--shards", "9999", "a.wasm"}, "--drain-timeout is negative; Shards is 9999, want 0 to 1024", "porthole serve --help"},
		{[]string{"serve", "--no-cache", "--cache-dir", "x", "a.wasm"}, "CacheDir is set although NoCache is", "porthole serve --help"},
		{[]string{"serve", "--otlp-endpoint", "localhost:4318", "a.wasm"}, `invalid argument "localhost:4318" for "--otlp-endpoint" flag: want http://HOST:PORT or https://HOST:PORT`, "porthole serve --help"},
		{[]string{"run"}, "PROGRAM.wasm is missing", "porthole run --help"},
		{[]string{"run", "--allow-listen", "80", "a.wasm"}, `invalid argument "80" for "--allow-listen" flag: want HOST:PORT`, "porthole run --help"},
		{[]string{"run", "--env", "=x", "a.wasm"}, `invalid argument "=x" for "--env" flag: want NAME=VALUE or NAME`, "porthole run --help"},
		{[]string{"run", "--env", "NO_SUCH_VARIABLE", "a.wasm"}, `invalid argument "NO_SUCH_VARIABLE" for "--env" flag: there is no such variable to pass on`, "porthole run --help"},
		{[]string{"run", "--dir", "relative", "a.wasm"}, `invalid argument "relative" for "--dir" flag: want HOST:GUEST or HOST`, "porthole run --help"},
		{[]string{"run", "--dir", "/no/such/directory", "a.wasm"}, `invalid argument "/no/such/directory" for "--dir" flag: there is no such directory`, "porthole run --help"},
		{[]string{"run", "--max-sockets", "0", "a.wasm"}, `invalid argument "0" for "--max-sockets" flag: want at least 1`, "porthole run --help"},
		{[]string{"run", "--max-memory-pages", "70000", "a.wasm"}, "MaxMemoryPages is 70000, want 0 to 65536", "porthole run --help"},
		{[]string{"inspect"}, "FILE.wasm is missing", "porthole inspect --help"},
		{[]string{"version", "2"}, `unexpected argument "2"`, "porthole version --help"},
	} {
		stdout, stderr, code := porthole(t, c.args...)
		assert.Equal(t, 2, code, "%q", c.args)
		assert.Empty(t, stdout)
		assert.Regexp(t, `\Aporthole: [^\n]*\nTry '`+c.hint+`'\.\n\z`, stderr, "%q", c.args)
		assert.Contains(t, stderr, "porthole: "+c.want, "%q", c.args)
	}
}

func TestVersion(t *testing.T) {
	stdout, stderr, code := porthole(t, "version")
	assert.Zero(t, code)
	assert.Empty(t, stderr)
	assert.Regexp(t, `\Aporthole  \S+\ncontract  porthole_http_1\nwazero    v1\.\S+\ngo        go1\.\S+ \w+/\w+\n\z`, stdout)
	same, _, code := porthole(t, "--version")
	assert.Zero(t, code)
	assert.Equal(t, stdout, same)
}
