//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netloop

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/portholehttp/porthole/abi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// eachPolled runs a subtest for each kind of connection that the poller watches.
func eachPolled(t *testing.T, test func(t *testing.T, k kind)) {
	eachKind(t, func(t *testing.T, k kind) {
		if portable || !k.plain {
			t.Skip("of the poller's sockets")
		}
		test(t, k)
	})
}

// TestEdgesThatSayNothing has the poller tell of what has not happened, of one thing several times, and of the same socket apart for
// reading and for writing, as kqueue does: no byte may be lost, repeated or out of order, and no event may come that is not due.
func TestEdgesThatSayNothing(t *testing.T) {
	eachPolled(t, func(t *testing.T, k kind) {
		l := New(Config{})
		e := newEcho(l)
		accepted := make(chan Handle, 1)
		e.accept = func(s, _ Handle) { accepted <- s }
		stop := run(t, l, e)
		ours, theirs := k.pair(t)
		l.Attach(ours, 0)
		h := <-accepted

		r := rand.New(rand.NewPCG(1, 2))
		var nag func()
		nag = func() { // once a turn, for as long as the loop runs
			for range r.IntN(4) {
				l.note(h, edges(r.IntN(int(edgeError)))) // each but the error, which nothing would explain
			}
			if !l.stopped.Load() {
				l.Post(nag)
			}
		}
		l.Post(nag)

		sent := noise(3, 3<<20)
		written := make(chan error, 1)
		go func() { written <- writeIn(theirs, rand.New(rand.NewPCG(3, 4)), sent) }()
		got := make([]byte, len(sent))
		_, err := io.ReadFull(theirs, got)
		require.NoError(t, err)
		require.NoError(t, <-written)
		require.True(t, bytes.Equal(sent, got))
		require.NoError(t, theirs.(closeWriter).CloseWrite())
		_, err = theirs.Read(got)
		require.Equal(t, io.EOF, err)
		stop()
	})
}

// TestEdgesOfAnother tells of sockets that are closed, of listeners and of the poller's own wake: nothing comes of it.
func TestEdgesOfAnother(t *testing.T) {
	eachPolled(t, func(t *testing.T, k kind) {
		l := New(Config{})
		accepted := make(chan Handle, 1)
		run(t, l, &hooks{
			accept: func(s, _ Handle) { accepted <- s },
			close:  func(Handle, abi.Status) { t.Error("a socket was closed") },
		})
		ours, _ := k.pair(t)
		l.Attach(ours, 0)
		h := <-accepted
		on(t, l, func() {
			listener := l.NewListenerHandle()
			l.CloseHandle(h, false)
			for _, h := range []Handle{0, h, listener, h + 1<<32, ^Handle(0)} {
				l.note(h, edgeReadable|edgeWritable|edgeHangup|edgeError)
			}
			assert.Empty(t, l.polled)
		})
	})
}

// TestShortReadIsTheLast checks that a read that does not fill the buffer is not followed by another one, unless the peer has
// ended its side: then the end is under the same edge.
func TestShortReadIsTheLast(t *testing.T) {
	eachPolled(t, func(t *testing.T, k kind) {
		reads := 0
		buffer := make([]byte, 64)
		l := New(Config{ReadBuffer: func() []byte { reads++; return buffer }})
		accepted, got, ended := make(chan Handle, 1), make(chan struct{}, 1), make(chan struct{})
		run(t, l, &hooks{
			accept: func(s, _ Handle) { accepted <- s },
			data:   func(Handle, []byte) { got <- struct{}{} },
			end:    func(Handle) { close(ended) },
		})
		ours, theirs := k.pair(t)
		l.Attach(ours, 0)
		<-accepted
		on(t, l, func() {}) // what a fresh socket has to tell is over
		on(t, l, func() { reads = 0 })
		_, err := theirs.Write(make([]byte, 63))
		require.NoError(t, err)
		<-got
		on(t, l, func() { assert.Equal(t, 1, reads) })
		on(t, l, func() { // both before the loop looks
			reads = 0
			_, err := theirs.Write(make([]byte, 63))
			assert.NoError(t, err)
			assert.NoError(t, theirs.(closeWriter).CloseWrite())
		})
		<-ended
		on(t, l, func() { assert.Equal(t, 2, reads) })
	})
}
