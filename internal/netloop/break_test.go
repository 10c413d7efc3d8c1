package netloop

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/portholehttp/porthole/abi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestReset closes with reset while more waits than the peer reads.
func TestReset(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		l := New(Config{Portable: portable})
		closed := make(chan struct{})
		run(t, l, &hooks{
			data: func(s Handle, _ []byte) {
				defer close(closed)
				for {
					n, status := l.Write(s, make([]byte, 1<<20))
					assert.Equal(t, abi.StatusOK, status)
					if n == 0 {
						break
					}
				}
				assert.Equal(t, abi.StatusOK, l.CloseHandle(s, true))
				assert.Equal(t, abi.StatusClosed, l.CloseHandle(s, true))
			},
			writable: func(Handle) { assert.Fail(t, "an event after CloseHandle") },
			close:    func(Handle, abi.Status) { assert.Fail(t, "an event after CloseHandle") },
		})
		ours, theirs := k.pair(t)
		l.Attach(ours, 0)
		_, err := theirs.Write([]byte("x"))
		require.NoError(t, err)
		<-closed
		_, err = io.Copy(io.Discard, theirs)
		if k.tcp {
			require.ErrorIs(t, err, syscall.ECONNRESET)
		}
	})
}

// TestResetByPeer has the peer reset the connection when the loop reads, has paused and writes, or half closed.
func TestResetByPeer(t *testing.T) {
	for _, k := range kinds {
		if !k.tcp {
			continue
		}
		t.Run(k.name, func(t *testing.T) {
			l := New(Config{Portable: portable})
			type closing struct {
				handle Handle
				status abi.Status
			}
			accepted, closed := make(chan Handle, 1), make(chan closing, 2)
			var prepare func(s Handle)
			fill := func(s Handle) {
				for n := 1; n > 0; {
					n, _ = l.Write(s, make([]byte, 1<<20))
				}
			}
			run(t, l, &hooks{
				data:     func(s Handle, _ []byte) { prepare(s); accepted <- s },
				writable: fill,
				close: func(s Handle, status abi.Status) {
					assert.Equal(t, abi.StatusClosed, l.Pause(s))
					closed <- closing{s, status}
				},
			})
			for name, f := range map[string]func(s Handle){
				"reading":   func(Handle) {},
				"half open": func(s Handle) { l.Shutdown(s) },
				"paused": func(s Handle) {
					if k.plain {
						l.Pause(s)
					}
				},
				"writing": func(s Handle) {
					l.Pause(s) // so that it is writing that finds out
					fill(s)
				},
			} {
				on(t, l, func() { prepare = f })
				ours, theirs := k.pair(t)
				l.Attach(ours, 0)
				_, err := theirs.Write([]byte("x"))
				require.NoError(t, err)
				s := <-accepted
				require.NoError(t, innermost(theirs).(*net.TCPConn).SetLinger(0))
				require.NoError(t, innermost(theirs).Close())
				require.Equal(t, closing{s, abi.StatusReset}, <-closed, name)
			}
			on(t, l, func() { assert.Zero(t, l.Sockets()) })
			require.Empty(t, closed)
		})
	}
}

// TestWriteFindsReset checks the answers of a socket that a Write has found broken.
func TestWriteFindsReset(t *testing.T) {
	for _, k := range kinds[:2] {
		t.Run(k.name, func(t *testing.T) {
			l := New(Config{Portable: portable})
			closed := make(chan abi.Status, 2)
			var broken Handle
			ended := make(chan struct{})
			run(t, l, &hooks{
				accept: func(s, _ Handle) { broken = s },
				end:    func(Handle) { close(ended) },
				close:  func(_ Handle, status abi.Status) { closed <- status },
			})
			ours, theirs := k.pair(t)
			l.Attach(ours, 0)
			require.NoError(t, theirs.Close())
			<-ended
			for status := abi.StatusOK; status == abi.StatusOK; {
				on(t, l, func() {
					// The first write may succeed: its answer is the reset.
					if _, status = l.Write(broken, []byte("x")); status == abi.StatusOK {
						return
					}
					assert.Equal(t, abi.StatusReset, status)
					_, again := l.Write(broken, []byte("x"))
					assert.Equal(t, abi.StatusReset, again)
					assert.Equal(t, abi.StatusOK, l.Shutdown(broken))
					assert.Empty(t, closed, "Close from within Write")
				})
			}
			require.Equal(t, abi.StatusReset, <-closed)
			on(t, l, func() {
				_, status := l.Write(broken, []byte("x"))
				assert.Equal(t, abi.StatusClosed, status)
				assert.Empty(t, closed)
			})
		})
	}
}

