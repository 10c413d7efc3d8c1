package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/portholehttp/porthole/host"
)

func newRun() *cobra.Command {
	var p program
	cmd := &cobra.Command{
		Use:   "run [--allow-listen RULE]... [--allow-connect RULE]... PROGRAM.wasm [ARG]...",
		Short: "Run a WASI program that has sockets of its own",
		Long: `run runs a WebAssembly program that was not written for porthole: one for WASI
preview 1 that uses the sockets of the WasmEdge extension, such as a Go program
with GOOS=wasip1 and github.com/stealthrocket/net. Standard input, output and error
are the program's, and so is the exit code.

The program can reach nothing that is not allowed here. Each flag may be repeated:

  --allow-listen HOST:PORT   listen there. HOST is an address, a name, or * or
                             nothing for all; PORT a number or *.
  --allow-connect HOST:PORT  connect there. HOST is a name, *.DOMAIN, an address, a
                             network such as 10.0.0.0/8, or *; PORT a number or *.
  unix:/path                 in either: a Unix domain socket. unix:/dir/* stands for
                             every path below /dir.
  --env NAME=VALUE           set a variable; --env NAME passes on that of porthole.
  --dir HOST[:GUEST][:ro]    let it see the directory HOST, as GUEST if that is given.
                             One that it may write to, it may leave by symbolic links.

Addresses of this machine and its link, such as 127.0.0.1, are reached by a rule of
the address itself or by localhost, not by any other name, and not by *. What the
program is denied is said on standard error, once each, with the flag that allows it.

SIGINT or SIGTERM ends the program, with exit code 130 or 143. A second signal ends
porthole at once, whatever holds the program up.`,
		Example: `  porthole run --allow-listen 127.0.0.1:8080 server.wasm
  porthole run --allow-connect api.example.com:443 client.wasm https://api.example.com/
  porthole run --env HOME=/ --dir ./data:/data:ro report.wasm --verbose`,
		DisableFlagsInUseLine: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &usageError{errors.New("PROGRAM.wasm is missing")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			p.config.Stdout, p.config.Stderr = cmd.OutOrStdout(), cmd.ErrOrStderr()
			return p.run(cmd.Context(), args[0], args[1:])
		},
	}
	c := &p.config
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.SetInterspersed(false) // what follows the program is the program's
	flags.Var(&grants{&c.Grants, &c.Grants.Listen}, "allow-listen", "what the program may listen on")
	flags.Var(&grants{&c.Grants, &c.Grants.Connect}, "allow-connect", "what the program may connect to")
	flags.Var((*variables)(&c.Env), "env", "a variable of the program's environment")
	flags.Var((*directories)(&c.Dirs), "dir", "a directory that the program sees")
	flags.Var(&numberLimit{&c.MaxMemoryPages, host.DefaultMaxProgramPages, false}, "max-memory-pages", "most memory, in pages of 64 KiB")
	flags.Var(&numberLimit{&c.MaxSockets, host.DefaultMaxProgramSockets, false}, "max-sockets", "most sockets that may be open")
	flags.StringVar(&c.CacheDir, "cache-dir", "", "where compiled modules are kept (default the user's cache directory)")
	flags.BoolVar(&c.NoCache, "no-cache", false, "keep no compiled modules")
	return cmd
}

// program is the command with its flags.
type program struct{ config host.ProgramConfig }

// signalError is the cause of an end by a signal.
type signalError struct{ signal os.Signal }

func (e *signalError) Error() string { return e.signal.String() }

func (p *program) run(ctx context.Context, path string, args []string) error {
	c := p.config
	c.Name, c.Args, c.Stdin = filepath.Base(path), args, os.Stdin
	if err := c.Validate(); err != nil {
		return &usageError{err}
	}
	wasm, err := readModule(path)
	if err != nil {
		return err
	}
	c.Logger = slog.New(slog.NewTextHandler(c.Stderr, nil))
	c.OnDenied = func(err error) { sayDenied(c.Stderr, err) }

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	signals, release := catchSignals()
	defer release()
	go endBySignal(ctx, signals, cancel)

	code, err := host.RunProgram(ctx, wasm, c)
	var signal *signalError
	switch {
	case errors.As(err, &signal):
		return &exitError{signalExitCode(signal.signal)}
	case err != nil:
		return fmt.Errorf("%s: %w", path, withoutName(err))
	case code != 0:
		return &exitError{code}
	}
	return nil
}

// sayDenied says what the program needs. Only the flag matters here.
func sayDenied(stderr io.Writer, err error) {
	text := err.Error()
	if denied, ok := errors.AsType[*host.DeniedError](err); ok {
		text, _, _ = strings.Cut(denied.For("run"), ", or host.")
	}
	fmt.Fprintf(stderr, "porthole: %s\n", oneLine(errors.New(text)))
}
