// Package subject starts the servers that the suites look at: ours, natively and in a sandbox, with the handler under
// test; and those of others, which do as that handler does.
package subject

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/portholehttp/porthole/host"
)

// Subject is a way to run a server.
type Subject struct {
	Name      string
	Sandboxed bool // a fault of the handler does not end the process
	start     func(testing.TB, Options) *Server
}

// Options of a server of ours. Two servers with equal Options are alike. In a sandbox the handler may connect to 127.0.0.1
// and localhost.
type Options struct {
	host.ServerConfig
	CheckContinue bool // the handler listens to 'checkContinue'
	Takeovers     bool // and to 'upgrade' and 'connect'
	Unix          bool // on a Unix socket
}

// Ours are both ways to run the handler under test. They must not differ in what a client sees.
var Ours = []Subject{
	{Name: "native", start: startNative},
	{Name: "wasm", Sandboxed: true, start: startWasm},
}

// Server is a server that runs.
type Server struct {
	Addr string // "host:port" or "unix:/path"
	stop func() error
}

// Start starts a server, which the test must Close.
func (s *Subject) Start(t testing.TB, o Options) *Server {
	t.Helper()
	return s.start(t, o)
}

// Close stops accepting and waits until all connections are gone: that it returns says that the server has let go of
// everything.
func (s *Server) Close(t testing.TB) {
	t.Helper()
	if err := s.stop(); err != nil {
		t.Errorf("the server at %s does not end: %v", s.Addr, err)
	}
}

// patience bounds waits for servers to start and to end.
const patience = 60 * time.Second

var errPatience = errors.New("it takes too long")

// RequirePeers says that a missing program fails the test that needs it.
var RequirePeers = os.Getenv("PORTHOLE_REQUIRE_PEERS") != ""

// Shutdown frees what the subjects share, after the last test.
func Shutdown() error { return errors.Join(shutdownNative(), shutdownWasm()) }
