//go:build linux

package load

import (
	"bufio"
	"context"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const request = "GET / HTTP/1.1\r\nHost: test\r\n\r\n"

// serve answers on each connection until that ends.
func serve(t *testing.T, connection func(net.Conn)) (address string) {
	t.Helper()
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, ln.Close()) })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				connection(conn)
			}()
		}
	}()
	return ln.Addr().String()
}

// answering reads the bytes of a request each time before it writes an answer.
func answering(size int, answer string) func(net.Conn) {
	return func(conn net.Conn) {
		buf := make([]byte, size)
		for {
			if _, err := io.ReadFull(conn, buf); err != nil {
				return
			}
			if _, err := io.WriteString(conn, answer); err != nil {
				return
			}
		}
	}
}

func options(address string) Options {
	return Options{
		Address:     address,
		Connections: 4,
		Threads:     2,
		Requests:    [][]byte{[]byte(request)},
		Body:        5,
		WarmUp:      10 * time.Millisecond,
		Time:        50 * time.Millisecond,
	}
}

func TestClosedLoop(t *testing.T) {
	o := options(serve(t, answering(len(request), sized)))
	var marks []bool
	o.Mark = func(begin bool) { marks = append(marks, begin) }
	r, err := Run(context.Background(), o)
	require.NoError(t, err)
	assert.Positive(t, r.Requests)
	assert.Equal(t, r.Requests, r.Latency.TotalCount())
	assert.Equal(t, o.Time, r.Elapsed)
	assert.Zero(t, r.Unanswered)
	assert.Equal(t, []bool{true, false}, marks)
}

func TestPipelinedRequestsAreAllCounted(t *testing.T) {
	const depth = 16
	all := ""
	for range depth {
		all += request
	}
	o := options(serve(t, answering(len(request), sized)))
	o.Requests, o.Depth = [][]byte{[]byte(all)}, depth
	r, err := Run(context.Background(), o)
	require.NoError(t, err)
	assert.Equal(t, r.Latency.TotalCount()*depth, r.Requests)
}

func TestRequestsAreSentInTurn(t *testing.T) {
	seen := make(chan string, 4)
	o := options(serve(t, func(conn net.Conn) {
		r := bufio.NewReader(conn)
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			select {
			case seen <- line:
			default: // that is enough
			}
			if _, err := io.WriteString(conn, sized); err != nil {
				return
			}
		}
	}))
	o.Connections = 1
	o.Requests = [][]byte{[]byte("1\n"), []byte("2\n"), []byte("3\n")}
	_, err := Run(context.Background(), o)
	require.NoError(t, err)
	for _, want := range []string{"1\n", "2\n", "3\n", "1\n"} {
		assert.Equal(t, want, <-seen)
	}
}

func TestRequestThatDoesNotFitIntoTheSocketIsSentInPieces(t *testing.T) {
	const size = 16 << 20
	o := options(serve(t, answering(size, sized)))
	o.Connections, o.Threads, o.Time = 1, 1, time.Second
	o.Requests = [][]byte{make([]byte, size)}
	r, err := Run(context.Background(), o)
	require.NoError(t, err)
	assert.Positive(t, r.Requests)
}

func TestOpenLoopKeepsItsRateAndCountsNoWarmUp(t *testing.T) {
	var served atomic.Int64
	o := options(serve(t, func(conn net.Conn) {
		buf := make([]byte, len(request))
		for {
			if _, err := io.ReadFull(conn, buf); err != nil {
				return
			}
			served.Add(1)
			if _, err := io.WriteString(conn, sized); err != nil {
				return
			}
		}
	}))
	o.Rate, o.WarmUp, o.Time = 1000, 50*time.Millisecond, 200*time.Millisecond
	r, err := Run(context.Background(), o)
	require.NoError(t, err)
	assert.EqualValues(t, 200, r.Requests+r.Unanswered)
	assert.EqualValues(t, 200, r.Latency.TotalCount())
	assert.LessOrEqual(t, served.Load(), int64(250))
	assert.GreaterOrEqual(t, served.Load(), r.Requests)
}

func TestWindow(t *testing.T) {
	w := window{begin: 10, end: 20}
	for at, want := range map[int64]bool{9: false, 10: true, 19: true, 20: false} {
		assert.Equal(t, want, w.has(at), "%d", at)
	}
}

