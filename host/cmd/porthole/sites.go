package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"

	"github.com/portholehttp/porthole/host"
)

// site is a file and what it serves.
type site struct {
	path     string
	patterns []string
	sum      [sha256.Size]byte // of the file's contents that are served
	handler  *host.Handler
}

// sites are what a server serves. They are used by one goroutine at a time.
type sites struct {
	runtime *host.Runtime
	server  *host.Server
	config  host.HandlerConfig
	log     *slog.Logger
	all     []*site
}

// newSites groups routes by file: a handler that has several is loaded once.
func newSites(routes []routeFlag) []*site {
	var all []*site
	for _, r := range routes {
		i := slices.IndexFunc(all, func(s *site) bool { return s.path == r.file })
		if i < 0 {
			i = len(all)
			all = append(all, &site{path: r.file})
		}
		all[i].patterns = append(all[i].patterns, r.pattern)
	}
	return all
}

// load puts what is in the file of a site now in place of what it serves. If that fails, what it serves stays.
func (s *sites) load(ctx context.Context, of *site, wasm []byte) error {
	handler, err := s.compile(ctx, of, wasm)
	if err != nil {
		return err
	}
	return s.serve(of, wasm, handler)
}

// compile makes a handler of what is in the file of a site.
func (s *sites) compile(ctx context.Context, of *site, wasm []byte) (*host.Handler, error) {
	name := strings.TrimSuffix(filepath.Base(of.path), ".wasm")
	handler, err := s.runtime.Load(ctx, name, wasm, s.config)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", of.path, withoutName(err))
	}
	return handler, nil
}

// serve puts a handler in place of what a site serves.
func (s *sites) serve(of *site, wasm []byte, handler *host.Handler) error {
	for _, pattern := range of.patterns {
		if err := s.server.Handle(pattern, handler); err != nil {
			_ = handler.Close() // err says more
			return fmt.Errorf("%s: %w", of.path, withoutName(err))
		}
	}
	if of.handler != nil {
		_ = of.handler.Close() // it was not served by itself
	}
	of.handler, of.sum = handler, sha256.Sum256(wasm)
	return nil
}

// reload loads those whose files have changed, or with force all.
func (s *sites) reload(ctx context.Context, paths []string, force bool) {
	for _, of := range s.all {
		if !slices.Contains(paths, of.path) && !force {
			continue
		}
		log := s.log.With("handler", strings.TrimSuffix(filepath.Base(of.path), ".wasm"), "file", of.path)
		wasm, err := readModule(of.path)
		if err == nil && !force && sha256.Sum256(wasm) == of.sum {
			continue // it was only touched
		}
		if err == nil {
			err = s.load(ctx, of, wasm)
		}
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			log.Error("not reloaded, what was served before stays", "reason", oneLine(err))
		default:
			log.Info("reloaded")
		}
	}
}
