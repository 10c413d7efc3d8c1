package host_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host"
	"github.com/portholehttp/porthole/host/internal/module/moduletest"
)

func TestHello(t *testing.T) {
	s, log := newServer(t, hello, host.HandlerConfig{}, host.ServerConfig{})
	tcp := newClient(t, "tcp", listen(t, s, loopback))
	path := filepath.Join(t.TempDir(), "socket")
	require.Equal(t, path, listen(t, s, "unix:"+path))
	unix := newClient(t, "unix", path)
	for range 3 {
		for _, c := range []*nethttp.Client{tcp, unix} {
			status, body := get(t, c, "/")
			assert.Equal(t, 200, status)
			assert.Equal(t, "hello world\n", body)
		}
	}
	assert.NotContains(t, log.String(), "level=ERROR")
	assert.Equal(t, 1, strings.Count(log.String(), "listening is not granted"), "said once, not by every shard")
}

// What a listener starts in goroutines is done before the host goes on to other things.
func TestGoroutinesOfAHandler(t *testing.T) {
	s, _ := newServer(t, faulty, host.HandlerConfig{}, host.ServerConfig{Shards: 1})
	c := newClient(t, "tcp", listen(t, s, loopback))
	for range 3 {
		status, body := get(t, c, "/goroutines")
		assert.Equal(t, 200, status)
		assert.Equal(t, "from a goroutine", body)
	}
	status, _ := get(t, c, "/stuck") // one that waits for ever holds up nothing
	assert.Equal(t, 200, status)
	_, body := get(t, c, "/goroutines")
	assert.Equal(t, "from a goroutine", body)
}

func TestConcurrentConnections(t *testing.T) {
	const clients, requests, shards = 32, 20, 4
	s, _ := newServer(t, faulty, host.HandlerConfig{}, host.ServerConfig{Shards: shards})
	addr := listen(t, s, loopback)
	var wg sync.WaitGroup
	counts := make([][]string, clients)
	for i := range clients {
		c := newClient(t, "tcp", addr)
		wg.Go(func() {
			for range requests {
				res, err := c.Post("http://host/body", "text/plain", strings.NewReader(strings.Repeat("x", 1000*i)))
				if !assert.NoError(t, err) {
					return
				}
				body, err := io.ReadAll(res.Body)
				assert.NoError(t, err)
				assert.NoError(t, res.Body.Close())
				counts[i] = append(counts[i], string(body))
			}
		})
	}
	wg.Wait()
	for i, c := range counts {
		assert.Len(t, c, requests)
		for _, n := range c {
			assert.Equal(t, fmt.Sprint(1000*i), n)
		}
	}

	// Connections are dealt in turn, so each shard has served its share.
	for range shards {
		status, count := get(t, newClient(t, "tcp", addr), "/count")
		assert.Equal(t, 200, status)
		assert.Equal(t, fmt.Sprint(clients/shards*requests+1), count)
	}
}

func TestManyServersOfOneRuntime(t *testing.T) {
	r, _ := newRuntime(t, host.Config{})
	h := load(t, r, "faulty", faulty)
	var addrs []string
	for range 3 {
		s, err := r.NewServer(h, host.ServerConfig{Shards: 1})
		require.NoError(t, err)
		addrs = append(addrs, listen(t, s, loopback))
	}
	for range 2 {
		for i, addr := range addrs {
			_, count := get(t, newClient(t, "tcp", addr), "/count")
			assert.Contains(t, "12", count, "server %d has instances of its own", i)
		}
	}
	require.NoError(t, r.Close(context.Background()))
	for _, addr := range addrs {
		_, err := net.Dial("tcp", addr)
		assert.Error(t, err, "Close of the runtime closes its servers")
	}
}

// inFlight starts a request on a connection of its own and returns once the handler has it. finish completes
// it.
func inFlight(t *testing.T, network, addr string) (conn net.Conn, finish func()) {
	t.Helper()
	conn, err := net.Dial(network, addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() }) // the server may have
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	_, err = io.WriteString(conn, "POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
	require.NoError(t, err)
	line, err := bufio.NewReaderSize(conn, 16).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 100 Continue\r\n", line)
	return conn, func() {
		_, err := io.WriteString(conn, "body")
		require.NoError(t, err)
	}
}

func TestShutdownFinishesWhatIsInFlight(t *testing.T) {
	s, _ := newServer(t, faulty, host.HandlerConfig{}, host.ServerConfig{Shards: 2})
	addr := listen(t, s, loopback)
	idle := newClient(t, "tcp", addr)
	get(t, idle, "/")
	conn, finish := inFlight(t, "tcp", addr)

	shutdown := make(chan error, 1)
	go func() { shutdown <- s.Shutdown(context.Background()) }()
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	}, patience, time.Millisecond, "it stops accepting")
	_, err := s.Listen(loopback)
	require.ErrorIs(t, err, host.ErrServerClosed)
	assert.NoError(t, s.Err(), "it has not ended")
	select {
	case err := <-shutdown:
		t.Fatalf("it did not wait: %v", err)
	default:
	}

	finish()
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	assert.Contains(t, string(answer), "HTTP/1.1 200 OK\r\n")
	assert.True(t, strings.HasSuffix(string(answer), "\r\n\r\n4"), "%q", answer)
	require.NoError(t, conn.Close())
	require.NoError(t, <-shutdown)
	<-s.Done()
	assert.ErrorIs(t, s.Err(), host.ErrServerClosed)
	assert.NoError(t, s.Shutdown(context.Background()), "again")
	assert.NoError(t, s.Close())
}

