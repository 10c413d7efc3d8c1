package netloop

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
)

// dialed is a dial function that returns c when it is told to, whether its context is done or not.
type dialed struct {
	c       net.Conn
	err     error
	release chan struct{} // closed: return
	over    chan struct{} // closed: the context is done
}

func newDialed(c net.Conn, err error) *dialed {
	return &dialed{c: c, err: err, release: make(chan struct{}), over: make(chan struct{})}
}

func (d *dialed) dial(ctx context.Context) (net.Conn, error) {
	stop := context.AfterFunc(ctx, func() { close(d.over) })
	defer stop()
	<-d.release
	return d.c, d.err
}

// TestConnect makes connections by Connect and uses them as any other.
func TestConnect(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		l := New(Config{Portable: portable})
		e := newEcho(l)
		connected := make(chan Handle, 1)
		e.connect = func(s Handle, err error) {
			assert.NoError(t, err)
			connected <- s
		}
		over := make(chan struct{})
		e.over = func() { close(over) }
		run(t, l, e)
		ours, theirs := k.pair(t)
		info := Info(innermost(ours))
		d := newDialed(ours, nil)
		var h Handle
		on(t, l, func() {
			h = l.Connect(d.dial)
			assert.Equal(t, 1, l.Sockets())
			assert.Empty(t, l.Info(h))
			n, status := l.Write(h, []byte("early"))
			assert.Zero(t, n)
			assert.Equal(t, abi.StatusState, status)
			assert.Equal(t, abi.StatusState, l.Shutdown(h))
		})
		close(d.release)
		require.Equal(t, h, <-connected)
		p := noise(1, 1<<10)
		roundTrip(t, theirs, p)
		on(t, l, func() { assert.True(t, strings.HasPrefix(l.Info(h), info)) })
		require.NoError(t, theirs.Close())
		<-over
		on(t, l, func() { assert.Zero(t, l.Sockets()) })
	})
}

// TestConnectPaused pauses a connection before it is there: the bytes come after Resume.
func TestConnectPaused(t *testing.T) {
	l := New(Config{Portable: portable})
	got := make(chan string, 1)
	connected := make(chan struct{})
	resumed := false
	run(t, l, &hooks{
		connect: func(Handle, error) { close(connected) },
		data: func(_ Handle, p []byte) {
			assert.True(t, resumed)
			got <- string(p)
		},
	})
	ours, theirs := tcpPair(t)
	_, err := theirs.Write([]byte("hello"))
	require.NoError(t, err)
	d := newDialed(ours, nil)
	var h Handle
	on(t, l, func() {
		h = l.Connect(d.dial)
		assert.Equal(t, abi.StatusOK, l.Pause(h))
	})
	close(d.release)
	<-connected
	on(t, l, func() {})
	on(t, l, func() {
		resumed = true
		assert.Equal(t, abi.StatusOK, l.Resume(h))
	})
	require.Equal(t, "hello", <-got)
}

// TestConnectResumedEarly undoes the pause before the connection is there.
func TestConnectResumedEarly(t *testing.T) {
	l := New(Config{Portable: portable})
	got := make(chan string, 1)
	run(t, l, &hooks{data: func(_ Handle, p []byte) { got <- string(p) }})
	ours, theirs := tcpPair(t)
	_, err := theirs.Write([]byte("hello"))
	require.NoError(t, err)
	d := newDialed(ours, nil)
	on(t, l, func() {
		h := l.Connect(d.dial)
		l.Pause(h)
		l.Resume(h)
	})
	close(d.release)
	require.Equal(t, "hello", <-got)
}

func TestConnectFails(t *testing.T) {
	l := New(Config{Portable: portable})
	failure := errors.New("nobody there")
	failed := make(chan struct{})
	var h Handle
	run(t, l, &hooks{connect: func(s Handle, err error) {
		assert.Equal(t, h, s)
		assert.Equal(t, failure, err)
		assert.Equal(t, abi.StatusClosed, l.CloseHandle(s, false), "stale already")
		assert.Zero(t, l.Sockets())
		close(failed)
	}})
	d := newDialed(nil, failure)
	close(d.release)
	on(t, l, func() { h = l.Connect(d.dial) })
	<-failed
}

// TestCloseWhileConnecting closes a handle before its connection is there: that comes too late and is closed, without a word.
func TestCloseWhileConnecting(t *testing.T) {
	for _, failure := range []error{nil, errors.New("nobody there")} {
		l := New(Config{Portable: portable})
		run(t, l, &hooks{connect: func(Handle, error) { t.Error("an event for a stale handle") }})
		ours, theirs := tcpPair(t)
		d := newDialed(ours, failure)
		on(t, l, func() {
			h := l.Connect(d.dial)
			assert.Equal(t, abi.StatusOK, l.CloseHandle(h, false))
			assert.Equal(t, abi.StatusClosed, l.CloseHandle(h, false))
			assert.Zero(t, l.Sockets())
		})
		<-d.over
		close(d.release)
		if failure == nil {
			_, err := theirs.Read(make([]byte, 1))
			require.Equal(t, io.EOF, err)
		} else {
			require.NoError(t, ours.Close())
		}
	}
}

// TestStopWhileConnecting ends the loop with connections on their way; one that comes late is closed.
func TestStopWhileConnecting(t *testing.T) {
	l := New(Config{Portable: portable})
	stop := run(t, l, &hooks{connect: func(Handle, error) { t.Error("an event after Stop") }})
	ours, theirs := tcpPair(t)
	late := newDialed(ours, nil)
	on(t, l, func() {
		l.Connect(late.dial)
		l.Connect(func(ctx context.Context) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
	})
	var ended sync.WaitGroup
	ended.Go(stop)
	<-late.over
	close(late.release)
	ended.Wait()
	_, err := theirs.Read(make([]byte, 1))
	require.Equal(t, io.EOF, err)
}

// TestConnectIsNotIdle keeps Run from returning while a connection is on its way.
func TestConnectIsNotIdle(t *testing.T) {
	l := New(Config{Portable: portable, StopWhenIdle: true})
	ours, _ := tcpPair(t)
	d := newDialed(ours, nil)
	var order []string
	l.Connect(d.dial)
	l.Post(func() { // the loop is idle but for the connection
		order = append(order, "posted")
		close(d.release)
	})
	require.NoError(t, l.Run(&hooks{connect: func(s Handle, err error) {
		assert.NoError(t, err)
		order = append(order, "connected")
		l.CloseHandle(s, false)
	}}))
	require.Equal(t, []string{"posted", "connected"}, order)
}