// A server that stalls throughout the measured time is charged for every request of it, not only for the one that it had.
func TestOpenLoopCountsFromTheIntendedTime(t *testing.T) {
	over := make(chan struct{})
	o := options(serve(t, func(conn net.Conn) {
		<-over
		answering(len(request), sized)(conn)
	}))
	o.Connections, o.Threads, o.WarmUp, o.Rate, o.Time = 1, 1, 0, 1000, 200*time.Millisecond
	o.Mark = func(begin bool) {
		if !begin {
			close(over)
		}
	}
	r, err := Run(context.Background(), o)
	require.NoError(t, err)
	assert.EqualValues(t, 200, r.Requests+r.Unanswered)
	assert.EqualValues(t, 200, r.Latency.TotalCount())
	// Request number i was intended i ms after the start and not answered before 200 ms.
	for _, percent := range []float64{10, 50, 90} {
		least := time.Duration(2*percent-2) * time.Millisecond
		assert.GreaterOrEqual(t, r.Latency.ValueAtPercentile(percent), least.Nanoseconds(), "p%g", percent)
	}
}

func TestOpenLoopSaysWhatWasNotAnswered(t *testing.T) {
	silent := func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }
	o := options(serve(t, silent))
	o.Connections, o.Threads, o.WarmUp, o.Rate = 1, 1, 0, 1000
	r, err := Run(context.Background(), o)
	require.ErrorContains(t, err, "nothing was answered")
	assert.EqualValues(t, 50, r.Unanswered)
	assert.EqualValues(t, 50, r.Latency.TotalCount())
	assert.GreaterOrEqual(t, r.Latency.Min(), time.Second.Nanoseconds()) // they had a second and more
}

func TestClosedLoopSaysWhatWasNotAnswered(t *testing.T) {
	var connections atomic.Int64
	o := options(serve(t, func(conn net.Conn) {
		if connections.Add(1) == 1 {
			_, _ = io.Copy(io.Discard, conn)
			return
		}
		answering(len(request), sized)(conn)
	}))
	r, err := Run(context.Background(), o)
	require.NoError(t, err)
	assert.Positive(t, r.Requests)
	assert.EqualValues(t, 1, r.Unanswered)
}

func TestRunFails(t *testing.T) {
	t.Run("on another status", func(t *testing.T) {
		_, err := Run(context.Background(), options(serve(t, answering(len(request), "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"))))
		assert.ErrorIs(t, err, ErrStatus)
	})
	t.Run("on another body", func(t *testing.T) {
		_, err := Run(context.Background(), options(serve(t, answering(len(request), chunked))))
		assert.ErrorIs(t, err, ErrBody)
	})
	t.Run("when the server closes", func(t *testing.T) {
		_, err := Run(context.Background(), options(serve(t, func(conn net.Conn) { _, _ = conn.Read(make([]byte, len(request))) })))
		assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	})
	t.Run("on an answer nobody asked for", func(t *testing.T) {
		_, err := Run(context.Background(), options(serve(t, answering(len(request), sized+sized))))
		assert.ErrorIs(t, err, errFraming)
	})
	t.Run("when there is no server", func(t *testing.T) {
		ln, err := net.Listen("tcp4", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, ln.Close())
		_, err = Run(context.Background(), options(ln.Addr().String()))
		assert.ErrorContains(t, err, "connection refused")
	})
	t.Run("when it is canceled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		o := options(serve(t, answering(len(request), sized)))
		o.Time = time.Hour
		o.Mark = func(bool) { cancel() }
		_, err := Run(ctx, o)
		assert.ErrorIs(t, err, context.Canceled)
	})
}

func TestConnectionsAreShared(t *testing.T) {
	for total := range 20 {
		for n := 1; n < 6; n++ {
			sum := 0
			for i := range n {
				sum += share(total, n, i)
			}
			assert.Equal(t, total, sum)
		}
	}
}

func TestIdle(t *testing.T) {
	var open atomic.Int64
	address := serve(t, func(conn net.Conn) {
		open.Add(1)
		answering(len(request), sized)(conn)
	})
	idle, err := OpenIdle(context.Background(), address, 10, []byte(request))
	require.NoError(t, err)
	assert.Len(t, idle, 10)
	assert.EqualValues(t, 10, open.Load())
	require.NoError(t, idle.Close())

	_, err = OpenIdle(context.Background(), serve(t, func(net.Conn) {}), 10, []byte(request))
	assert.ErrorContains(t, err, "connection 1:")
}

func TestTransfer(t *testing.T) {
	download := serve(t, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 1<<10))
		_, _ = io.WriteString(conn, chunked)
	})
	_, err := Download(context.Background(), download, "/", 15)
	require.NoError(t, err)
	_, err = Download(context.Background(), download, "/", 16)
	assert.ErrorContains(t, err, "15 bytes instead of 16")

	const size = 3*pieceSize + 1
	received := make(chan int64, 1)
	upload := serve(t, func(conn net.Conn) {
		r := bufio.NewReader(conn)
		for line := ""; line != "\r\n"; {
			line, _ = r.ReadString('\n')
		}
		n, _ := io.CopyN(io.Discard, r, size)
		received <- n
		_, _ = io.WriteString(conn, empty)
	})
	_, err = Upload(context.Background(), upload, "/", size)
	require.NoError(t, err)
	assert.EqualValues(t, size, <-received)
}
