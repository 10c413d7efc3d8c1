package netloop

import (
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/portholehttp/porthole/abi"
)

// overfill writes in small pieces until the kernel has had no room for one that counts as written, and returns how many bytes do. They count up.
func (c *corked) overfill(s Handle) (written int) {
	f := c.polled(s)
	for !c.loop.cork.owed(f) {
		n, status := c.loop.Write(s, counting(written, 1<<10))
		if !assert.Equal(c.t, abi.StatusOK, status) || !assert.Equal(c.t, 1<<10, n) {
			return written
		}
		written += n
		c.loop.cork.flush()
	}
	return written
}

func (c *corked) polled(s Handle) *pollSocket {
	switch t := c.loop.handles.socket(s).transport.(type) {
	case *pollSocket:
		return t
	case *tlsSocket:
		return &t.pollSocket
	}
	return nil
}

// counting returns the bytes from one place of a stream on.
func counting(from, size int) []byte {
	p := make([]byte, size)
	for i := range p {
		p[i] = byte((from + i) % 251)
	}
	return p
}

// readCounting reads to the end.
func readCounting(t *testing.T, peer net.Conn) (size int) {
	t.Helper()
	all, err := io.ReadAll(peer)
	assert.NoError(t, err)
	if assert.Equal(t, counting(0, len(all)), all) {
		return len(all)
	}
	return -1
}

// What counts as written arrives before all that is done later, also if the kernel had no room for it.
func TestCorkKeepsWhatFindsNoRoom(t *testing.T) {
	for _, test := range []struct {
		name string
		then func(l *Loop, s Handle)
	}{
		{"shutdown", func(l *Loop, s Handle) { l.Shutdown(s) }},
		{"close", func(l *Loop, s Handle) { l.CloseHandle(s, false) }},
		{"shutdown and close", func(l *Loop, s Handle) { l.Shutdown(s); l.CloseHandle(s, false) }},
		{"the loop stops", func(l *Loop, _ Handle) { l.Stop() }},
	} {
		t.Run(test.name, func(t *testing.T) {
			eachKind(t, func(t *testing.T, k kind) {
				c := newCorked(t, k, 2)
				written := make(chan int, 1)
				c.data = func(s Handle, p []byte) {
					if p[0] == 0 {
						n := c.overfill(s)
						test.then(c.loop, s)
						written <- n
					}
				}
				c.ask()
				assert.Equal(t, <-written, readCounting(t, c.peers[0]))
			})
		})
	}
}

// A socket that owes takes nothing, until it owes nothing any more.
func TestCorkTellsWhenThereIsRoom(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		c := newCorked(t, k, 2)
		total, filled, written := 0, make(chan struct{}), make(chan int, 1)
		write := func(s Handle) (n int) {
			n, status := c.loop.Write(s, counting(total, 1<<10))
			assert.Equal(t, abi.StatusOK, status)
			total += n
			return n
		}
		c.data = func(s Handle, p []byte) {
			if p[0] == 0 {
				total = c.overfill(s)
				if k.sealed {
					write(s) // becomes a record, which waits
				}
				assert.Zero(t, write(s))
				close(filled)
			}
		}
		c.writable = func(s Handle) {
			assert.Empty(t, c.loop.cork.rests)
			assert.Equal(t, 1<<10, write(s))
			c.loop.CloseHandle(s, false)
			written <- total
		}
		c.ask()
		<-filled
		size := readCounting(t, c.peers[0])
		assert.Equal(t, <-written, size)
	})
}

func TestCorkForgetsWhatNobodyTakes(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(c *corked, s Handle)
		told bool
	}{
		{"reset", func(c *corked, s Handle) { c.loop.CloseHandle(s, true) }, false},
		{"the peer leaves", func(c *corked, _ Handle) { _ = c.peers[0].Close() }, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			eachKind(t, func(t *testing.T, k kind) {
				c := newCorked(t, k, 2)
				ended, closed := make(chan struct{}), make(chan struct{}, 2)
				c.data = func(s Handle, p []byte) {
					if p[0] == 0 {
						c.overfill(s)
						test.end(c, s)
						close(ended)
					}
				}
				c.close = func(Handle, abi.Status) { closed <- struct{}{} }
				c.ask()
				<-ended
				if test.told {
					<-closed
				}
				on(t, c.loop, func() { assert.Empty(t, c.loop.cork.rests) })
			})
		})
	}
}
