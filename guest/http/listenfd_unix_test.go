//go:build unix

package http

import (
	stdnet "net"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNativeListenOnADescriptor(t *testing.T) {
	ln, err := stdnet.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	address := ln.Addr().String()
	f, err := ln.(*stdnet.TCPListener).File()
	require.NoError(t, err)
	require.NoError(t, ln.Close())
	fd := inherit(t, f)

	s := CreateServer(func(_ *ServerRequest, res *ServerResponse) { res.EndString("inherited") })
	ready := make(chan string, 1)
	s.ListenHandle(FD(fd), Callback(func() { ready <- s.Address().String() }))
	x := &site{t: t, s: s, addr: address, done: make(chan struct{})}
	go func() { defer close(x.done); Run() }()
	t.Cleanup(x.close)
	assert.Equal(t, address, wait(t, ready))
	assert.Contains(t, x.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), "inherited")
	x.close()
	_, err = stdnet.Dial("tcp", address)
	assert.Error(t, err, "nothing keeps the port")
}

// inherit returns a descriptor that no os.File owns, as a process has from the one that started it.
func inherit(t *testing.T, f *os.File) int {
	fd, err := syscall.Dup(int(f.Fd()))
	require.NoError(t, err)
	require.NoError(t, f.Close())
	return fd
}
