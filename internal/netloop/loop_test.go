package netloop

import (
	"io"
	"net"
	"sync"
	"testing"

	"github.com/portholehttp/porthole/abi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestStopInFlight stops a loop whose sockets read, write, wait and are paused, and that still accepts.
func TestStopInFlight(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		l := New(Config{Portable: portable})
		own, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		l.AddListener(own)
		stopped := false
		check := func() { assert.False(t, stopped, "an event after Run") }
		sockets := 0
		stop := run(t, l, &hooks{
			accept: func(s, _ Handle) {
				check()
				switch sockets++; sockets % 3 {
				case 0:
					l.Pause(s)
				case 1:
					l.Write(s, make([]byte, 8<<20))
				}
			},
			data:     func(s Handle, p []byte) { check(); l.Write(s, p) },
			writable: func(s Handle) { check(); l.Write(s, make([]byte, 8<<20)) },
			end:      func(s Handle) { check(); l.CloseHandle(s, false) },
			close:    func(Handle, abi.Status) { check() },
		})
		var peers, busy sync.WaitGroup
		var conns [30]net.Conn
		for i := range conns {
			var ours net.Conn
			ours, conns[i] = k.pair(t)
			l.Attach(ours, 0)
		}
		busy.Add(len(conns))
		for _, theirs := range conns {
			peers.Go(func() {
				block := make([]byte, 32<<10)
				_, err := theirs.Write(block[:1])
				for busy.Done(); err == nil; {
					_, err = theirs.Write(block)
				}
			})
			peers.Go(func() { _, _ = io.Copy(io.Discard, theirs) })
		}
		peers.Go(func() {
			for {
				c, err := net.Dial("tcp", own.Addr().String())
				if err != nil {
					return
				}
				_ = c.Close()
			}
		})
		busy.Wait()
		stop()
		stopped = true
		peers.Wait()
		require.False(t, l.Post(func() {}))
	})
}

func TestStopBeforeRun(t *testing.T) {
	l := New(Config{Portable: portable})
	ours, theirs := tcpPair(t)
	l.Attach(ours, 0)
	ran := false
	require.True(t, l.Post(func() { ran = true }))
	l.Stop()
	l.Stop()
	require.NoError(t, l.Run(&hooks{accept: func(_, _ Handle) { assert.Fail(t, "an event after Stop") }}))
	require.True(t, ran)
	require.False(t, l.Post(func() {}))
	_, err := theirs.Read(make([]byte, 1))
	require.Equal(t, io.EOF, err)
	require.ErrorIs(t, l.Run(&hooks{}), ErrRan)
}

// TestNoEventAfterStop stops the loop from a handler in the middle of a batch.
func TestNoEventAfterStop(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		l := New(Config{Portable: portable})
		events := 0
		for range 5 {
			ours, theirs := k.pair(t)
			l.Attach(ours, 0)
			require.NoError(t, innermost(theirs).Close())
		}
		once := func() {
			events++
			l.Stop()
		}
		require.NoError(t, l.Run(&hooks{
			end:   func(Handle) { once() },
			close: func(Handle, abi.Status) { once() },
		}))
		require.Equal(t, 1, events)
	})
}

func TestStopWhenIdle(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		l := New(Config{Portable: portable, StopWhenIdle: true})
		h := l.NewListenerHandle()
		var order []string
		ours, theirs := k.pair(t)
		l.Attach(ours, h)
		go func() { _, _ = io.Copy(io.Discard, theirs) }()
		require.NoError(t, l.Run(&hooks{
			accept: func(s, _ Handle) {
				order = append(order, "accept")
				l.Post(func() { l.CloseHandle(s, false) })
				l.SetTimer(l.Now() + 1)
			},
			timer: func(int64) {
				order = append(order, "timer")
				l.CloseHandle(h, false)
				l.Post(func() { order = append(order, "posted") })
			},
		}))
		require.Equal(t, []string{"accept", "timer", "posted"}, order)
		require.False(t, l.Post(func() {}))
	})
	require.NoError(t, New(Config{Portable: portable, StopWhenIdle: true}).Run(&hooks{}), "nothing at all")
}

func TestPostOrder(t *testing.T) {
	l := New(Config{Portable: portable})
	stop := run(t, l, &hooks{})
	const posters, posts = 4, 1000
	next := [posters]int{}
	var all sync.WaitGroup
	for p := range posters {
		all.Go(func() {
			for i := range posts {
				assert.True(t, l.Post(func() {
					assert.Equal(t, i, next[p])
					next[p]++
				}))
			}
		})
	}
	all.Wait()
	stop()
	for p := range next {
		require.Equal(t, posts, next[p])
	}
}

// TestPostRacesStop checks that every function that Post took is called, and no other.
func TestPostRacesStop(t *testing.T) {
	for range 50 {
		l := New(Config{Portable: portable})
		stop := run(t, l, &hooks{})
		ran, taken := 0, 0
		done := make(chan struct{})
		go func() {
			defer close(done)
			for l.Post(func() { ran++ }) {
				taken++
			}
		}()
		stop()
		<-done
		require.Equal(t, taken, ran)
	}
}

func TestPanicGoesThroughRun(t *testing.T) {
	l := New(Config{Portable: portable})
	l.Post(func() { panic("handler") })
	require.PanicsWithValue(t, "handler", func() { _ = l.Run(&hooks{}) })
}
