//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package netloop

import (
	"net"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// maxIdle is how many bytes of the heap an idle connection may cost in the loop: twice what it does on 64 bits.
const maxIdle = 360

// TestIdleConnections measures what idle connections hold on the heap. That of the peers, which are bare descriptors, is not in it.
func TestIdleConnections(t *testing.T) {
	if portable {
		t.Skip("of the poller's sockets: the others have a goroutine each")
	}
	var limit unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &limit))
	conns := min(2000, int(min(limit.Cur, 1<<20))/4)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := New(Config{})
	e := newEcho(l)
	accepted := make(chan struct{}, 1)
	e.accept = func(Handle, Handle) { accepted <- struct{}{} }
	l.AddListener(ln)
	run(t, l, e)

	peers := make([]int, conns)
	connect := func(i int) {
		peers[i] = bareClient(t, ln.Addr().(*net.TCPAddr))
		<-accepted
		p := make([]byte, 256)
		_, err := unix.Write(peers[i], p)
		require.NoError(t, err)
		_, err = unix.Read(peers[i], p)
		require.NoError(t, err)
	}
	connect(0)
	before := heap()
	for i := range peers[1:] {
		connect(1 + i)
	}
	each := int(heap()-before) / (conns - 1)
	t.Logf("%d bytes each", each)
	require.LessOrEqual(t, each, maxIdle)
	for _, fd := range peers {
		require.NoError(t, unix.Close(fd))
	}
	runtime.KeepAlive(l)
}

// heap returns the bytes of the heap that are in use.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what finalizers and cleanups held
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// bareClient is a connection to a that Go knows nothing of.
func bareClient(t *testing.T, a *net.TCPAddr) (fd int) {
	syscall.ForkLock.RLock()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	require.NoError(t, err)
	require.NoError(t, unix.Connect(fd, &unix.SockaddrInet4{Port: a.Port, Addr: [4]byte(a.IP.To4())}))
	return fd
}
