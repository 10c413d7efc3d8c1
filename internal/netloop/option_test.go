//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netloop

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/portholehttp/porthole/abi"
)

// descriptor returns another descriptor of a TCP connection, which is the loop's after that.
func descriptor(t *testing.T, c net.Conn) (fd int) {
	t.Helper()
	var err error
	switch c := innermost(c).(type) {
	case *net.TCPConn:
		raw, controlErr := c.SyscallConn()
		require.NoError(t, controlErr)
		require.NoError(t, raw.Control(func(of uintptr) { fd, err = unix.FcntlInt(of, unix.F_DUPFD_CLOEXEC, 0) }))
	case *bareConn:
		fd, err = unix.FcntlInt(uintptr(c.fd), unix.F_DUPFD_CLOEXEC, 0)
	default:
		return -1
	}
	require.NoError(t, err)
	t.Cleanup(func() { _ = unix.Close(fd) })
	return fd
}

// sockopt asks the kernel.
func sockopt(t *testing.T, fd, level, name int) int {
	t.Helper()
	value, err := unix.GetsockoptInt(fd, level, name)
	require.NoError(t, err)
	if value != 0 && name != keepIdle {
		value = 1 // some systems say more than yes
	}
	return value
}

func TestSetOption(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		l := New(Config{Portable: portable})
		accepted := make(chan Handle, 1)
		run(t, l, &hooks{accept: func(s, _ Handle) { accepted <- s }})
		conn, _ := k.pair(t)
		ours := descriptor(t, conn)
		l.Attach(conn, 0)
		h := <-accepted
		set := func(o abi.SocketOption, value int64) (status abi.Status) {
			on(t, l, func() { status = l.SetOption(h, o, value) })
			return status
		}
		for _, bad := range []option{
			{abi.SocketNoDelay, -1}, {abi.SocketNoDelay, 2}, {abi.SocketKeepAlive, -2},
			{abi.SocketTimeout, 1}, {abi.SocketAgentRemove, 1}, {abi.SocketBulk, -1}, {abi.SocketBulk, 2}, {0, 0}, {6, 0}, {0xffffffff, 0},
		} {
			assert.Equal(t, abi.StatusInvalid, set(bad.name, bad.value), bad)
		}
		if !k.tcp {
			assert.Equal(t, abi.StatusUnsupported, set(abi.SocketNoDelay, 1))
			assert.Equal(t, abi.StatusUnsupported, set(abi.SocketKeepAlive, -1))
		} else {
			for _, value := range []int{0, 1} {
				assert.Equal(t, abi.StatusOK, set(abi.SocketNoDelay, int64(value)))
				assert.Equal(t, value, sockopt(t, ours, unix.IPPROTO_TCP, unix.TCP_NODELAY))
			}
			assert.Equal(t, abi.StatusOK, set(abi.SocketKeepAlive, -1))
			assert.Zero(t, sockopt(t, ours, unix.SOL_SOCKET, unix.SO_KEEPALIVE))
			before := sockopt(t, ours, unix.IPPROTO_TCP, keepIdle)
			assert.Equal(t, abi.StatusOK, set(abi.SocketKeepAlive, 0))
			assert.Equal(t, 1, sockopt(t, ours, unix.SOL_SOCKET, unix.SO_KEEPALIVE))
			assert.Equal(t, before, sockopt(t, ours, unix.IPPROTO_TCP, keepIdle), "the system's choice")
			assert.Equal(t, abi.StatusOK, set(abi.SocketKeepAlive, int64(77*time.Second)))
			assert.Equal(t, 77, sockopt(t, ours, unix.IPPROTO_TCP, keepIdle))
			assert.Equal(t, abi.StatusOK, set(abi.SocketKeepAlive, 1<<62))
			assert.Equal(t, int(maxKeepAlive/time.Second), sockopt(t, ours, unix.IPPROTO_TCP, keepIdle))
		}
		on(t, l, func() { l.CloseHandle(h, true) })
		assert.Equal(t, abi.StatusClosed, set(abi.SocketNoDelay, 1))
	})
}

// Options of a connection that is not there yet are set when it is.
func TestSetOptionWhileConnecting(t *testing.T) {
	l := New(Config{Portable: portable})
	connected := make(chan struct{})
	run(t, l, &hooks{connect: func(Handle, error) { close(connected) }})
	conn, _ := tcpPair(t)
	ours := descriptor(t, conn)
	d := newDialed(conn, nil)
	on(t, l, func() {
		h := l.Connect(d.dial)
		assert.Equal(t, abi.StatusInvalid, l.SetOption(h, abi.SocketNoDelay, 7))
		assert.Equal(t, abi.StatusOK, l.SetOption(h, abi.SocketNoDelay, 0))
		assert.Equal(t, abi.StatusOK, l.SetOption(h, abi.SocketKeepAlive, -1))
		for range 1000 {
			assert.Equal(t, abi.StatusOK, l.SetOption(h, abi.SocketKeepAlive, int64(55*time.Second)))
		}
		assert.Len(t, l.handles.socket(h).transport.(*dialing).options, 2, "the last of each")
	})
	close(d.release)
	<-connected
	assert.Zero(t, sockopt(t, ours, unix.IPPROTO_TCP, unix.TCP_NODELAY))
	assert.Equal(t, 55, sockopt(t, ours, unix.IPPROTO_TCP, keepIdle))
}

// A socket is read in large pieces only if that is asked for.
func TestSetBulk(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		l := New(Config{Portable: portable, ReadBufferSize: 3 * DefaultReadBufferSize})
		accepted := make(chan Handle, 1)
		run(t, l, &hooks{accept: func(s, _ Handle) { accepted <- s }})
		conn, _ := k.pair(t)
		l.Attach(conn, 0)
		h := <-accepted
		on(t, l, func() {
			s := l.handles.socket(h)
			assert.Len(t, s.buffer(), DefaultReadBufferSize)
			assert.Equal(t, abi.StatusOK, l.SetOption(h, abi.SocketBulk, 1))
			assert.Len(t, s.buffer(), 3*DefaultReadBufferSize)
			assert.Equal(t, abi.StatusOK, l.SetOption(h, abi.SocketBulk, 0))
			assert.Len(t, s.buffer(), DefaultReadBufferSize)
		})
	})
}
