package netloop

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing"

	"github.com/portholehttp/porthole/abi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// noise returns n bytes that are the same for the same seed.
func noise(seed uint64, n int) []byte {
	p := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	_, _ = r.Read(p)
	return p
}

// writeIn writes p in pieces of random sizes.
func writeIn(w io.Writer, r *rand.Rand, p []byte) error {
	for len(p) > 0 {
		n := min(len(p), 1+r.IntN(1<<r.IntN(19)))
		if _, err := w.Write(p[:n]); err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

func TestEcho(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		for seed := range uint64(4) {
			l := New(Config{Portable: portable})
			stop := run(t, l, newEcho(l))
			ours, theirs := k.pair(t)
			l.Attach(ours, 0)

			sent := noise(seed, 3<<20)
			written := make(chan error, 1)
			go func() { written <- writeIn(theirs, rand.New(rand.NewPCG(seed, 1)), sent) }()
			got := make([]byte, len(sent))
			_, err := io.ReadFull(theirs, got)
			require.NoError(t, err)
			require.NoError(t, <-written)
			require.True(t, bytes.Equal(sent, got), "seed %d", seed)

			if k.halfClose {
				require.NoError(t, theirs.(closeWriter).CloseWrite())
				_, err = theirs.Read(got)
				require.Equal(t, io.EOF, err)
			}
			require.NoError(t, theirs.Close())
			stop()
		}
	})
}

// TestPauseAtRandom pauses after each Data and resumes from elsewhere: nothing may be lost, repeated or out of order,
// and no event may come in between.
func TestPauseAtRandom(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		l := New(Config{Portable: portable})
		var got []byte
		paused := false
		ended := make(chan struct{})
		run(t, l, &hooks{
			data: func(s Handle, p []byte) {
				assert.False(t, paused)
				got = append(got, p...)
				if l.Pause(s); len(got)%3 == 0 {
					l.Resume(s)
					return
				}
				paused = true
				resume := func() { paused = false; l.Resume(s) }
				go l.Post(func() { l.Post(resume) })
			},
			end: func(s Handle) {
				assert.False(t, paused)
				l.CloseHandle(s, false)
				close(ended)
			},
		})
		ours, theirs := k.pair(t)
		l.Attach(ours, 0)
		sent := noise(9, 1<<20)
		require.NoError(t, writeIn(theirs, rand.New(rand.NewPCG(1, 2)), sent))
		require.NoError(t, theirs.Close())
		<-ended
		require.True(t, bytes.Equal(sent, got))
	})
}

// TestBackPressure writes to a peer that does not read until no more is taken, then has the peer read.
func TestBackPressure(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		const bound = 64 << 20 // more than any kernel buffers
		l := New(Config{Portable: portable})
		block := noise(1, 256<<10)
		taken := 0
		fill := func(s Handle) bool {
			for taken < bound {
				n, status := l.Write(s, block[taken%len(block):])
				if !assert.Equal(t, abi.StatusOK, status) {
					return false
				}
				if taken += n; n < len(block)-(taken-n)%len(block) {
					return true
				}
			}
			return false
		}
		full, room := make(chan Handle, 1), make(chan struct{}, 1)
		rounds := 0
		run(t, l, &hooks{
			accept: func(s, _ Handle) { assert.True(t, fill(s)); full <- s },
			writable: func(s Handle) {
				if rounds++; rounds < 20 && fill(s) {
					return
				} // the kernel's buffers may have grown so that the bound comes first
				l.CloseHandle(s, false)
				room <- struct{}{}
			},
		})
		ours, theirs := k.pair(t)
		l.Attach(ours, 0)
		<-full
		h := newDigest(block)
		_, err := io.Copy(h, theirs)
		require.NoError(t, err)
		<-room
		require.Equal(t, taken, h.n)
		require.Positive(t, rounds)
	})
}

// TestWritableIsAskedFor checks that Writable comes only after a write that was not taken whole.
func TestWritableIsAskedFor(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		l := New(Config{Portable: portable})
		var rest []byte
		send := func(s Handle) {
			n, status := l.Write(s, rest)
			assert.Equal(t, abi.StatusOK, status)
			rest = rest[n:]
		}
		run(t, l, &hooks{
			data: func(s Handle, p []byte) {
				rest = append(rest, p...)
				send(s)
			},
			writable: func(s Handle) {
				assert.NotEmpty(t, rest)
				send(s)
			},
		})
		ours, theirs := k.pair(t)
		l.Attach(ours, 0)
		for range 100 {
			roundTrip(t, theirs, make([]byte, 100))
		}
	})
}

// digest checks that what is written to it is block over and over.
type digest struct {
	block []byte
	n     int
}

func newDigest(block []byte) *digest { return &digest{block: block} }

func (d *digest) Write(p []byte) (int, error) {
	for q := p; len(q) > 0; {
		want := d.block[d.n%len(d.block):]
		n := min(len(q), len(want))
		if !bytes.Equal(q[:n], want[:n]) {
			return 0, errors.New("other bytes than were sent")
		}
		q, d.n = q[n:], d.n+n
	}
	return len(p), nil
}

