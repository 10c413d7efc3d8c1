//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netloop

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/internal/tlsconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shaped is a connection whose writes go as a test likes.
type shaped struct {
	net.Conn
	write func(c net.Conn, p []byte) (int, error)
}

func (s *shaped) Write(p []byte) (int, error) { return s.write(s.Conn, p) }

func plainly(c net.Conn, p []byte) (int, error) { return c.Write(p) }

// shapedPair is establishedPair with a peer whose records go through the result's write.
func shapedPair(t *testing.T, version uint16) (handshake func() *tlsconn.Conn, theirs *tls.Conn, under *shaped) {
	if portable {
		t.Skip("of the poller's sockets")
	}
	here, there := tcpPair(t)
	under = &shaped{Conn: there, write: plainly}
	theirs = tls.Client(under, &tls.Config{InsecureSkipVerify: true, MaxVersion: version})
	return func() *tlsconn.Conn {
		ours, err := tlsconn.Server(t.Context(), here, &tls.Config{Certificates: []tls.Certificate{certificate()}})
		require.NoError(t, err)
		return ours
	}, theirs, under
}

func eachVersion(t *testing.T, test func(t *testing.T, version uint16)) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) { test(t, version) })
	}
}

// TestRecordsInPieces has every byte of the peer's records arrive alone, which the loop sees before the next.
func TestRecordsInPieces(t *testing.T) {
	eachVersion(t, func(t *testing.T, version uint16) {
		handshake, theirs, under := shapedPair(t, version)
		done := make(chan error, 1)
		go func() { done <- theirs.Handshake() }()
		ours := handshake()
		require.NoError(t, <-done)

		var got []byte
		l := New(Config{})
		ended := make(chan struct{})
		run(t, l, &hooks{
			data:  func(_ Handle, p []byte) { got = append(got, p...) },
			end:   func(Handle) { close(ended) },
			close: func(Handle, abi.Status) { t.Error("the connection broke") },
		})
		l.Attach(ours, 0)
		pieces := 0
		under.write = func(c net.Conn, p []byte) (int, error) {
			for i := range p {
				if _, err := c.Write(p[i : i+1]); err != nil {
					return i, err
				}
				pieces++
				on(t, l, func() {})
			}
			return len(p), nil
		}
		sent := noise(1, 300)
		for _, p := range [][]byte{sent[:1], sent[1:17], sent[17:]} {
			_, err := theirs.Write(p)
			require.NoError(t, err)
		}
		require.NoError(t, theirs.CloseWrite())
		<-ended
		require.Equal(t, sent, got)
		require.Greater(t, pieces, len(sent))
	})
}

// TestDataWithTheHandshake has the peer's first bytes come with the end of its handshake: crypto/tls has read them when the loop
// gets the connection, and nothing follows that would wake it.
func TestDataWithTheHandshake(t *testing.T) {
	eachVersion(t, func(t *testing.T, version uint16) {
		handshake, theirs, under := shapedPair(t, version)
		var last []byte // what the peer has written since it read
		done := make(chan error, 1)
		go func() {
			done <- func() error {
				under.write = func(c net.Conn, p []byte) (int, error) {
					if p[0] == 20 || version == tls.VersionTLS13 && p[0] == 23 { // from the change of ciphers on
						last = append(last, p...)
						if version == tls.VersionTLS13 {
							return len(p), nil
						}
						// TLS 1.2 answers the client's last flight, so that comes alone
					} else {
						return c.Write(p)
					}
					_, err := c.Write(last)
					last = nil
					return len(p), err
				}
				if err := theirs.Handshake(); err != nil {
					return err
				}
				if _, err := theirs.Write([]byte("early")); err != nil {
					return err
				}
				_, err := under.Conn.Write(last)
				return err
			}()
		}()
		l := New(Config{})
		got := make(chan string, 1)
		run(t, l, &hooks{data: func(_ Handle, p []byte) { got <- string(p) }})
		ours := handshake()
		require.NoError(t, <-done) // all of it has arrived
		l.Attach(ours, 0)
		require.Equal(t, "early", <-got)
	})
}

// TestIdleTLS checks that connections that wait hold no goroutine and no buffer of the loop.
func TestIdleTLS(t *testing.T) {
	if portable {
		t.Skip("of the poller's sockets")
	}
	const conns = 20
	l := New(Config{})
	e := newEcho(l)
	accepted := make(chan struct{})
	e.accept = func(Handle, Handle) { accepted <- struct{}{} }
	run(t, l, e)
	var pairs [][2]*tlsconn.Conn
	for range conns {
		ours, theirs := establishedPair(t)
		pairs = append(pairs, [2]*tlsconn.Conn{ours, theirs})
	}
	before := runtime.NumGoroutine()
	for _, p := range pairs {
		l.Attach(p[0], 0)
		<-accepted
		roundTrip(t, p[1], make([]byte, 100))
	}
	require.LessOrEqual(t, runtime.NumGoroutine(), before)
	on(t, l, func() {
		for i := range l.handles.slots {
			assert.Nil(t, l.handles.slots[i].socket.transport.(*tlsSocket).unsent)
		}
	})
}

