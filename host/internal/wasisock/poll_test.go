//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package wasisock

import (
	"fmt"
	"io"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// clock is a subscription.
func clock(id uint32, timeout uint64, flags uint16) []byte {
	b := make([]byte, subscriptionSize)
	le.PutUint64(b, 99)
	le.PutUint32(b[16:], id)
	le.PutUint64(b[24:], timeout)
	le.PutUint16(b[40:], flags)
	return b
}

func TestPollSockets(t *testing.T) {
	g := newGuest(t, "program.wasm", "", "127.0.0.1:*")
	fd, peer := g.accepted()
	reading, writing := subscription{subscribeRead, fd}, subscription{subscribeWrite, fd}
	both := g.subscriptions(reading, writing)
	canWrite := happened{1, success, subscribeWrite, false}
	canRead := happened{0, success, subscribeRead, false}

	assert.Equal(t, []happened{canWrite}, g.poll(both))
	assert.Equal(t, []happened{{0, success, subscribeClock, false}}, g.poll(g.now(g.subscriptions(reading))), "writing is not asked for")
	_, err := io.WriteString(peer, "xy")
	require.NoError(t, err)
	g.wait(reading)
	for range 2 { // it is so until it is read
		assert.ElementsMatch(t, []happened{canRead, canWrite}, g.poll(both))
	}
	size := g.room(4)
	g.must("fd_read", fd, g.vectors(make([]byte, 1)), 1, size)
	g.wait(reading)
	g.must("fd_read", fd, g.vectors(make([]byte, 9)), 1, size)
	assert.Equal(t, []happened{canWrite}, g.poll(both))

	piece := g.vectors(make([]byte, 16<<10))
	for e := success; e == success; {
		e = g.call("fd_write", fd, piece, 1, size)
	}
	assert.Len(t, g.poll(g.now(both)), 1, "only the clock")
	go func() { _, _ = io.Copy(io.Discard, peer) }()
	g.wait(writing)

	_, err = io.WriteString(peer, "last")
	require.NoError(t, err)
	require.NoError(t, peer.CloseWrite())
	g.wait(reading)
	require.NoError(t, peer.SetLinger(0))
	require.NoError(t, peer.Close())
	for hung := false; !hung; { // the reset is on its way
		for _, event := range g.poll(g.subscriptions(reading)) {
			hung = event.hangup
		}
	}
	g.must("fd_close", fd)
	assert.Equal(t, []happened{{0, errBadF, subscribeRead, false}}, g.poll(g.subscriptions(reading)))
}

// A round reports each socket that is ready, of many.
func TestPollSome(t *testing.T) {
	g := newGuest(t, "program.wasm", "", "127.0.0.1:*", func(c *Config) { c.MaxSockets = 100 })
	var all []subscription
	var peers []io.Writer
	for range 20 {
		fd, peer := g.accepted()
		all, peers = append(all, subscription{subscribeRead, fd}), append(peers, peer)
	}
	for _, i := range []int{3, 11, 19} {
		_, err := io.WriteString(peers[i], "x")
		require.NoError(t, err)
		g.wait(all[i])
	}
	got := map[int]bool{}
	for _, event := range g.poll(g.subscriptions(append(all, all...)...)) { // each twice
		got[event.of%20] = true
	}
	assert.Equal(t, map[int]bool{3: true, 11: true, 19: true}, got)
	assert.Len(t, g.poll(g.now(g.subscriptions(all[0], all[5]))), 1)

	// A descriptor that is another socket's now.
	g.must("fd_close", all[3].fd)
	fd := g.open(familyIPv4, kindDatagram)
	require.Equal(t, all[3].fd, fd)
	assert.Len(t, g.poll(g.now(g.subscriptions(all[3]))), 1)
}

func TestPollClocks(t *testing.T) {
	g := newGuest(t, "program.wasm", "", "127.0.0.1:*")
	mono, real := g.sockets.config.Monotonic, g.sockets.config.Realtime
	fired := []happened{{99, success, subscribeClock, false}}
	for name, at := range map[string]func() (sub []byte, due func() bool){
		"at once": func() ([]byte, func() bool) { return clock(clockMonotonic, 0, 0), func() bool { return true } },
		"less than a millisecond": func() ([]byte, func() bool) {
			until := mono() + 300_000
			return clock(clockMonotonic, 300_000, 0), func() bool { return mono() >= until }
		},
		"some milliseconds": func() ([]byte, func() bool) {
			until := mono() + 3_700_000
			return clock(clockRealtime, 3_700_000, 0), func() bool { return mono() >= until }
		},
		"monotonic and absolute": func() ([]byte, func() bool) {
			until := mono() + 2_000_000
			return clock(clockMonotonic, uint64(until), clockAbsolute), func() bool { return mono() >= until }
		},
		"real and absolute": func() ([]byte, func() bool) {
			until := real() + 2_000_000
			return clock(clockRealtime, uint64(until), clockAbsolute), func() bool { return real() >= until-1_000_000 } // it may be set
		},
		"in the past": func() ([]byte, func() bool) {
			return clock(clockRealtime, 1, clockAbsolute), func() bool { return true }
		},
	} {
		sub, due := at()
		assert.Equal(t, fired, g.poll(sub), name)
		assert.True(t, due(), name)
		fd, _ := g.listen(kindStream)
		sub, due = at()
		sub = append(g.subscriptions(subscription{subscribeRead, fd}), append(clock(clockMonotonic, math.MaxUint64, 0), sub...)...)
		assert.Equal(t, fired, g.poll(sub), "%s, with a socket and a clock that is never due", name)
		assert.True(t, due(), name)
		g.must("fd_close", fd)
	}
	fd, _ := g.accepted()
	got := g.poll(append(clock(clockMonotonic, math.MaxInt64, 0), g.subscriptions(subscription{subscribeWrite, fd})...))
	assert.Equal(t, []happened{{0, success, subscribeWrite, false}}, got, "the clock is not due")

	bad := clock(2, 0, 0)
	in, out := g.put(bad), g.room(eventSize)
	assert.Equal(t, errInval, g.call("poll_oneoff", in, out, 1, g.room(4)))
	assert.Equal(t, errInval, g.call("poll_oneoff", g.put(clock(0, 0, 2)), out, 1, g.room(4)))
	assert.Equal(t, errInval, g.call("poll_oneoff", g.put(g.subscriptions(subscription{3, 0})), out, 1, g.room(4)))
}

// The standard input is waited for, unless it is a file.
func TestPollStdin(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.Close(); _ = w.Close() })
	input := subscription{subscribeRead, 0}
	g := newGuest(t, "program.wasm", "", "", func(c *Config) { c.Stdin = r })
	assert.Equal(t, []happened{{0, success, subscribeClock, false}}, g.poll(g.now(g.subscriptions(input)))[:1])
	_, err = io.WriteString(w, "x")
	require.NoError(t, err)
	g.wait(input)

	f, err := os.Open("poll_test.go")
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.Close() })
	g = newGuest(t, "program.wasm", "", "", func(c *Config) { c.Stdin = f })
	for range 2 {
		g.wait(input)
	}
	g.wait(subscription{subscribeWrite, 1})
}

