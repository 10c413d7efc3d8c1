package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/portholehttp/porthole/host"
)

func newServe() *cobra.Command {
	var s serve
	cmd := &cobra.Command{
		Use:   "serve [--listen ADDR]... [--allow-connect RULE]... [--allow-listen RULE]... HANDLER.wasm",
		Short: "Serve HTTP with a handler",
		Long: `serve loads a handler and serves HTTP/1.1 with it. For each address it prints one
line to standard error once connections are accepted there:

  listening on http://127.0.0.1:8080

ADDR is host:port, where no host means every address of the machine and port 0 any
free port, or unix:/path for a Unix domain socket. --listen may be repeated.

Connections are spread over shards, which work in parallel. Each has an instance of
the handler of its own: what a handler keeps in memory is not shared between them.

SIGINT or SIGTERM stops it: no more connections are accepted, requests in flight are
finished, the exit code is 0. After --drain-timeout what is left is cut, and the
exit code is 1; a second signal does that at once.

A handler that traps or exits is replaced: its unanswered requests get 500, the log
says why.

A handler can reach nothing but the requests it gets, unless that is allowed. Each
flag may be repeated:

  --allow-connect HOST:PORT  connect there. HOST is a name, *.DOMAIN, an address, a
                             network such as 10.0.0.0/8, or *; PORT a number or *.
  --allow-connect unix:/path connect to that Unix domain socket.
  --allow-listen HOST:PORT   listen there. HOST is an address, a name, or * or
                             nothing for all; PORT a number or *.
  --allow-listen unix:/path  and fd:N, an inherited descriptor, likewise.

Addresses of this machine and its link, such as 127.0.0.1, are reached by a rule of
the address itself or by localhost, not by any other name, and not by *.
` + tlsHelp + `

` + observeHelp,
		Example: `  porthole serve hello.wasm
  porthole serve --listen :8080 --listen unix:/run/hello.sock hello.wasm
  porthole serve --listen 127.0.0.1:0 --shards 1 --keep-alive-timeout 30s hello.wasm
  porthole serve --allow-connect api.example.com:443 --allow-connect localhost:5432 shop.wasm
  porthole serve --allow-connect '*.example.com:*' --allow-listen 127.0.0.1:9000 shop.wasm
  porthole serve --tls-listen :443 --tls-cert cert.pem --tls-key key.pem shop.wasm
  porthole serve --tls-listen :443 --acme-domain shop.example.com shop.wasm`,
		DisableFlagsInUseLine: true,
		Args:                  exactly("HANDLER.wasm"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s.stderr = cmd.ErrOrStderr()
			return s.run(cmd.Context(), args[0])
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.Var(&s.listen, "listen", "where to accept connections (default "+defaultAddress+")")
	flags.Var(&grants{&s.handler.Grants, &s.handler.Grants.Connect}, "allow-connect", "what the handler may connect to")
	flags.Var(&grants{&s.handler.Grants, &s.handler.Grants.Listen}, "allow-listen", "what the handler may listen on itself")
	flags.IntVar(&s.server.Shards, "shards", 0, "how many shards; 0: one for each CPU")
	flags.DurationVar(&s.drain, "drain-timeout", 30*time.Second, "how long requests in flight may take to finish after a signal; 0: no limit")
	limitFlags(flags, &s.server)
	s.tls.register(flags)
	flags.BoolVar(&s.server.IgnoreUpgrade, "ignore-upgrade", false, "serve a request with Upgrade as if it had none, unless the handler listens to upgrades")
	s.observing.flags(flags)
	flags.StringVar(&s.runtime.CacheDir, "cache-dir", "", "where compiled modules are kept (default the user's cache directory)")
	flags.BoolVar(&s.runtime.NoCache, "no-cache", false, "keep no compiled modules")
	return cmd
}

// serve is the command with its flags.
type serve struct {
	listen  addresses
	drain   time.Duration
	runtime host.Config
	handler host.HandlerConfig
	server  host.ServerConfig
	tls     tlsFlags
	observing
	stderr io.Writer
}

func (s *serve) run(ctx context.Context, path string) (err error) {
	if err := s.validate(); err != nil {
		return &usageError{err}
	}
	wasm, err := readModule(path)
	if err != nil {
		return err
	}
	var signals <-chan os.Signal // nil until they are caught
	release := func() {}
	defer func() {
		s.observing.stop(ctx, signals, errors.Is(err, errSecondSignal))
		release()
	}()
	s.runtime.Logger = s.logger(s.stderr)
	if err := s.observing.start(ctx, &s.runtime); err != nil {
		return err
	}
	rt, err := host.New(ctx, s.runtime)
	if err != nil {
		return err
	}
	name := strings.TrimSuffix(filepath.Base(path), ".wasm")
	handler, err := rt.Load(ctx, name, wasm, s.handler)
	if err != nil {
		return fmt.Errorf("%s: %w", path, withoutName(err))
	}
	server, err := rt.NewServer(handler, s.server)
	if err != nil {
		return fmt.Errorf("%s: %w", path, withoutName(err))
	}

	signals, release = catchSignals()
	if err := s.listenAll(server); err != nil {
		return err
	}
	s.ready(true)
	select {
	case <-server.Done():
		return server.Err()
	case signal := <-signals:
		s.runtime.Logger.Info("finishing requests in flight", "signal", signal.String())
		s.ready(false)
	}
	if err := s.finish(ctx, server, signals); err != nil {
		return err
	}
	return rt.Close(ctx)
}

// validate refuses what flags can say and the configuration cannot mean.
func (s *serve) validate() error {
	var negative error
	if s.drain < 0 {
		negative = errors.New("--drain-timeout is negative")
	}
	_, secure := s.tls.config()
	return errors.Join(negative, s.runtime.Validate(), s.handler.Validate(), s.server.Validate(), secure)
}

// listenAll opens every listener, or fails, before it says so of any.
func (s *serve) listenAll(server *host.Server) error {
	var lines strings.Builder
	opened := func(where string) { fmt.Fprintf(&lines, "listening on %s\n", where) }
	plain := s.listen.list()
	if len(s.listen) == 0 && len(s.tls.listen) > 0 {
		plain = nil
	}
	for _, address := range plain {
		bound, err := server.Listen(address)
		if err != nil {
			return err
		}
		opened(showAddress(bound))
	}
	if err := s.tls.listenAll(server, opened); err != nil {
		return err
	}
	if s.page != nil {
		fmt.Fprintf(&lines, "metrics on %s/metrics\n", showAddress(s.page.address))
	}
	_, err := io.WriteString(s.stderr, lines.String())
	return err
}

// withoutName drops the handler's name where the file's is said already.
func withoutName(err error) error {
	var load *host.LoadError
	if errors.As(err, &load) {
		return load.Err
	}
	var fault *host.FaultError
	if errors.As(err, &fault) {
		return fmt.Errorf("ended in %s: %w", fault.Function, fault.Err)
	}
	return err
}
