package subject

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	nethttp "net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/portholehttp/porthole/host"
)

// program is the package that Module compiles.
const program = "github.com/portholehttp/porthole/tests/internal/handler/program"

// Module compiles the handler under test for a host, once in a process, and returns the file's name.
var Module = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "porthole-tests-")
	if err != nil {
		return "", err
	}
	sandbox.dir = dir
	return Build(filepath.Join(dir, "handler.wasm"), program)
})

// Build compiles a package into a handler module.
func Build(file, pkg string) (string, error) {
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", file, pkg)
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%v: %w\n%s", cmd, err, out)
	}
	return file, nil
}

// sandbox is what all sandboxed servers share.
var sandbox struct {
	dir     string
	runtime *host.Runtime
}

// load makes the runtime and loads the handler. Faults of the handler under test are part of the tests: nothing is logged.
var load = sync.OnceValues(func() (*host.Handler, error) {
	file, err := Module()
	if err != nil {
		return nil, err
	}
	code, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	sandbox.runtime, err = host.New(ctx, host.Config{
		CacheDir: filepath.Join(sandbox.dir, "cache"),
		Logger:   slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		return nil, err
	}
	return sandbox.runtime.Load(ctx, "handler", code, host.HandlerConfig{
		Grants: host.Grants{Connect: []string{"127.0.0.1:*", "localhost:*"}},
		Limits: host.Limits{EventTimeout: time.Minute}, // a busy machine is no fault of the handler's
	})
})

func startWasm(t testing.TB, o Options) *Server {
	t.Helper()
	h, err := load()
	if err != nil {
		t.Fatal(err)
	}
	if o.Shards == 0 {
		o.Shards = 1 // routes of one test meet in one instance
	}
	s, err := sandbox.runtime.NewServer(h, o.ServerConfig)
	if err != nil {
		t.Fatal(err)
	}
	where := "127.0.0.1:0"
	if o.Unix {
		where = "unix:" + filepath.Join(t.TempDir(), "s")
	}
	addr, err := s.Listen(where)
	if err != nil {
		t.Fatal(err)
	}
	var targets []string
	if o.CheckContinue {
		targets = append(targets, "/configure?check-continue=1")
	}
	if o.Takeovers {
		targets = append(targets, "/configure?takeovers=1")
	}
	for _, target := range targets {
		configure(t, addr.String(), target)
	}
	return &Server{Addr: address(addr), stop: func() error {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		return s.Shutdown(ctx)
	}}
}

// configure has the handler listen to more.
func configure(t testing.TB, addr, target string) {
	t.Helper()
	client := nethttp.Client{Transport: &nethttp.Transport{DisableKeepAlives: true}}
	r, err := client.Get("http://" + addr + target)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if r.StatusCode != 200 {
		t.Fatal(r.Status)
	}
}

func shutdownWasm() error {
	var errs []error
	if sandbox.runtime != nil {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		errs = append(errs, sandbox.runtime.Close(ctx))
	}
	if sandbox.dir != "" {
		errs = append(errs, os.RemoveAll(sandbox.dir))
	}
	return errors.Join(errs...)
}
