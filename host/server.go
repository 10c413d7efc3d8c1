package host

import (
	"context"
	"net"
)

// Server serves HTTP with one handler, on any number of listeners.
type Server struct{ done chan struct{} }

// Listen opens a listener and serves it in the background. addr is "host:port" for TCP, where an empty
// host means all addresses and port 0 a free one, or "unix:/path". It returns the address that was bound.
//
// A socket file at path on which nobody listens is removed first; anything else there is an error. The
// file is removed when the server is closed.
func (s *Server) Listen(addr string) (net.Addr, error) { return nil, ErrServerClosed }

// Serve accepts connections of ln until the server is closed, then returns ErrServerClosed; or until
// accepting fails for good, then that error. It closes ln.
func (s *Server) Serve(ln net.Listener) error { return ErrServerClosed }

// Shutdown stops accepting, closes idle connections, and waits until the others have finished what is in
// flight. If ctx ends before, it closes them at once and returns ctx's error.
func (s *Server) Shutdown(ctx context.Context) error { return context.Cause(ctx) }

// Close closes all listeners and connections at once and waits until the shards have ended.
func (s *Server) Close() error { return nil }

// Done is closed when the server has ended: after Shutdown or Close, or because a shard could not go on.
func (s *Server) Done() <-chan struct{} { return s.done }

// Err returns nil until Done is closed; then ErrServerClosed after Shutdown or Close, or else why the
// server ended.
func (s *Server) Err() error { return nil }
