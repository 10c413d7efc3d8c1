package host

import (
	"net"
	"sync"
	"sync/atomic"

	"github.com/portholehttp/porthole/abi"
)

// inbound deals connections to the shards that come from no net.Listener.
type inbound struct {
	open func() (*listener, error)
	once sync.Once
	l    *listener
	err  error
	turn atomic.Uint32
}

// openInbound makes an inbound's listener known to all shards.
func (s *Server) openInbound(o abi.Options) (*listener, error) {
	l, err := s.open(nowhere{}, o)
	if err == nil {
		s.serving.Done() // nothing is accepted
	}
	return l, err
}

// give deals a connection. If it returns an error, the connection is closed.
func (i *inbound) give(s *Server, conn net.Conn) error {
	i.once.Do(func() { i.l, i.err = i.open() })
	switch {
	case s.isClosing():
		_ = conn.Close()
		return ErrServerClosed
	case i.err != nil:
		_ = conn.Close()
		return i.err
	}
	i.l.deal(conn, int(i.turn.Add(1)%MaxShards), s.closing)
	return nil
}

// ServeConn serves a connection of the embedder's own making: one of a listener that it accepts from itself, an end of a pipe, a
// connection that was upgraded to TLS. It returns when the connection is taken over, which is at once unless all shards are
// behind; from then on conn is the server's, which closes it. If the server is closing, conn is closed, and the
// error is ErrServerClosed.
//
// conn must have no deadline. One that is not a plain TCP or Unix socket costs a buffer. Its CloseWrite and SetLinger are used if it has them.
func (s *Server) ServeConn(conn net.Conn) error { return s.own.give(s, conn) }

// nowhere is a listener that nobody connects to.
type nowhere struct{}

func (nowhere) Accept() (net.Conn, error) { return nil, net.ErrClosed }
func (nowhere) Close() error              { return nil }
func (nowhere) Addr() net.Addr            { return &net.UnixAddr{Net: "unix", Name: "@"} }