func TestShutdownGivesUpWithItsContext(t *testing.T) {
	s, _ := newServer(t, faulty, host.HandlerConfig{}, host.ServerConfig{})
	conn, _ := inFlight(t, "tcp", listen(t, s, loopback))
	ctx, cancel := context.WithCancelCause(context.Background())
	enough := errors.New("enough")
	cancel(enough)
	assert.ErrorIs(t, s.Shutdown(ctx), enough)
	_, _ = io.Copy(io.Discard, conn) // it is cut
	<-s.Done()
}

func TestCloseCutsWhatIsInFlight(t *testing.T) {
	s, _ := newServer(t, faulty, host.HandlerConfig{}, host.ServerConfig{})
	path := filepath.Join(t.TempDir(), "socket")
	conn, _ := inFlight(t, "unix", listen(t, s, "unix:"+path))
	require.NoError(t, s.Close())
	answer, _ := io.ReadAll(conn)
	assert.NotContains(t, string(answer), "200 OK")
	_, err := os.Lstat(path)
	assert.ErrorIs(t, err, os.ErrNotExist, "the socket file is removed")
}

// A handler that sleeps holds up its shard, but not the end of the server.
func TestCloseWakesAHandlerThatSleeps(t *testing.T) {
	s, log := newServer(t, faulty, host.HandlerConfig{}, host.ServerConfig{})
	conn, err := net.Dial("tcp", listen(t, s, loopback))
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	_, err = io.WriteString(conn, "GET /sleep HTTP/1.1\r\nHost: h\r\n\r\n")
	require.NoError(t, err)
	log.await(t, "asleep")
	require.NoError(t, s.Close())
	assert.Contains(t, log.String(), "interrupted: the host is closing")
}

func TestHandlerThatFailsIsReplaced(t *testing.T) {
	for _, test := range []struct{ path, reason, output string }{
		{"/panic", "reason=unreachable", "panic: on purpose"},
		{"/exit", "exited with code 3", ""},
		{"/memory", "reason=unreachable", "out of memory"},
	} {
		t.Run(test.path, func(t *testing.T) {
			s, log := newServer(t, faulty, host.HandlerConfig{Limits: host.Limits{MaxMemoryPages: 1024}}, host.ServerConfig{})
			addr := listen(t, s, loopback)
			c := newClient(t, "tcp", addr)
			_, count := get(t, c, "/count")
			require.Equal(t, "1", count)
			conn, finish := inFlight(t, "tcp", addr)

			status, body := get(t, c, test.path)
			assert.Equal(t, 500, status)
			for _, secret := range []string{"purpose", "exit", "memory", "goroutine", "wasm"} {
				assert.NotContains(t, body, secret, "the client is told nothing")
			}
			finish()
			answer, err := io.ReadAll(conn)
			require.NoError(t, err)
			assert.Contains(t, string(answer), "HTTP/1.1 500 ", "the other exchange of that instance")

			_, count = get(t, c, "/count")
			assert.Equal(t, "1", count, "a fresh instance")
			assert.Equal(t, 1, strings.Count(log.String(), `msg="handler ended" handler=guest function=on_event`))
			assert.Contains(t, log.String(), test.reason)
			assert.Contains(t, log.String(), test.output)
		})
	}
}

func TestHandlerThatTrapsIsReplaced(t *testing.T) {
	s, log := newServer(t, moduletest.Trapping().Encode(), host.HandlerConfig{}, host.ServerConfig{})
	c := newClient(t, "tcp", listen(t, s, loopback))
	for i := range 2 {
		status, _ := get(t, c, "/")
		assert.Equal(t, 500, status)
		assert.Equal(t, i+1, strings.Count(log.String(), `msg="handler ended" handler=guest function=on_event reason=unreachable`))
	}
	status, _ := get(t, c, "/")
	assert.Equal(t, 503, status, "it keeps failing")
	assert.Contains(t, log.String(), `msg="handler keeps failing, and is not started for a while" handler=guest faults=2 wait=100ms`)
}

func TestResponseIsCutWhenItsHeadIsOut(t *testing.T) {
	s, _ := newServer(t, faulty, host.HandlerConfig{}, host.ServerConfig{})
	addr := listen(t, s, loopback)
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	_, err = io.WriteString(conn, "POST /half HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n")
	require.NoError(t, err)
	res, err := nethttp.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	piece := make([]byte, len("half of it"))
	_, err = io.ReadFull(res.Body, piece)
	require.NoError(t, err)
	_, err = io.WriteString(conn, "more")
	require.NoError(t, err)
	_, err = res.Body.Read(piece)
	assert.Error(t, err, "the client can tell that it is not complete")
	assert.NotErrorIs(t, err, io.EOF)
	status, _ := get(t, newClient(t, "tcp", addr), "/")
	assert.Equal(t, 200, status)
}

// The stack keeps what a client does not read. Here it may not have the memory for it, and ends.
func TestStackThatFailsIsReplaced(t *testing.T) {
	r, log := newRuntime(t, host.Config{MaxStackPages: 256})
	s, err := r.NewServer(load(t, r, "faulty", faulty), host.ServerConfig{Shards: 1})
	require.NoError(t, err)
	addr := listen(t, s, loopback)
	other, _ := inFlight(t, "tcp", addr)
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	_, err = io.WriteString(conn, "GET /big HTTP/1.1\r\nHost: h\r\n\r\n")
	require.NoError(t, err)
	log.await(t, `msg="stack ended, its connections are cut" guest=stack`)
	_, _ = io.Copy(io.Discard, other) // it ends
	for range 3 {
		status, body := get(t, newClient(t, "tcp", addr), "/")
		assert.Equal(t, 200, status)
		assert.Equal(t, "hello world\n", body)
	}
	assert.Contains(t, log.String(), "out of memory")
	assert.NotContains(t, log.String(), "handler ended", "it only lost its exchanges")
}
