package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/portholehttp/porthole/host"
)

// subject is the server, and what it is loaded with.
type subject struct {
	runtime *host.Runtime
	server  *host.Server
	address string
	hello   []byte
	current *host.Handler // of /hello
}

func newSubject(ctx context.Context, c config) (s *subject, err error) {
	s = &subject{}
	modules := make(map[string][]byte)
	for name, file := range map[string]string{"hello": c.hello, "upload": c.upload, "attacks": c.attacks} {
		if modules[name], err = os.ReadFile(file); err != nil {
			return nil, err
		}
	}
	s.hello = modules["hello"]
	// What handlers print and die of is counted by the clients.
	if s.runtime, err = host.New(ctx, host.Config{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}); err != nil {
		return nil, err
	}
	if s.server, err = s.runtime.NewServer(nil, host.ServerConfig{Shards: 2}); err != nil {
		return nil, err
	}
	limits := host.Limits{EventTimeout: 50 * time.Millisecond, MaxMemoryPages: 64, MaxQueuedBytes: 4 << 20}
	patient := host.Limits{QueueTimeout: time.Minute} // as the clients are: the attacks leave the others little
	for _, r := range []struct {
		pattern, name string
		config        host.HandlerConfig
	}{
		{"/hello", "hello", host.HandlerConfig{}},
		{"/fresh", "hello", host.HandlerConfig{Isolation: host.Fresh, Limits: patient}},
		{"/upload", "upload", host.HandlerConfig{Isolation: host.Pooled, Limits: patient}},
		{"/", "attacks", host.HandlerConfig{Isolation: host.Fresh, Limits: limits, Grants: host.Grants{Listen: []string{"127.0.0.1:0"}}}},
	} {
		h, err := s.runtime.Load(ctx, r.name, modules[r.name], r.config)
		if err != nil {
			return nil, err
		}
		if err := s.server.Handle(r.pattern, h); err != nil {
			return nil, fmt.Errorf("%s: %w", r.pattern, err)
		}
		if r.pattern == "/hello" {
			s.current = h
		}
	}
	bound, err := s.server.Listen("127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.address = bound.String()
	return s, nil
}

// reload replaces the handler of /hello by another version of it.
func (s *subject) reload(ctx context.Context, version int) error {
	// A custom section makes it another module, which has to be compiled.
	h, err := s.runtime.Load(ctx, "hello", withNote(s.hello, fmt.Sprint(version%8)), host.HandlerConfig{})
	if err != nil {
		return err
	}
	if err := s.server.Handle("/hello", h); err != nil {
		return err
	}
	err = s.current.Close()
	s.current = h
	return err
}

// withNote appends a custom section to a module.
func withNote(wasm []byte, note string) []byte {
	const custom = 0
	name := "note"
	section := append([]byte{custom, byte(1 + len(name) + len(note)), byte(len(name))}, name+note...)
	return append(append([]byte(nil), wasm...), section...)
}

// close ends the server, whose clients have gone.
func (s *subject) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return errors.Join(s.server.Shutdown(ctx), s.runtime.Close(ctx))
}
