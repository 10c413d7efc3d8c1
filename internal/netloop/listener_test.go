package netloop

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/portholehttp/porthole/abi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fakeListener is a net.Listener whose Accept does what the test sends it.
type fakeListener struct {
	results chan any // net.Conn or error
	closed  chan struct{}
	close   func()
}

func newFakeListener() *fakeListener {
	f := &fakeListener{results: make(chan any), closed: make(chan struct{})}
	f.close = sync.OnceFunc(func() { close(f.closed) })
	return f
}

func (f *fakeListener) Accept() (net.Conn, error) {
	select {
	case r := <-f.results:
		if c, ok := r.(net.Conn); ok {
			return c, nil
		}
		return nil, r.(error)
	case <-f.closed:
		return nil, net.ErrClosed
	}
}

func (f *fakeListener) Close() error   { f.close(); return nil }
func (f *fakeListener) Addr() net.Addr { return &net.UnixAddr{} }

func TestListener(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := New(Config{Portable: portable})
	e := newEcho(l)
	h := l.AddListener(ln)
	e.accept = func(_, listener Handle) { assert.Equal(t, h, listener) }
	run(t, l, e)
	for range 3 {
		c, err := net.Dial("tcp", ln.Addr().String())
		require.NoError(t, err)
		roundTrip(t, c, []byte("hello"))
		require.NoError(t, c.Close())
	}
	on(t, l, func() { assert.Equal(t, abi.StatusOK, l.CloseHandle(h, false)) })
	_, err = net.Dial("tcp", ln.Addr().String())
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
}

// TestThousandConnections has a thousand peers at once, each of which must get its own bytes back.
func TestThousandConnections(t *testing.T) {
	const peers = 1000
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := New(Config{Portable: portable})
	l.AddListener(ln)
	e := newEcho(l)
	var all, done sync.WaitGroup
	done.Add(peers) // for the loop's side
	e.over = done.Done
	run(t, l, e)
	all.Add(peers)
	for i := range peers {
		done.Go(func() {
			c, err := net.Dial("tcp", ln.Addr().String())
			all.Done()
			if !assert.NoError(t, err) {
				return
			}
			defer c.Close()
			all.Wait()
			for round := range 3 {
				sent := noise(uint64(i+round), 1000)
				got := append([]byte(nil), sent...)
				roundTrip(t, c, got)
				assert.Equal(t, sent, got)
			}
		})
	}
	done.Wait()
	on(t, l, func() { assert.Zero(t, l.Sockets()) })
}

// TestAcceptBacksOff feeds a listener errors and measures, on a fake clock, when it tries again.
func TestAcceptBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ln := newFakeListener()
		var told []time.Duration
		l := New(Config{Portable: true,
			StopWhenIdle:  true,
			OnAcceptError: func(_ Handle, _ error, retry time.Duration) { told = append(told, retry) },
		})
		h := l.AddListener(ln)
		accepted := make(chan Handle, 1)
		done := make(chan error, 1)
		go func() {
			done <- l.Run(&hooks{accept: func(s, listener Handle) {
				assert.Equal(t, h, listener)
				accepted <- s
			}})
		}()
		emfile := &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
		ms := time.Millisecond
		want := []time.Duration{5 * ms, 10 * ms, 20 * ms, 40 * ms, 80 * ms, 160 * ms, 320 * ms, 640 * ms, time.Second, time.Second}
		waited := time.Duration(0)
		for i := range want {
			at := time.Now()
			ln.results <- emfile // taken when the last back-off is over
			require.Equal(t, waited, time.Since(at))
			waited = want[i]
			synctest.Wait()
		}
		require.Equal(t, want, told)

		ours, theirs := net.Pipe()
		ln.results <- ours
		s := <-accepted
		ln.results <- syscall.ENOBUFS
		synctest.Wait()
		require.Equal(t, 5*ms, told[len(told)-1], "starts over after a success")

		ln.results <- errors.New("the listener is broken")
		<-ln.closed
		synctest.Wait()
		require.Zero(t, told[len(told)-1])
		on(t, l, func() {
			assert.Equal(t, abi.StatusClosed, l.CloseHandle(h, false), "given up")
			assert.Equal(t, abi.StatusOK, l.CloseHandle(s, false))
		})
		require.NoError(t, <-done)
		_, err := theirs.Read(make([]byte, 1))
		require.Equal(t, io.EOF, err)
	})
}

// TestCloseWhileBackingOff closes a listener that waits to try again.
func TestCloseWhileBackingOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		ln := newFakeListener()
		l := New(Config{Portable: true, StopWhenIdle: true})
		h := l.AddListener(ln)
		ln.results <- syscall.ENFILE
		synctest.Wait()
		l.Post(func() { l.CloseHandle(h, false) })
		require.NoError(t, l.Run(&hooks{}))
		require.Zero(t, time.Since(start))
	})
}

// TestAcceptIsBounded checks that a loop that is busy does not have more accepted than it can look at.
func TestAcceptIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ln := newFakeListener()
		l := New(Config{Portable: true})
		l.AddListener(ln)
		var peers []net.Conn
		for range acceptBacklog {
			ours, theirs := net.Pipe()
			ln.results <- ours
			peers = append(peers, theirs)
		}
		synctest.Wait()
		select {
		case ln.results <- syscall.EMFILE:
			t.Fatal("accepts more")
		default:
		}
		accepted := 0
		l.Post(l.Stop)
		go func() { _ = l.Run(&hooks{accept: func(_, _ Handle) { accepted++ }}) }()
		synctest.Wait()
		require.Equal(t, acceptBacklog, accepted)
		for _, c := range peers {
			_, err := c.Read(make([]byte, 1))
			require.Equal(t, io.EOF, err)
		}
	})
}

func TestAttach(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		l := New(Config{Portable: portable})
		h := l.NewListenerHandle()
		listeners := make(chan Handle, 1)
		stop := run(t, l, &hooks{accept: func(_, listener Handle) { listeners <- listener }})
		ended := func(theirs net.Conn) {
			_, err := io.Copy(io.Discard, innermost(theirs)) // what TLS has to say
			require.NoError(t, err)
		}
		refused := func(attach func(ours net.Conn)) {
			ours, theirs := k.pair(t)
			attach(ours)
			ended(theirs)
		}
		ours, theirs := k.pair(t)
		l.Attach(ours, h)
		require.Equal(t, h, <-listeners)

		refused(func(ours net.Conn) { // a connection that is older than the close
			on(t, l, func() { l.Attach(ours, h); l.CloseHandle(h, false) })
		})
		refused(func(ours net.Conn) { l.Attach(ours, h) })
		require.Empty(t, listeners)
		stop()
		ended(theirs)
		refused(func(ours net.Conn) { l.Attach(ours, 0) })
	})
}
