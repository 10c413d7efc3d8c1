package tlslisten

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/portholehttp/porthole/internal/tlsconn"
)

// Config says how a Listener makes connections. All of it is wanted.
type Config struct {
	TLS     func() *tls.Config             // for a connection that begins now
	Timeout time.Duration                  // of a handshake, in all
	Max     int                            // handshakes in progress
	Keep    func(tls.ConnectionState) bool // false: the handshake was all that the peer wanted
	Log     *slog.Logger
}

// Listener speaks TLS on the connections of another listener, which it owns.
type Listener struct {
	inner    net.Listener
	config   Config
	slots    *slots
	failures *failures
	ready    chan accepted
	ctx      context.Context // ends with Close
	cancel   context.CancelCauseFunc
	close    func() error
}

// accepted is what Accept returns.
type accepted struct {
	conn net.Conn
	err  error
}

// New returns a Listener over inner.
func New(inner net.Listener, c Config) *Listener {
	l := &Listener{
		inner:    inner,
		config:   c,
		slots:    newSlots(c.Max),
		failures: &failures{log: c.Log},
		ready:    make(chan accepted),
	}
	l.ctx, l.cancel = context.WithCancelCause(context.Background())
	l.close = sync.OnceValue(func() error {
		l.cancel(net.ErrClosed)
		return inner.Close()
	})
	go l.run()
	return l
}

// Accept returns the next connection whose handshake is over, a *tlsconn.Conn; or an error of the other listener.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case a := <-l.ready:
		return a.conn, a.err
	case <-l.ctx.Done():
		return nil, net.ErrClosed
	}
}

// Close closes the other listener, and the connections that Accept has not returned. It does not wait for their goroutines.
func (l *Listener) Close() error { return l.close() }

// Addr is the other listener's.
func (l *Listener) Addr() net.Addr { return l.inner.Addr() }

// run accepts connections until Close.
func (l *Listener) run() {
	for {
		conn, err := l.inner.Accept()
		if err != nil {
			if !l.deliver(accepted{err: err}) { // then Accept is called again, or Close
				return
			}
			continue
		}
		ctx, cancel := context.WithTimeoutCause(l.ctx, l.config.Timeout, errTimeout)
		s := l.slots.take(ctx.Done(), cancel)
		if s == nil { // Close, or nobody gave way for a whole timeout
			cancel()
			_ = conn.Close()
			if isDone(l.ctx) {
				return
			}
			continue
		}
		go func() {
			defer cancel()
			defer l.slots.free(s)
			l.handshake(ctx, conn, s)
		}()
	}
}

var (
	errTimeout = errors.New("it took too long")
	errGaveWay = errors.New("too many handshakes at once, and this one was slow")
)

// handshake sees a connection through to Accept.
func (l *Listener) handshake(ctx context.Context, raw net.Conn, s *slot) {
	conn, err := tlsconn.Server(ctx, raw, l.config.TLS())
	if err != nil {
		if isPlainHTTP(err) {
			refusePlainHTTP(ctx, raw)
		}
		_ = raw.Close()
		if !isDone(l.ctx) {
			l.failures.note(raw.RemoteAddr(), s.reason(ctx, err))
		}
		return
	}
	s.finish()
	if !l.config.Keep(conn.ConnectionState()) || !l.deliver(accepted{conn: conn}) {
		_ = conn.Close()
	}
}

// deliver hands over to Accept. It returns false if that is too late.
func (l *Listener) deliver(a accepted) bool {
	select {
	case l.ready <- a:
		return true
	case <-l.ctx.Done():
		return false
	}
}

func isDone(ctx context.Context) bool { return ctx.Err() != nil }
