package netloop

import (
	"bytes"
	"io"
	"net"
	"syscall"
	"testing"

	"github.com/portholehttp/porthole/abi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// corked is a loop that gets what the peers of some sockets have sent in one turn.
type corked struct {
	hooks
	t     *testing.T
	loop  *Loop
	peers []net.Conn
}

// ringless has the loops of newCorked make a system call for each write.
var ringless = false

func newCorked(t *testing.T, k kind, sockets int) *corked {
	if portable || !k.plain && !k.sealed {
		t.Skip("of the poller's sockets")
	}
	c := &corked{t: t, loop: New(Config{NoRing: ringless})}
	accepted := make(chan struct{}, sockets)
	c.accept = func(Handle, Handle) { accepted <- struct{}{} }
	run(t, c.loop, c)
	for range sockets {
		ours, theirs := k.pair(t)
		c.peers = append(c.peers, theirs)
		c.loop.Attach(ours, 0)
		<-accepted
	}
	on(t, c.loop, func() {}) // in the turn in which TLS looks for what came with the handshake: what comes later is told by the poller
	return c
}

// ask has all peers say something before the loop looks: their place among them.
func (c *corked) ask() {
	on(c.t, c.loop, func() {
		for i, p := range c.peers {
			_, err := p.Write([]byte{byte(i)})
			assert.NoError(c.t, err)
		}
	})
}

// arrived returns how many bytes lie in the buffers of each peer.
func (c *corked) arrived() []int {
	sizes := make([]int, len(c.peers))
	for i, p := range c.peers {
		raw, err := p.(syscall.Conn).SyscallConn()
		require.NoError(c.t, err)
		require.NoError(c.t, raw.Control(func(fd uintptr) {
			sizes[i], err = unix.IoctlGetInt(int(fd), unix.TIOCINQ)
		}))
		require.NoError(c.t, err)
	}
	return sizes
}

func (c *corked) read(peer int) string {
	p, err := io.ReadAll(c.peers[peer])
	assert.NoError(c.t, err)
	return string(p)
}

func TestWritesOfATurnGoTogether(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		if k.sealed {
			t.Skip("its bytes are not counted")
		}
		c := newCorked(t, k, maxCorked+2)
		var sums []int
		told := make(chan struct{})
		c.data = func(s Handle, _ []byte) {
			n, status := c.loop.Write(s, []byte("!"))
			assert.Equal(t, 1, n)
			assert.Equal(t, abi.StatusOK, status)
			sum := 0
			for _, n := range c.arrived() {
				sum += n
			}
			if sums = append(sums, sum); len(sums) == len(c.peers) {
				close(told)
			}
		}
		c.ask()
		<-told
		for _, p := range c.peers {
			_, err := io.ReadFull(p, make([]byte, 1))
			require.NoError(t, err)
		}
		assert.Equal(t, append(make([]int, maxCorked-1), maxCorked, maxCorked, maxCorked), sums)
	})
}

func TestCorkKeepsOrder(t *testing.T) {
	large := bytes.Repeat([]byte("x"), maxCorkedWrite+1)
	for _, test := range []struct {
		name string
		then func(l *Loop, s Handle)
		want string
	}{
		{"another write", func(l *Loop, s Handle) { l.Write(s, []byte("b")) }, "ab"},
		{"two", func(l *Loop, s Handle) { l.Write(s, []byte("b")); l.Write(s, []byte("c")) }, "abc"},
		{"a large write", func(l *Loop, s Handle) { l.Write(s, large) }, "a" + string(large)},
		{"shutdown", func(l *Loop, s Handle) { l.Shutdown(s) }, "a"},
		{"close", func(l *Loop, s Handle) { l.CloseHandle(s, false) }, "a"},
	} {
		t.Run(test.name, func(t *testing.T) {
			eachKind(t, func(t *testing.T, k kind) {
				c := newCorked(t, k, 2)
				c.data = func(s Handle, _ []byte) {
					c.loop.Write(s, []byte("a"))
					test.then(c.loop, s)
					c.loop.Shutdown(s)
				}
				c.ask()
				for i := range c.peers {
					assert.Equal(t, test.want, c.read(i))
				}
			})
		})
	}
}

func TestLargeWritesAreNotCorked(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		c := newCorked(t, k, 2)
		done := make(chan struct{}, 2)
		c.data = func(s Handle, _ []byte) {
			c.loop.Write(s, make([]byte, maxCorkedWrite+1))
			assert.Empty(t, c.loop.cork.writes)
			done <- struct{}{}
		}
		c.ask()
		<-done
		<-done
	})
}

func TestPeerThatLeavesBeforeTheCork(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		if k.sealed {
			t.Skip("its peer says goodbye")
		}
		c := newCorked(t, k, 2)
		closed := make(chan Handle, 2)
		c.close = func(s Handle, status abi.Status) {
			assert.Equal(t, abi.StatusReset, status)
			closed <- s
		}
		var first Handle
		c.data = func(s Handle, _ []byte) {
			n, status := c.loop.Write(s, []byte("a"))
			assert.Equal(t, 1, n)
			assert.Equal(t, abi.StatusOK, status)
			if first == 0 {
				first = s
				return
			}
			for _, p := range c.peers {
				if k.tcp {
					assert.NoError(t, p.(*net.TCPConn).SetLinger(0))
				}
				assert.NoError(t, p.Close())
			}
		}
		c.ask()
		<-closed
		<-closed
	})
}
