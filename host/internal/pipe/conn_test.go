package pipe_test

import (
	"bytes"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/pipe"
)

var (
	near = &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1}
	far  = &net.TCPAddr{IP: net.IPv4(192, 0, 2, 2), Port: 2}
)

// Much more than fits is copied both ways at once.
func TestBothWays(t *testing.T) {
	a, b := pipe.New(near, far)
	assert.Equal(t, near, a.LocalAddr())
	assert.Equal(t, far, a.RemoteAddr())
	assert.Equal(t, far, b.LocalAddr())
	assert.Equal(t, near, b.RemoteAddr())
	data := bytes.Repeat([]byte("0123456789abcdef!"), 30_000)
	var wg sync.WaitGroup
	for _, c := range []*pipe.Conn{a, b} {
		wg.Go(func() {
			n, err := c.Write(data)
			assert.NoError(t, err)
			assert.Equal(t, len(data), n)
			assert.NoError(t, c.CloseWrite())
		})
		wg.Go(func() {
			got, err := io.ReadAll(c)
			assert.NoError(t, err)
			assert.True(t, bytes.Equal(data, got))
		})
	}
	wg.Wait()
	require.NoError(t, a.Close())
	require.NoError(t, b.Close())
}

func TestEnds(t *testing.T) {
	a, b := pipe.New(near, far)
	assert.True(t, a.Alive())
	_, err := b.Write([]byte("last"))
	require.NoError(t, err)
	assert.False(t, a.Alive(), "something is unread")
	require.NoError(t, b.Close())
	got, err := io.ReadAll(a)
	require.NoError(t, err)
	assert.Equal(t, "last", string(got), "what was sent before Close")
	assert.False(t, a.Alive())
	_, err = a.Write([]byte("x"))
	assert.ErrorIs(t, err, syscall.EPIPE)
	_, err = b.Read(make([]byte, 1))
	assert.ErrorIs(t, err, net.ErrClosed)
	_, err = b.Write([]byte("x"))
	assert.ErrorIs(t, err, net.ErrClosed)
	require.NoError(t, b.Close(), "again")
}

func TestCut(t *testing.T) {
	a, b := pipe.New(near, far)
	_, err := b.Write([]byte("lost"))
	require.NoError(t, err)
	require.NoError(t, b.SetLinger(0))
	require.NoError(t, b.Close())
	_, err = a.Read(make([]byte, 1))
	assert.ErrorIs(t, err, syscall.ECONNRESET)
}

// Who waits is woken by Close, of either side.
func TestCloseWakes(t *testing.T) {
	for _, closer := range []int{0, 1} {
		a, b := pipe.New(near, far)
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := a.Read(make([]byte, 1))
			assert.Error(t, err)
		})
		wg.Go(func() {
			_, err := a.Write(make([]byte, 1<<20))
			assert.Error(t, err)
		})
		require.NoError(t, []*pipe.Conn{a, b}[closer].Close())
		wg.Wait()
	}
}

// A deadline wakes who waits, and can be taken back.
func TestDeadlines(t *testing.T) {
	a, b := pipe.New(near, far)
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := a.Read(make([]byte, 1))
		assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
	})
	wg.Go(func() {
		_, err := a.Write(make([]byte, 1<<20))
		assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
	})
	require.NoError(t, a.SetDeadline(time.Now().Add(time.Millisecond)))
	wg.Wait()
	require.NoError(t, a.SetDeadline(time.Time{}))
	_, err := b.Write([]byte("x"))
	require.NoError(t, err)
	_, err = a.Read(make([]byte, 1))
	require.NoError(t, err)
	require.NoError(t, a.SetReadDeadline(time.Unix(1, 0)))
	_, err = a.Read(make([]byte, 1))
	assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
	n, err := b.Read(nil)
	assert.Zero(t, n)
	assert.NoError(t, err)
}
