//go:build !race

package netloop

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/portholehttp/porthole/abi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// What holds for the cork holds without a ring, as in many containers.
func TestWithoutRing(t *testing.T) {
	ringless = true
	defer func() { ringless = false }()
	c := newCorked(t, kinds[0], 1)
	on(t, c.loop, func() { assert.Nil(t, c.loop.cork.ring) })
	t.Run("together", TestWritesOfATurnGoTogether)
	t.Run("order", TestCorkKeepsOrder)
	t.Run("no room", TestCorkKeepsWhatFindsNoRoom)
	t.Run("peer that leaves", TestPeerThatLeavesBeforeTheCork)
}

// Bytes arrive, once, by the ring of the loop, and if the system comes to refuse it.
func TestSendByRing(t *testing.T) {
	r := newRing()
	if r == nil {
		t.Skip("the system has none to give")
	}
	r.close()
	for _, refused := range []bool{false, true} {
		t.Run(fmt.Sprintf("refused=%t", refused), func(t *testing.T) {
			c := newCorked(t, kinds[0], 4)
			var ring *ring
			on(t, c.loop, func() {
				ring = c.loop.cork.ring
				if refused {
					null, err := os.Open(os.DevNull)
					assert.NoError(t, err)
					assert.NoError(t, unix.Dup3(int(null.Fd()), ring.fd, unix.O_CLOEXEC)) // io_uring_enter fails
					assert.NoError(t, null.Close())
				}
			})
			require.NotNil(t, ring)
			written := 0
			told := make(chan struct{})
			c.data = func(s Handle, p []byte) {
				n, status := c.loop.Write(s, []byte("answer"))
				assert.Equal(t, len("answer"), n)
				assert.Equal(t, abi.StatusOK, status)
				if p[0] == 1 {
					c.loop.Shutdown(s) // it does not wait for the others
				}
				if written++; written == len(c.peers) {
					close(told)
				}
			}
			c.ask()
			<-told
			on(t, c.loop, func() {
				if refused {
					assert.Nil(t, c.loop.cork.ring)
					return
				}
				assert.Same(t, ring, c.loop.cork.ring)
				pulled := 0
				for _, n := range ring.sent[:len(c.peers)] {
					if n < 0 {
						pulled++
					} else {
						assert.EqualValues(t, len("answer"), n)
					}
				}
				assert.Equal(t, 1, pulled)
			})
			c.loop.Stop()
			for i := range c.peers {
				assert.Equal(t, "answer", c.read(i))
			}
		})
	}
}

// What the kernel has no room for is kept, of each of the writes that go together.
func TestRingKeepsWhatFindsNoRoom(t *testing.T) {
	c := newCorked(t, kinds[0], 2)
	var sockets []Handle
	written := make([]int, 2) // by peer
	told := make(chan struct{})
	c.data = func(s Handle, p []byte) {
		if sockets = append(sockets, s); p[0] == 1 && len(sockets) == 1 {
			slices.Reverse(c.peers) // in the order of sockets
		}
		if len(sockets) < 2 {
			return
		}
		for waiting := 2; waiting == 2; c.loop.cork.flush() {
			waiting = 0
			for i, s := range sockets {
				if f := c.polled(s); !c.loop.cork.owed(f) {
					n, status := c.loop.Write(s, counting(written[i], 4001))
					assert.Equal(t, abi.StatusOK, status)
					written[i] += n
					waiting++
				}
			}
		}
		for _, s := range sockets {
			c.loop.Shutdown(s)
		}
		close(told)
	}
	c.ask()
	<-told
	for i, p := range c.peers {
		assert.Equal(t, written[i], readCounting(t, p))
	}
}
