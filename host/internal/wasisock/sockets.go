package wasisock

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/portholehttp/porthole/host/internal/grant"
)

// Config is what a program's sockets may be.
type Config struct {
	Grants     *grant.Set
	MaxSockets int             // that may be open; beyond it: MFILE
	Resolver   Resolver        // nil: net.DefaultResolver
	Denied     func(error)     // if not nil, is told of each refusal once: *grant.Error; never two at a time
	Listening  func(net.Addr)  // if not nil, is told of each listener
	Stdin      File            // of which poll_oneoff can tell whether it is readable; nil: it always is
	Monotonic  func() int64    // the program's monotonic clock, nanoseconds
	Realtime   func() int64    // nanoseconds since 1970
	Context    context.Context // its end ends what takes time
}

// Resolver finds the addresses of a name, as *net.Resolver does. It is called from several goroutines.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// ErrInterrupted is what a program's call ends with after Interrupt.
var ErrInterrupted = errors.New("interrupted")

// ErrUnsupported is what New returns where there are no such sockets.
var ErrUnsupported = errors.New("sockets of WASI programs are not supported on this platform")

// File is a file of the host.
type File interface{ Fd() uintptr }

// Sockets are those of one program.
type Sockets struct {
	config  Config
	grants  *grant.Set
	table   table
	poller  poller
	vectors [][]byte // of the call under way
	stdin   stdin

	context context.Context // ends with Close
	cancel  context.CancelFunc
	serving sync.WaitGroup // goroutines of serve
	served  int

	mu       sync.Mutex // what goroutines of serve need too
	resolved resolved
	denied   map[string]struct{}

	interrupted atomic.Bool
	closing     sync.Mutex // Interrupt and Close
	closed      bool
}

// New returns the sockets of a program. The error is ErrUnsupported, or of the system.
func New(c Config) (*Sockets, error) {
	s := &Sockets{config: c, grants: c.Grants, denied: map[string]struct{}{}}
	if s.config.Resolver == nil {
		s.config.Resolver = net.DefaultResolver
	}
	s.context, s.cancel = context.WithCancel(c.Context)
	s.table.most = c.MaxSockets
	if err := s.poller.open(); err != nil {
		return nil, err
	}
	if c.Stdin != nil {
		s.stdin = stdin{file: c.Stdin, socket: &socket{fd: int(c.Stdin.Fd())}}
	}
	return s, nil
}

// Interrupt makes the program's call, and every later one, of a function of WASI or of Check end with ErrInterrupted. It may be called from
// any goroutine, also after Close.
func (s *Sockets) Interrupt() {
	s.interrupted.Store(true)
	s.closing.Lock()
	defer s.closing.Unlock()
	if !s.closed {
		s.poller.wake()
	}
}

// Check ends a host function that an interrupted program has called. wazero makes it the error of the call of the export.
func (s *Sockets) Check() {
	if s.interrupted.Load() {
		panic(ErrInterrupted)
	}
}

// Close closes every socket. The program has ended.
func (s *Sockets) Close() {
	s.cancel()
	for _, k := range s.table.slots {
		if k != nil {
			s.discard(k)
		}
	}
	s.serving.Wait()
	s.closing.Lock()
	defer s.closing.Unlock()
	s.closed = true
	s.poller.close()
}

// discard closes a socket.
func (s *Sockets) discard(k *socket) errno {
	s.table.remove(k)
	s.poller.forget(k)
	if k.server != nil {
		_ = k.server.Close()
		s.served--
	}
	return closeSocket(k)
}

// lookup returns the socket of a descriptor.
func (s *Sockets) lookup(fd uint64) (*socket, errno) {
	if k := s.table.find(uint32(fd)); k != nil {
		return k, success
	}
	return nil, errBadF
}

// forever is a deadline that does not come.
const forever = 1<<63 - 1

// after adds a time to a reading of a clock, both in nanoseconds.
func after(now int64, wait uint64) int64 {
	if wait >= uint64(forever-now) {
		return forever
	}
	return now + int64(wait)
}

// resolveTimeout is the longest that sock_getaddrinfo takes.
const resolveTimeout = 30 * time.Second