// TestSealedCloseFlushes closes a connection, or stops the loop, when much waits for room. A peer that reads gets all and the
// goodbye; one that does not is cut.
func TestSealedCloseFlushes(t *testing.T) {
	if portable {
		t.Skip("of the poller's sockets")
	}
	for _, stop := range []bool{true, false} {
		taken, received, err := closeFilled(t, stop, true)
		require.NoError(t, err)
		require.EqualValues(t, taken, received)
		for err == nil { // the kernel may come to have room for the rest
			_, _, err = closeFilled(t, stop, false)
		}
		require.ErrorIs(t, err, syscall.ECONNRESET)
	}
}

// closeFilled closes a connection, or stops its loop, when something written to it waits for room. It returns how much was written, and what
// came of it to a peer that reads, or only does when the loop has ended.
func closeFilled(t *testing.T, stop, reads bool) (taken int, received int64, err error) {
	c := Config{}
	if !reads {
		c.WriteFlushTimeout = time.Millisecond
	}
	l := New(c)
	var socket *tlsSocket
	filled := make(chan struct{})
	end := run(t, l, &hooks{accept: func(s, _ Handle) {
		block := make([]byte, 1<<20)
		for n := len(block); n == len(block); taken += n {
			n, _ = l.Write(s, block)
		}
		socket = l.handles.socket(s).transport.(*tlsSocket)
		assert.NotNil(t, socket.unsent)
		if stop {
			l.Stop()
		} else {
			l.CloseHandle(s, false)
		}
		close(filled)
	}})
	ours, theirs := establishedPair(t)
	require.NoError(t, ours.NetConn().(*net.TCPConn).SetWriteBuffer(16<<10)) // so that they do not grow
	require.NoError(t, theirs.NetConn().(*net.TCPConn).SetReadBuffer(16<<10))
	l.Attach(ours, 0)
	<-filled
	if !reads {
		end() // it does not wait for the peer
	}
	received, err = io.Copy(io.Discard, theirs)
	if reads {
		end()
		socket.ready(writable) // a signal from before: the descriptor may be another's by now
		require.Equal(t, abi.StatusOK, socket.failure)
	}
	return taken, received, err
}

// TestResetAfterGoodbye has a peer leave that has said that it will send no more, which crypto/tls believes.
func TestResetAfterGoodbye(t *testing.T) {
	if portable {
		t.Skip("of the poller's sockets")
	}
	l := New(Config{})
	ended, closed := make(chan struct{}), make(chan abi.Status)
	run(t, l, &hooks{
		end:   func(Handle) { close(ended) },
		close: func(_ Handle, status abi.Status) { closed <- status },
	})
	ours, theirs := establishedPair(t)
	l.Attach(ours, 0)
	require.NoError(t, theirs.CloseWrite())
	<-ended
	require.NoError(t, theirs.NetConn().(*net.TCPConn).SetLinger(0))
	require.NoError(t, theirs.NetConn().Close())
	require.Equal(t, abi.StatusReset, <-closed)
}

// talkative stands for a TLS connection that answers each byte by itself, as one may an update of keys, with a block.
type talkative struct {
	net.Conn
	answer []byte
}

func (c *talkative) NetConn() net.Conn  { return c.Conn }
func (c *talkative) Replace(u net.Conn) { c.Conn = u }
func (c *talkative) HandshakeOver()     {}
func (c *talkative) CloseWrite() error  { return nil }

func (c *talkative) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p[:1])
	if n > 0 {
		_, _ = c.Conn.Write(c.answer)
	}
	return n, err
}

// TestAnswersAreBounded checks that a peer that has TLS answer and does not read is not read either.
func TestAnswersAreBounded(t *testing.T) {
	if portable {
		t.Skip("of the poller's sockets")
	}
	const asked = 1000
	here, theirs := tcpPair(t)
	ours := &talkative{here, bytes.Repeat([]byte("a"), 64<<10)}
	l := New(Config{ReadBufferSize: 1})
	most, got := 0, 0
	var h Handle
	stalled, all := make(chan struct{}), make(chan struct{})
	look := func() {
		s := l.handles.socket(h).transport.(*tlsSocket)
		if most = max(most, len(s.unsent)-s.sent); s.choked() {
			select {
			case <-stalled:
			default:
				close(stalled)
			}
		}
	}
	run(t, l, &hooks{
		accept: func(s, _ Handle) { h = s },
		data: func(_ Handle, p []byte) {
			look()
			if got += len(p); got == asked {
				close(all)
			}
		},
	})
	l.Attach(ours, 0)
	_, err := theirs.Write(make([]byte, asked))
	require.NoError(t, err)
	<-stalled
	var before int
	on(t, l, func() { before = got })
	on(t, l, func() { assert.Equal(t, before, got, "it is read although it does not read") })
	n, err := io.CopyN(io.Discard, theirs, asked*64<<10)
	require.NoError(t, err)
	require.EqualValues(t, asked*64<<10, n)
	<-all
	on(t, l, func() { assert.LessOrEqual(t, most, maxUnsent+64<<10) })
}
