package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/portholehttp/porthole/host"
)

func newServe() *cobra.Command {
	var s serve
	cmd := &cobra.Command{
		Use:   "serve [FLAG]... [HANDLER.wasm]",
		Short: "Serve HTTP with handlers",
		Long: `serve loads a handler and serves HTTP/1.1 with it. For each address it prints one
line to standard error once connections are accepted there:

  listening on http://127.0.0.1:8080

ADDR is host:port, where no host means every address of the machine and port 0 any
free port, or unix:/path for a Unix domain socket. --listen may be repeated.

HANDLER.wasm gets every request, but for those that another handler has a --route for:

  --route /api/=FILE         every path below /api/. Without the slash at its end: only
                             that path. The longest pattern that matches counts.
  --route example.com/=FILE  a host, *.example.com/ the hosts under a domain.

With --watch a handler is loaded again when its file changes; SIGHUP loads all. New
requests go to the new version, running ones finish on the old. A version that is
refused, or does not start, is not served: the old one stays, the log says why.

Connections are spread over shards, which work in parallel. Each has an instance of
the handler of its own: what a handler keeps in memory is not shared between them.
With --isolation pooled each request has an instance for itself, and with fresh it
also finds it as it was after its start: no request can see anything of another.

SIGINT or SIGTERM stops it: no more connections are accepted, requests in flight are
finished, the exit code is 0. After --drain-timeout what is left is cut, and the
exit code is 1; a second signal does that at once.

A handler that traps, exits or uses too much is replaced: its unanswered requests get
500, the log says why.

A handler can reach nothing but the requests it gets, unless that is allowed. What
flags allow is for all handlers. Each may be repeated:

  --allow-connect HOST:PORT  connect there. HOST is a name, *.DOMAIN, an address, a
                             network such as 10.0.0.0/8, or *; PORT a number or *.
  --allow-connect unix:/path connect to that Unix domain socket.
  --allow-listen HOST:PORT   listen there. HOST is an address, a name, or * or
                             nothing for all; PORT a number or *.
  --allow-listen unix:/path  and fd:N, an inherited descriptor, likewise.
  --env NAME=VALUE           see this environment variable, and no other.
  --env NAME                 likewise, with the value that porthole has for it: so a
                             secret is on no command line.
  --arg TEXT                 get this argument, after the handler's name.

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
  porthole serve --tls-listen :443 --acme-domain shop.example.com shop.wasm
  porthole serve --watch --route /api/=api.wasm --route admin.example.com/=admin.wasm site.wasm
  porthole serve --isolation fresh --event-timeout 100ms --max-memory 64MiB stranger.wasm`,
		DisableFlagsInUseLine: true,
		Args:                  atMost("HANDLER.wasm"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s.stderr = cmd.ErrOrStderr()
			path := ""
			if len(args) > 0 {
				path = args[0]
			}
			routes, err := s.routes.list(path)
			if err != nil {
				return err
			}
			return s.run(cmd.Context(), routes)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.Var(&s.listen, "listen", "where to accept connections (default "+defaultAddress+")")
	flags.Var(&grants{&s.handler.Grants, &s.handler.Grants.Connect}, "allow-connect", "what the handler may connect to")
	flags.Var(&grants{&s.handler.Grants, &s.handler.Grants.Listen}, "allow-listen", "what the handler may listen on itself")
	flags.Var(&environment{&s.handler.Grants.Env}, "env", "an environment variable that the handler sees")
	flags.StringArrayVar(&s.handler.Grants.Args, "arg", nil, "an argument, `TEXT`, that the handler gets")
	flags.Var(&s.routes, "route", "which handler gets the requests for a pattern")
	flags.BoolVar(&s.watch, "watch", false, "load a handler again when its file changes")
	flags.TextVar(&s.handler.Isolation, "isolation", host.Shared, "what of one request the next can see, a `mode`: shared, pooled or fresh")
	flags.IntVar(&s.server.Shards, "shards", 0, "how many shards; 0: one for each CPU")
	flags.DurationVar(&s.drain, "drain-timeout", 30*time.Second, "how long requests in flight may take to finish after a signal; 0: no limit")
	limitFlags(flags, &s.server)
	s.tls.register(flags)
	handlerLimitFlags(flags, &s.handler.Limits)
	flags.BoolVar(&s.server.IgnoreUpgrade, "ignore-upgrade", false, "serve a request with Upgrade as if it had none, unless the handler listens to upgrades")
	s.observing.flags(flags)
	flags.StringVar(&s.runtime.CacheDir, "cache-dir", "", "where compiled modules are kept (default the user's cache directory)")
	flags.BoolVar(&s.runtime.NoIOUring, "no-io-uring", false, "do not ask for io_uring, where a filter of system calls ends who does")
	flags.Var(&int64Limit{&s.runtime.MaxCacheBytes, strconv.Itoa(host.DefaultMaxCacheBytes>>30) + "GiB", true}, "max-cache", "most that compiled modules take there; over it: those used longest ago go; 0: no limit")
	flags.BoolVar(&s.runtime.NoCache, "no-cache", false, "keep no compiled modules")
	return cmd
}

// serve is the command with its flags.
type serve struct {
	listen  addresses
	routes  routes
	watch   bool
	drain   time.Duration
	runtime host.Config
	handler host.HandlerConfig
	server  host.ServerConfig
	tls     tlsFlags
	observing
	stderr io.Writer
}

func (s *serve) run(ctx context.Context, routes []routeFlag) (err error) {
	if err := s.validate(); err != nil {
		return &usageError{err}
	}
	started := startWithoutCollecting()
	defer started()
	all := newSites(routes)
	modules := make([][]byte, len(all))
	for i, of := range all {
		var err error
		if modules[i], err = readModule(of.path); err != nil {
			return err
		}
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
	served := &sites{runtime: rt, config: s.handler, log: s.runtime.Logger, all: all}
	handlers := make([]*host.Handler, len(all))
	for i, of := range all { // while rt compiles its stack
		if handlers[i], err = served.compile(ctx, of, modules[i]); err != nil {
			return err
		}
	}
	if s.server.Shards == 0 {
		s.server.Shards = min(runtime.GOMAXPROCS(0), host.MaxShards)
	}
	server, err := rt.NewServer(nil, s.server)
	if err != nil {
		return err
	}
	served.server = server
	for i, of := range all {
		if err := served.serve(of, modules[i], handlers[i]); err != nil {
			return err
		}
		modules[i] = nil
	}

	signals, release = catchSignals()
	watching, quit := context.WithCancel(ctx)
	defer quit()
	kept := served.keepUp(watching, s.watch)
	if err := s.listenAll(server); err != nil {
		return err
	}
	started()
	spareProcessor(s.server.Shards)
	select {
	case <-server.Done():
		return server.Err()
	case signal := <-signals:
		s.runtime.Logger.Info("finishing requests in flight", "signal", signal.String())
		s.ready(false)
		quit() // no more new versions
	}
	if err := s.finish(ctx, server, signals); err != nil {
		return err
	}
	<-kept
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
	opened := func(where string) { s.announce(&lines, "listening", where) }
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
		s.announce(&lines, "metrics", showAddress(s.page.address)+"/metrics")
	}
	s.ready(true) // before anybody is told where
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