// TestPeerHangsUp has peers go away at every stage of an exchange, politely and not.
func TestPeerHangsUp(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		for _, hard := range []bool{false, true} {
			for stage := range 5 {
				l := New(Config{Portable: portable})
				e := newEcho(l)
				over := make(chan struct{})
				e.over = func() { close(over) }
				stop := run(t, l, e)
				ours, theirs := k.pair(t)
				hangUp := sync.OnceFunc(func() {
					c := theirs
					if hard {
						c = innermost(c)
						if tcp, ok := c.(*net.TCPConn); ok {
							assert.NoError(t, tcp.SetLinger(0))
						}
					}
					_ = c.Close()
				})
				if stage == 0 { // before it is attached
					hangUp()
				}
				l.Attach(ours, 0)
				if stage == 1 { // at once
					hangUp()
				}
				if stage >= 2 { // with an answer on its way
					_, err := theirs.Write(make([]byte, 10_000))
					require.NoError(t, err)
				}
				if stage == 3 { // in the middle of the answer
					_, err := io.ReadFull(theirs, make([]byte, 5_000))
					require.NoError(t, err)
				}
				if stage == 4 { // with more to come than is ever read
					finished := make(chan struct{})
					go func() {
						defer close(finished)
						for {
							if _, err := theirs.Write(make([]byte, 64<<10)); err != nil {
								return
							}
						}
					}()
					_, err := io.ReadFull(theirs, make([]byte, 1_000))
					require.NoError(t, err)
					hangUp()
					<-finished
				}
				hangUp()
				<-over
				on(t, l, func() { assert.Zero(t, l.Sockets()) })
				stop()
			}
		}
	})
}

func TestStaleHandles(t *testing.T) {
	l := New(Config{Portable: portable})
	socket := make(chan Handle, 1)
	run(t, l, &hooks{accept: func(s, _ Handle) { socket <- s }})
	ours, theirs := tcpPair(t)
	info := Info(ours)
	l.Attach(ours, 0)
	s := <-socket
	check := func(h Handle) {
		n, status := l.Write(h, []byte("x"))
		assert.Zero(t, n)
		assert.Equal(t, abi.StatusClosed, status)
		assert.Equal(t, abi.StatusClosed, l.Shutdown(h))
		assert.Equal(t, abi.StatusClosed, l.Pause(h))
		assert.Equal(t, abi.StatusClosed, l.Resume(h))
		assert.Empty(t, l.Info(h))
	}
	on(t, l, func() {
		listener := l.NewListenerHandle()
		for _, h := range []Handle{0, 1, listener, s + 1, s + 1<<32, s - 1<<32, 1 << 63, ^Handle(0)} {
			check(h)
			if h != listener {
				assert.Equal(t, abi.StatusClosed, l.CloseHandle(h, false))
			}
		}
		assert.Equal(t, info, l.Info(s))
		assert.Equal(t, abi.StatusOK, l.CloseHandle(s, false))
		check(s)
		assert.Equal(t, abi.StatusClosed, l.CloseHandle(s, false))
		assert.Equal(t, abi.StatusOK, l.CloseHandle(listener, false))
		assert.Equal(t, abi.StatusClosed, l.CloseHandle(listener, false))
	})
	_, err := theirs.Read(make([]byte, 1))
	require.Equal(t, io.EOF, err)
	l.Attach(ours, 0)
	require.NotEqual(t, s, <-socket, "the slot's next handle")
}

// TestClosedBehindOurBack checks what comes of somebody else's Close: an event and nothing worse.
func TestClosedBehindOurBack(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		if k.sealed && !portable && newPoller() != nil {
			t.Skip("what crypto/tls does is the loop's alone")
		}
		l := New(Config{Portable: portable})
		accepted, closed := make(chan struct{}), make(chan struct{})
		run(t, l, &hooks{
			accept: func(Handle, Handle) { close(accepted) },
			end:    func(s Handle) { l.CloseHandle(s, false); close(closed) }, // what net.Pipe and crypto/tls make of it
			close:  func(Handle, abi.Status) { close(closed) },
		})
		ours, theirs := k.pair(t)
		l.Attach(ours, 0)
		<-accepted
		if err := ours.Close(); k.direct || k.plain && !portable && newPoller() != nil {
			require.ErrorIs(t, err, net.ErrClosed, "the loop has the socket by another descriptor")
			return
		}
		<-closed
		require.NoError(t, innermost(theirs).Close())
	})
}

