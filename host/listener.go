package host

import (
	"errors"
	"net"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/shard"
	"github.com/portholehttp/porthole/internal/netloop"
)

// listener is a net.Listener and what each shard knows of it.
type listener struct {
	ln       net.Listener
	released chan struct{} // closed by release

	mu     sync.Mutex
	shards []*shard.Listener // replaced and not changed
}

// errReleased is why accepting ended that nobody wants any more.
var errReleased = errors.New("listener released")

// add has connections dealt to one more shard.
func (l *listener) add(known *shard.Listener) {
	l.mu.Lock()
	l.shards = append(slices.Clip(l.shards), known)
	l.mu.Unlock()
}

// remove undoes add.
func (l *listener) remove(known *shard.Listener) {
	l.mu.Lock()
	l.shards = slices.DeleteFunc(slices.Clone(l.shards), func(k *shard.Listener) bool { return k == known })
	l.mu.Unlock()
}

func (l *listener) known() []*shard.Listener {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.shards
}

// release ends accepting, because no shard is left. It is called once.
func (l *listener) release() {
	close(l.released)
	_ = l.ln.Close() // for the second time, if the server is closing
}

// Listen opens a listener and serves it in the background. addr is "host:port" for TCP, where an empty host means
// all addresses and port 0 a free one, or "unix:/path". It returns the address that was bound.
//
// A socket file at path on which nobody listens is removed first; anything else there is an error. The file is
// removed when the server stops accepting.
func (s *Server) Listen(addr string) (net.Addr, error) {
	if s.isClosing() {
		return nil, ErrServerClosed
	}
	ln, err := listen(addr)
	if err != nil {
		return nil, err
	}
	return s.serveInBackground(netloop.Direct(ln))
}

// serveInBackground is Serve on a goroutine of its own. It returns where ln listens.
func (s *Server) serveInBackground(ln net.Listener) (net.Addr, error) {
	l, err := s.open(ln, s.options)
	if err != nil {
		return nil, err
	}
	go func() {
		defer s.serving.Done()
		if err := s.accept(l); !errors.Is(err, ErrServerClosed) {
			s.log.Error("listener given up", "address", ln.Addr().String(), "reason", err)
		}
	}()
	return ln.Addr(), nil
}

// Serve accepts connections of ln until the server is closed, then returns ErrServerClosed; or until accepting
// fails for good, then that error. It closes ln in any case. A ln whose connections are not plain TCP or Unix sockets costs
// a buffer for each.
func (s *Server) Serve(ln net.Listener) error {
	l, err := s.open(ln, s.options)
	if err != nil {
		return err
	}
	defer s.serving.Done()
	return s.accept(l)
}

// open makes ln known to all shards. If it fails, ln is closed. If not, s.serving is to be told when ln is not
// accepted from any more.
func (s *Server) open(ln net.Listener, o abi.Options) (*listener, error) {
	l, err := s.register(ln)
	if err != nil {
		return nil, err
	}
	for _, sh := range s.shards {
		known, err := sh.OpenListener(o)
		if err != nil {
			s.close(l)
			s.serving.Done()
			return nil, publicError(err)
		}
		l.add(known)
	}
	return l, nil
}

// register makes ln one of the server's. If it fails, ln is closed. If not, s.serving is to be told when ln is not
// accepted from any more.
func (s *Server) register(ln net.Listener) (*listener, error) {
	l := &listener{ln: ln, released: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isClosing() {
		_ = ln.Close() // it was not served
		return nil, ErrServerClosed
	}
	s.listeners[l] = struct{}{}
	s.serving.Add(1)
	return l, nil
}

// close undoes open.
func (s *Server) close(l *listener) {
	s.mu.Lock()
	delete(s.listeners, l)
	s.mu.Unlock()
	_ = l.ln.Close() // for the second time, if the server is closing
	for _, known := range l.known() {
		known.Close()
	}
}

const (
	acceptRetryMin = 5 * time.Millisecond
	acceptRetryMax = time.Second
)

// accept deals the connections of l to the shards.
func (s *Server) accept(l *listener) error {
	defer s.close(l)
	var retry time.Duration
	for next := 0; ; {
		conn, err := l.ln.Accept()
		switch {
		case err == nil:
			retry = 0
			s.runtime.observe.Accepted()
			next = l.deal(conn, next, s.closing)
			continue
		case s.isClosing():
			return ErrServerClosed
		case isClosed(l.released):
			return errReleased
		case !temporary(err):
			return err
		}
		retry = min(max(2*retry, acceptRetryMin), acceptRetryMax)
		s.log.Warn("accept failed", "address", l.ln.Addr().String(), "reason", err, "retry", retry)
		select {
		case <-time.After(retry):
		case <-s.closing:
		case <-l.released:
		}
	}
}

// deal gives a connection to the shard that has the fewest, of several the first from turn on; if that is behind, to the first after it
// that is not; if all are, it waits for the one with the fewest, or closes the connection if closing is closed meanwhile. It
// returns whose turn is next.
func (l *listener) deal(conn net.Conn, turn int, closing <-chan struct{}) int {
	shards := l.known()
	n := len(shards)
	if n == 0 {
		_ = conn.Close() // nobody is left to serve it
		return 0
	}
	first := leastLoaded(shards, turn%n)
	for i := range n {
		if at := (first + i) % n; shards[at].TryAttach(conn) {
			return (at + 1) % n
		}
	}
	shards[first].Attach(conn, closing)
	return (first + 1) % n
}

// leastLoaded returns the first from turn on of those with the fewest connections. Dealt in turn only, those that last could
// end up on one shard.
func leastLoaded(shards []*shard.Listener, turn int) int {
	n := len(shards)
	best, least := turn, shards[turn].Load()
	for i := 1; i < n && least > 0; i++ {
		at := (turn + i) % n
		if load := shards[at].Load(); load < least {
			best, least = at, load
		}
	}
	return best
}

// temporary reports whether accepting may succeed later: the process or the system had too little of something,
// or the connection was gone before it was accepted.
func temporary(err error) bool {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED} {
		if errors.Is(err, e) {
			return true
		}
	}
	var t interface{ Temporary() bool } // deprecated in net.Error, but all that other listeners say
	return errors.As(err, &t) && t.Temporary()
}
