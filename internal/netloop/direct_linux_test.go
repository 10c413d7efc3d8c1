package netloop

import (
	"io"
	"net"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestDirectAddresses checks that a connection is called what package net calls it, before a loop has it and after.
func TestDirectAddresses(t *testing.T) {
	dir := t.TempDir()
	named := net.Dialer{LocalAddr: &net.UnixAddr{Net: "unix", Name: filepath.Join(dir, "client")}}
	for _, c := range []struct {
		name, network, listen, dial string
		dialer                      net.Dialer
	}{
		{name: "IPv4", network: "tcp4", listen: "127.0.0.1:0"},
		{name: "IPv6", network: "tcp6", listen: "[::1]:0"},
		{name: "IPv4 on a listener for both", network: "tcp", listen: "[::]:0", dial: "127.0.0.1"},
		{name: "every IPv4 address", network: "tcp4", listen: "0.0.0.0:0", dial: "127.0.0.2"},
		{name: "Unix", network: "unix", listen: filepath.Join(dir, "unnamed")},
		{name: "Unix with a name", network: "unix", listen: filepath.Join(dir, "named"), dialer: named},
		{name: "Unix, abstract", network: "unix", listen: "@" + dir},
	} {
		t.Run(c.name, func(t *testing.T) {
			inner, err := net.Listen(c.network, c.listen)
			if err != nil && c.network == "tcp6" {
				t.Skip(err)
			}
			require.NoError(t, err)
			ln := Direct(inner)
			defer ln.Close()
			address := ln.Addr().String()
			if c.dial != "" {
				_, port, err := net.SplitHostPort(address)
				require.NoError(t, err)
				address = net.JoinHostPort(c.dial, port)
			}
			theirs, err := c.dialer.Dial(c.network, address)
			require.NoError(t, err)
			defer theirs.Close()
			ours, err := ln.Accept()
			require.NoError(t, err)
			require.IsType(t, (*bareConn)(nil), ours)

			network := ours.RemoteAddr().Network()
			assert.Equal(t, theirs.RemoteAddr().Network(), network)
			assert.Equal(t, network, ours.LocalAddr().Network())
			mirrored := &info{}
			mirrored.line("remote", addressText(theirs.LocalAddr()))
			mirrored.line("local", addressText(theirs.RemoteAddr()))
			assert.Equal(t, mirrored.String(), Info(ours))

			l := New(Config{Portable: portable})
			got := make(chan string, 1)
			run(t, l, &hooks{accept: func(s, _ Handle) { got <- l.Info(s) }})
			l.Attach(ours, 0)
			assert.Equal(t, mirrored.String(), <-got)
		})
	}
}

// TestInfoAfterReset asks for addresses when the system does not know the peer any more.
func TestInfoAfterReset(t *testing.T) {
	if portable {
		t.Skip("of the poller's sockets")
	}
	for _, pair := range []func(testing.TB) (net.Conn, net.Conn){tcpPair, directTCPPair} {
		ours, theirs := pair(t)
		want := Info(ours)
		l := New(Config{})
		accepted := make(chan Handle, 1)
		run(t, l, &hooks{accept: func(s, _ Handle) { accepted <- s }})
		l.Attach(ours, 0)
		h := <-accepted
		on(t, l, func() {
			assert.NoError(t, theirs.(*net.TCPConn).SetLinger(0))
			assert.NoError(t, theirs.Close())
			fd := l.handles.socket(h).transport.(*pollSocket).fd
			_, err := unix.Getpeername(fd)
			assert.ErrorIs(t, err, unix.ENOTCONN)
			assert.Equal(t, want, l.Info(h))
		})
	}
}

func TestDirectOptions(t *testing.T) {
	ours, _ := directTCPPair(t)
	fd := ours.(*bareConn).fd
	assert.Equal(t, 1, sockopt(t, fd, unix.IPPROTO_TCP, unix.TCP_NODELAY))
	assert.Zero(t, sockopt(t, fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE))
	for command, want := range map[int]int{unix.F_GETFL: unix.O_NONBLOCK, unix.F_GETFD: unix.FD_CLOEXEC} {
		flags, err := unix.FcntlInt(uintptr(fd), command, 0)
		require.NoError(t, err)
		assert.NotZero(t, flags&want)
	}
	require.NoError(t, ours.Close())
}

// TestDirectClose closes a listener under an Accept that waits, and its connections that no loop has got.
func TestDirectClose(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	inner, err := net.Listen("unix", path)
	require.NoError(t, err)
	ln := Direct(inner)
	theirs, err := net.Dial("unix", path)
	require.NoError(t, err)
	defer theirs.Close()
	ours, err := ln.Accept()
	require.NoError(t, err)

	failure := make(chan error)
	go func() {
		_, err := ln.Accept()
		failure <- err
	}()
	require.NoError(t, ln.Close())
	err = <-failure
	require.ErrorIs(t, err, net.ErrClosed)
	require.False(t, temporary(err))
	require.IsType(t, (*net.OpError)(nil), err)
	require.Error(t, ln.Close())
	_, err = net.Dial("unix", path)
	require.ErrorIs(t, err, unix.ENOENT, "the file is removed")

	_, err = ours.Write([]byte("x"))
	require.Error(t, err)
	require.NoError(t, ours.Close())
	require.ErrorIs(t, ours.Close(), net.ErrClosed, "another socket may have the number")
	_, err = theirs.Read(make([]byte, 1))
	require.Equal(t, io.EOF, err)
}

// TestDirectOfOthers leaves alone what does more than accept.
func TestDirectOfOthers(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer inner.Close()
	over := struct{ *net.TCPListener }{inner.(*net.TCPListener)}
	for _, ln := range []net.Listener{over, newFakeListener()} {
		require.Equal(t, ln, Direct(ln))
	}
}

// TestDirectIsTemporary runs out of descriptors, which others give back.
func TestDirectIsTemporary(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ln := Direct(inner)
	defer ln.Close()
	theirs, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	defer theirs.Close()
	var limit unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &limit))
	none := unix.Rlimit{Cur: 0, Max: limit.Max} // those that are open stay so
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &none))
	_, err = ln.Accept()
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &limit))
	require.ErrorIs(t, err, unix.EMFILE)
	require.True(t, temporary(err))
	ours, err := ln.Accept()
	require.NoError(t, err)
	require.NoError(t, ours.Close())
}