// TestFlushIsBounded closes a connection with a write in flight to a peer that never reads.
func TestFlushIsBounded(t *testing.T) {
	for _, how := range []string{"close", "reset", "stop"} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				l := New(Config{Portable: true, StopWhenIdle: true, WriteFlushTimeout: 3 * time.Second})
				ours, theirs := net.Pipe()
				l.Attach(ours, 0)
				require.NoError(t, l.Run(&hooks{accept: func(s, _ Handle) {
					n, status := l.Write(s, []byte("unread"))
					assert.Equal(t, 6, n)
					assert.Equal(t, abi.StatusOK, status)
					if how == "stop" {
						l.Stop()
					} else {
						l.CloseHandle(s, how == "reset")
					}
				}}))
				want := 3 * time.Second
				if how == "reset" {
					want = 0
				}
				require.Equal(t, want, time.Since(start))
				_, err := theirs.Read(make([]byte, 1))
				require.Equal(t, io.EOF, err)
			})
		})
	}
}

// TestCloseFlushes checks that what Write took arrives although the socket was closed, and the loop stopped, right after it.
func TestCloseFlushes(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		for _, shutdown := range []bool{false, true} {
			l := New(Config{Portable: portable})
			taken := 0
			stop := run(t, l, &hooks{data: func(s Handle, _ []byte) {
				taken, _ = l.Write(s, make([]byte, 100_000))
				if shutdown {
					l.Shutdown(s)
				}
				l.CloseHandle(s, false)
				l.Stop()
			}})
			ours, theirs := k.pair(t)
			l.Attach(ours, 0)
			_, err := theirs.Write([]byte("x"))
			require.NoError(t, err)
			got, err := io.ReadAll(theirs)
			require.NoError(t, err)
			stop()
			require.Equal(t, taken, len(got))
			require.Positive(t, taken)
		}
	})
}

// slowToClose is a connection whose Close blocks until it is cut underneath, as that of crypto/tls may.
type slowToClose struct {
	net.Conn
}

func (s slowToClose) NetConn() net.Conn { return s.Conn }

func (s slowToClose) Close() error {
	_, err := s.Conn.Write([]byte("goodbye")) // nobody reads it
	return errors.Join(err, s.Conn.Close())
}

func TestCloseThatBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		l := New(Config{Portable: true})
		ours, theirs := net.Pipe()
		l.Attach(slowToClose{Conn: ours}, 0)
		var closed time.Duration
		require.NoError(t, l.Run(&hooks{accept: func(s, _ Handle) {
			l.CloseHandle(s, false)
			closed = time.Since(start)
			l.Stop()
		}}))
		require.Zero(t, closed, "CloseHandle blocked")
		require.Equal(t, DefaultWriteFlushTimeout, time.Since(start))
		_, err := theirs.Read(make([]byte, 1))
		require.Equal(t, io.EOF, err)
	})
}

// TestTruncation cuts TLS connections where crypto/tls sees nothing wrong: between two records.
func TestTruncation(t *testing.T) {
	for _, goodbye := range []bool{true, false} {
		l := New(Config{})
		ends := make(chan string, 1)
		run(t, l, &hooks{
			end:   func(Handle) { ends <- "end" },
			close: func(_ Handle, status abi.Status) { ends <- fmt.Sprint("close ", status) },
		})
		ours, theirs := establishedPair(t)
		l.Attach(ours, 0)
		_, err := theirs.Write([]byte("part"))
		require.NoError(t, err)
		want := "end"
		if goodbye {
			require.NoError(t, theirs.CloseWrite())
		} else {
			want = fmt.Sprint("close ", abi.StatusReset)
			require.NoError(t, theirs.NetConn().(*net.TCPConn).CloseWrite())
		}
		require.Equal(t, want, <-ends)
	}
}

// TestClosureAlert checks that what the loop closes says goodbye, so that the peer can tell it from a cut.
func TestClosureAlert(t *testing.T) {
	for _, half := range []bool{true, false} {
		l := New(Config{})
		run(t, l, &hooks{accept: func(s, _ Handle) {
			l.Write(s, []byte("all"))
			if half {
				l.Shutdown(s)
			} else {
				l.CloseHandle(s, false)
			}
		}})
		ours, theirs := establishedPair(t)
		l.Attach(ours, 0)
		got, err := io.ReadAll(theirs)
		require.NoError(t, err)
		require.Equal(t, "all", string(got))
	}
}