// A read of a standard input that says nothing is interrupted.
func TestInterruptStdin(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.Close(); _ = w.Close() })
	g := newGuest(t, "program.wasm", "", "", func(c *Config) { c.Stdin = r })
	go g.sockets.Interrupt()
	_, err = g.try("fd_read", 0, g.vectors(make([]byte, 1)), 1, g.room(4))
	assert.ErrorIs(t, err, ErrInterrupted)
}

// BenchmarkPoll has a number of idle connections and one that is ready.
func BenchmarkPoll(b *testing.B) {
	for _, n := range []int{1, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			g := newGuest(b, "program.wasm", "", "127.0.0.1:*", func(c *Config) { c.MaxSockets = n + 2 })
			var all []subscription
			var last io.Writer
			for range n {
				fd, peer := g.accepted()
				all, last = append(all, subscription{subscribeRead, fd}), peer
				g.top = 4096
			}
			if _, err := io.WriteString(last, "x"); err != nil {
				b.Fatal(err)
			}
			g.wait(all[n-1])
			in, out, result := g.put(g.subscriptions(all...)), g.room(n*eventSize), g.room(4)
			poll := g.module.ExportedFunction("poll_oneoff")
			stack := make([]uint64, 4)
			b.ReportAllocs()
			for b.Loop() {
				stack[0], stack[1], stack[2], stack[3] = uint64(in), uint64(out), uint64(n), uint64(result)
				if err := poll.CallWithStack(b.Context(), stack); err != nil || stack[0] != 0 || g.word(result) != 1 {
					b.Fatal(err, stack[0], g.word(result))
				}
			}
		})
	}
}
