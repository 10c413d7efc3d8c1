package host

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/sys"

	"github.com/portholehttp/porthole/host/internal/grant"
	"github.com/portholehttp/porthole/host/internal/instrument"
	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/sandbox"
	"github.com/portholehttp/porthole/host/internal/wasisock"
)

// RunProgram runs a WASI program, a module that exports _start, to its end, and returns its exit code. The program needs not
// know Porthole: it has WASI preview 1 with the sockets that WasmEdge has added to it, as github.com/stealthrocket/net uses
// them. See ProgramConfig for what it can reach.
//
// When ctx ends so does the program, be it waiting or computing, and the error is ctx's cause. The error is a *LoadError if the
// module is at fault, a *FaultError if it trapped, and ErrUnsupported on a platform without such sockets. Of an exit code there is no error.
//
// The program computes on the goroutine of RunProgram, and sleeps in a system call.
func RunProgram(ctx context.Context, wasm []byte, c ProgramConfig) (exitCode int, err error) {
	if err := errors.Join(c.Validate(), context.Cause(ctx)); err != nil {
		return -1, err
	}
	if c.Name == "" {
		c.Name = "program"
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	cache, err := openCache(&Config{CacheDir: c.CacheDir, NoCache: c.NoCache}, c.Logger, sandbox.OpenCache)
	if err != nil {
		return -1, err
	}
	if cache == nil {
		cache = wazero.NewCompilationCache()
	}
	background := context.WithoutCancel(ctx)
	defer func() { err = errors.Join(err, cache.Close(background)) }()
	r := wazero.NewRuntimeWithConfig(background, wazero.NewRuntimeConfig().
		WithCompilationCache(cache).
		WithDebugInfoEnabled(false).
		WithMemoryLimitPages(uint32(orDefault(c.MaxMemoryPages, DefaultMaxProgramPages))))
	defer func() { err = errors.Join(err, r.Close(background)) }()
	return (&program{ProgramConfig: c, start: time.Now()}).run(ctx, r, wasm)
}

// program is a run of one.
type program struct {
	ProgramConfig
	start time.Time
	roots []*os.Root // of read-only directories
}

func (p *program) run(ctx context.Context, r wazero.Runtime, wasm []byte) (int, error) {
	background := context.WithoutCancel(ctx)
	m, err := module.Read(wasm)
	if err != nil {
		return -1, &LoadError{p.Name, err}
	}
	if !slices.ContainsFunc(m.Exports, func(e module.Export) bool { return e.Name == "_start" }) {
		return -1, &LoadError{p.Name, errNotProgram(m)}
	}
	metered, err := instrument.Rewrite(wasm, instrument.Config{Meter: true})
	if err != nil {
		return -1, &LoadError{p.Name, err}
	}
	compiled, err := r.CompileModule(background, metered.Wasm)
	if err != nil {
		return -1, &LoadError{p.Name, err}
	}
	sockets, err := wasisock.New(p.sockets(ctx))
	if err != nil {
		return -1, err
	}
	defer sockets.Close()
	if err := sockets.Register(background, r, compiled, instrument.TickModule); err != nil {
		return -1, &LoadError{p.Name, err}
	}
	if err := p.meter(background, r, sockets); err != nil {
		return -1, err
	}
	config, err := p.module()
	defer p.release()
	if err != nil {
		return -1, err
	}
	stop := context.AfterFunc(ctx, sockets.Interrupt)
	defer stop()
	_, err = r.InstantiateModule(background, compiled, config)
	return p.outcome(ctx, err)
}

// errNotProgram says why a module cannot be run.
func errNotProgram(m *module.Module) error {
	text := "not a program: export _start: missing"
	if slices.ContainsFunc(m.Exports, func(e module.Export) bool { return e.Name == "on_event" }) {
		text += "; it is a handler, for porthole serve"
	}
	return errors.New(text)
}

// outcome tells an exit from a fault.
func (p *program) outcome(ctx context.Context, err error) (int, error) {
	if exit, ok := errors.AsType[*sys.ExitError](err); ok {
		return int(exit.ExitCode()), nil
	}
	switch {
	case err == nil:
		return 0, nil
	case errors.Is(err, wasisock.ErrInterrupted):
		return -1, context.Cause(ctx)
	}
	return -1, &FaultError{p.Name, "_start", err}
}

// sockets is the configuration of what package wasisock does.
func (p *program) sockets(ctx context.Context) wasisock.Config {
	grants, _ := grant.Parse(p.Grants.Connect, p.Grants.Listen) // validated
	c := wasisock.Config{
		Context:    ctx,
		Grants:     grants,
		MaxSockets: orDefault(p.MaxSockets, DefaultMaxProgramSockets),
		Resolver:   p.Resolver,
		Denied:     p.OnDenied,
		Listening:  p.OnListening,
		Monotonic:  p.monotonic,
		Realtime:   func() int64 { return time.Now().UnixNano() },
	}
	if f, ok := p.Stdin.(*os.File); ok {
		c.Stdin = f
	}
	return c
}

// monotonic is the program's clock. It is never 0, which some programs take for none.
func (p *program) monotonic() int64 { return int64(time.Since(p.start)) + 1 }

// module is the configuration of what wazero does.
func (p *program) module() (wazero.ModuleConfig, error) {
	c := wazero.NewModuleConfig().
		WithName("").
		WithArgs(append([]string{p.Name}, p.Args...)...).
		WithRandSource(rand.Reader).
		WithSysWalltime().
		WithNanotime(p.monotonic, sys.ClockResolution(1)).
		WithSysNanosleep().
		WithStartFunctions("_start")
	if p.Stdin != nil {
		c = c.WithStdin(p.Stdin)
	}
	if p.Stdout != nil {
		c = c.WithStdout(p.Stdout)
	}
	if p.Stderr != nil {
		c = c.WithStderr(p.Stderr)
	}
	for _, variable := range p.Env {
		name, value, _ := strings.Cut(variable, "=")
		c = c.WithEnv(name, value)
	}
	files, err := p.files()
	return c.WithFSConfig(files), err
}

func (p *program) files() (wazero.FSConfig, error) {
	c := wazero.NewFSConfig()
	for _, d := range p.Dirs {
		if !d.ReadOnly {
			c = c.WithDirMount(d.Host, d.Guest)
			continue
		}
		root, err := os.OpenRoot(d.Host)
		if err != nil {
			return c, err
		}
		p.roots = append(p.roots, root)
		c = c.WithFSMount(readOnly{root.FS()}, d.Guest)
	}
	return c, nil
}

// readOnly hides what else an os.Root's file system can do.
type readOnly struct{ fs.FS }

func (p *program) release() {
	for _, root := range p.roots {
		_ = root.Close()
	}
}