// TestPauseStopsReading checks that a paused socket is not read: its peer cannot get rid of more than the kernel buffers.
func TestPauseStopsReading(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		const total = 48 << 20
		l := New(Config{Portable: portable})
		e := newEcho(l)
		received := 0
		var slow Handle
		ended := make(chan struct{})
		run(t, l, &hooks{
			accept: func(s, _ Handle) {
				if slow == 0 {
					slow = s
					assert.Equal(t, abi.StatusOK, l.Pause(s))
				}
			},
			data: func(s Handle, p []byte) {
				if s == slow {
					received += len(p)
				} else {
					e.Data(s, p, 0)
				}
			},
			writable: func(s Handle) { e.Writable(s, 0) },
			end: func(s Handle) {
				if s == slow {
					close(ended)
				}
				l.CloseHandle(s, false)
			},
		})
		ours, theirs := k.pair(t)
		l.Attach(ours, 0)
		var finished atomic.Bool
		written := make(chan error, 1)
		go func() {
			block := make([]byte, 1<<20)
			for range total / len(block) {
				if _, err := theirs.Write(block); err != nil {
					written <- err
					return
				}
			}
			finished.Store(true)
			written <- theirs.Close()
		}()

		// Meanwhile the loop serves others.
		ours, other := k.pair(t)
		l.Attach(ours, 0)
		for range 200 {
			roundTrip(t, other, make([]byte, 100))
		}
		require.NoError(t, other.Close())
		require.False(t, finished.Load())
		on(t, l, func() {
			assert.Zero(t, received)
			assert.Equal(t, abi.StatusOK, l.Resume(slow))
		})
		require.NoError(t, <-written)
		<-ended
		on(t, l, func() { assert.Equal(t, total, received) })
	})
}

// roundTrip writes p and reads as much.
func roundTrip(t testing.TB, c net.Conn, p []byte) {
	if _, err := c.Write(p); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, p); err != nil {
		t.Fatal(err)
	}
}

func TestHalfCloseByUs(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		l := New(Config{Portable: portable})
		var got []byte
		ended := make(chan struct{})
		large := noise(2, 8<<20)
		var rest []byte
		write := func(s Handle) {
			n, status := l.Write(s, rest)
			assert.Equal(t, abi.StatusOK, status)
			if rest = rest[n:]; len(rest) > 0 {
				return
			}
			if !k.halfClose {
				assert.Equal(t, abi.StatusUnsupported, l.Shutdown(s))
				return
			}
			assert.Equal(t, abi.StatusOK, l.Shutdown(s))
			assert.Equal(t, abi.StatusOK, l.Shutdown(s), "again")
			_, status = l.Write(s, []byte("late"))
			assert.Equal(t, abi.StatusState, status)
		}
		run(t, l, &hooks{
			data: func(s Handle, p []byte) {
				if got = append(got, p...); len(got) == len("hello") {
					rest = large
					write(s)
				}
			},
			writable: write,
			end:      func(s Handle) { l.CloseHandle(s, false); close(ended) },
		})
		ours, theirs := k.pair(t)
		l.Attach(ours, 0)
		_, err := theirs.Write([]byte("hello"))
		require.NoError(t, err)
		received := make([]byte, len(large))
		_, err = io.ReadFull(theirs, received)
		require.NoError(t, err)
		require.True(t, bytes.Equal(large, received))
		if k.halfClose {
			_, err = theirs.Read(received)
			require.Equal(t, io.EOF, err)
		}
		_, err = theirs.Write([]byte(", still here"))
		require.NoError(t, err)
		require.NoError(t, theirs.Close())
		<-ended
		require.Equal(t, "hello, still here", string(got))
	})
}

func TestHalfCloseByPeer(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		if !k.halfClose {
			return // the peer has no way to
		}
		l := New(Config{Portable: portable})
		ends := 0
		run(t, l, &hooks{
			end: func(s Handle) {
				ends++
				n, status := l.Write(s, []byte("answer"))
				assert.Equal(t, abi.StatusOK, status)
				assert.Equal(t, 6, n)
				l.Pause(s)
				l.Resume(s) // End does not come again
				go l.Post(func() { l.Post(func() { l.CloseHandle(s, false) }) })
			},
		})
		ours, theirs := k.pair(t)
		l.Attach(ours, 0)
		_, err := theirs.Write([]byte("question"))
		require.NoError(t, err)
		require.NoError(t, theirs.(closeWriter).CloseWrite())
		got, err := io.ReadAll(theirs)
		require.NoError(t, err)
		require.Equal(t, "answer", string(got))
		on(t, l, func() { assert.Equal(t, 1, ends) })
	})
}

// TestDataAndFINTogether has bytes and the end of the stream arrive under one edge of the poller.
func TestDataAndFINTogether(t *testing.T) {
	for _, k := range kinds[:3] {
		t.Run(k.name, func(t *testing.T) {
			l := New(Config{Portable: portable})
			e := newEcho(l)
			run(t, l, e)
			for range 100 {
				ours, theirs := k.pair(t)
				_, err := theirs.Write([]byte("x"))
				require.NoError(t, err)
				require.NoError(t, theirs.(closeWriter).CloseWrite())
				l.Attach(ours, 0)
				got, err := io.ReadAll(theirs)
				require.NoError(t, err)
				require.Equal(t, "x", string(got))
			}
		})
	}
}

func TestReadBuffer(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		memory := make([]byte, 1000)
		l := New(Config{Portable: portable, ReadBuffer: func() []byte { return memory }})
		var got []byte
		done := make(chan struct{})
		run(t, l, &hooks{
			data: func(_ Handle, p []byte) {
				assert.Same(t, &memory[0], &p[0])
				got = append(got, p...)
			},
			end: func(s Handle) { l.CloseHandle(s, false); close(done) },
		})
		ours, theirs := k.pair(t)
		l.Attach(ours, 0)
		sent := noise(3, 100_000)
		_, err := theirs.Write(sent)
		require.NoError(t, err)
		require.NoError(t, theirs.Close())
		<-done
		require.True(t, bytes.Equal(sent, got))
	})
}
