package netloop

import (
	"io"
	"net"
	"sync"
	"testing"

	"github.com/portholehttp/porthole/abi"
	"github.com/stretchr/testify/require"
)

// BenchmarkEcho is a round trip of 256 bytes over loopback TCP, as seen by peers on as many connections, which share the
// processors with what they measure: the loop, the loop on wrapped connections (streams), or a goroutine for each connection.
func BenchmarkEcho(b *testing.B) {
	servers := []struct {
		name  string
		start func(b *testing.B) (attach func(c net.Conn))
	}{
		{name: "loop", start: func(b *testing.B) func(net.Conn) {
			l := New(Config{Portable: portable})
			run(b, l, newEcho(l))
			return func(c net.Conn) { l.Attach(c, 0) }
		}},
		{name: "stream", start: func(b *testing.B) func(net.Conn) {
			l := New(Config{Portable: portable})
			run(b, l, newEcho(l))
			return func(c net.Conn) { l.Attach(wrapped{c}, 0) }
		}},
		{name: "goroutines", start: func(b *testing.B) func(net.Conn) {
			return func(c net.Conn) { go echoBlocking(c) }
		}},
	}
	for _, s := range servers {
		for _, conns := range []int{1, 64} {
			b.Run(s.name+"/"+map[int]string{1: "1", 64: "64"}[conns], func(b *testing.B) {
				attach := s.start(b)
				peers := make([]net.Conn, conns)
				for i := range peers {
					var ours net.Conn
					ours, peers[i] = tcpPair(b)
					attach(ours)
					roundTrip(b, peers[i], make([]byte, 256))
				}
				roundTrips(b, peers)
			})
		}
	}
}

// roundTrips measures b.N of them over peers, and closes these.
func roundTrips(b *testing.B, peers []net.Conn) {
	b.ReportAllocs()
	b.ResetTimer()
	var all sync.WaitGroup
	for i, c := range peers {
		all.Go(func() {
			p := make([]byte, 256)
			for n := i; n < b.N; n += len(peers) {
				roundTrip(b, c, p)
			}
		})
	}
	all.Wait()
	b.StopTimer()
	for _, c := range peers {
		_ = c.Close()
	}
}

func echoBlocking(c net.Conn) {
	defer c.Close()
	p := make([]byte, 64<<10)
	for {
		n, err := c.Read(p)
		if err != nil {
			return
		}
		if _, err := c.Write(p[:n]); err != nil {
			return
		}
	}
}

// BenchmarkReceive is the reading of a stream of bytes, 1 MiB an operation.
func BenchmarkReceive(b *testing.B) {
	for _, k := range kinds {
		b.Run(k.name, func(b *testing.B) {
			l := New(Config{Portable: portable})
			var got int64
			done := make(chan struct{})
			run(b, l, &hooks{
				data: func(s Handle, p []byte) { got += int64(len(p)) },
				end:  func(s Handle) { l.CloseHandle(s, false); close(done) },
			})
			ours, theirs := k.pair(b)
			l.Attach(ours, 0)
			block := make([]byte, 1<<20)
			b.SetBytes(int64(len(block)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := theirs.Write(block); err != nil {
					b.Fatal(err)
				}
			}
			require.NoError(b, theirs.Close())
			<-done
		})
	}
}

// TestNoAllocations checks that a connection in its steady state allocates nothing: neither for a message and its answer, nor for
// a write that has to wait for room, nor for a pause, nor for a timer that moves.
func TestNoAllocations(t *testing.T) {
	for _, k := range kinds[:4] { // crypto/tls has its own
		t.Run(k.name, func(t *testing.T) {
			l := New(Config{Portable: portable})
			large := make([]byte, 8<<20) // more than the kernel takes from a peer that does not read yet
			var rest []byte
			short := false
			send := func(s Handle) {
				n, status := l.Write(s, rest)
				if status != abi.StatusOK {
					t.Error(status)
				}
				rest = rest[n:]
				short = short || len(rest) > 0
			}
			var paused Handle
			resume := func() { l.Resume(paused) }
			size := 256
			run(t, l, &hooks{
				data: func(s Handle, p []byte) {
					l.Pause(s)
					paused = s
					l.Post(resume)
					l.SetTimer(l.Now() + 1e12)
					rest = large[:size]
					send(s)
				},
				writable: send,
			})
			ours, theirs := k.pair(t)
			l.Attach(ours, 0)
			request := make([]byte, 1)
			answer := make([]byte, len(large))
			exchange := func() {
				if _, err := theirs.Write(request); err != nil {
					t.Fatal(err)
				}
				if _, err := io.ReadFull(theirs, answer[:size]); err != nil {
					t.Fatal(err)
				}
			}
			for range 10 {
				exchange()
			}
			require.Zero(t, testing.AllocsPerRun(200, exchange))
			on(t, l, func() { size = len(large) })
			for range 10 {
				exchange()
			}
			require.Zero(t, testing.AllocsPerRun(20, exchange))
			on(t, l, func() { require.True(t, short, "nothing had to wait") })
		})
	}
}
