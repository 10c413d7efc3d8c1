//go:build linux

package main

import (
	"context"
	"fmt"
	nethttp "net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The test's own program is the server that it starts: it answers with the status that it is told.
const (
	serveVariable  = "BENCH_TEST_ADDRESS"
	statusVariable = "BENCH_TEST_STATUS"
)

func TestMain(m *testing.M) {
	if address := os.Getenv(serveVariable); address != "" {
		serveTest(address)
	}
	os.Exit(m.Run())
}

func serveTest(address string) {
	fmt.Fprintln(os.Stderr, "this is the server")
	if os.Getenv(statusVariable) == "" {
		os.Exit(3)
	}
	panic(nethttp.ListenAndServe(address, nethttp.HandlerFunc(func(w nethttp.ResponseWriter, _ *nethttp.Request) {
		_, _ = w.Write([]byte(helloBody))
	})))
}

// testCommand is the program, with its environment.
func testCommand(t *testing.T, status string) func(address string) ([]string, error) {
	self, err := os.Executable()
	require.NoError(t, err)
	return func(address string) ([]string, error) {
		return []string{"env", serveVariable + "=" + address, statusVariable + "=" + status, self}, nil
	}
}

func testSetup(t *testing.T) *setup {
	return &setup{options: options{rounds: 3, time: 20 * time.Millisecond, connections: 2, threads: 1}, builder: builder{out: t.TempDir()}}
}

func TestServerIsStartedUntilItAnswersAndStopped(t *testing.T) {
	s := testSetup(t)
	srv, err := s.start(context.Background(), subject{command: testCommand(t, "200")})
	require.NoError(t, err)
	assert.Positive(t, srv.firstOK)
	assert.NoError(t, srv.ask(context.Background()))
	srv.stop()
	assert.ErrorContains(t, srv.ask(context.Background()), "refused")
	assert.ErrorContains(t, srv.failure(assert.AnError), "this is the server")
	assert.ErrorContains(t, srv.failure(assert.AnError), "killed")
	srv.stop() // once more is no harm
}

func TestServerThatEndsIsNotWaitedFor(t *testing.T) {
	_, err := testSetup(t).start(context.Background(), subject{command: testCommand(t, "")})
	assert.ErrorContains(t, err, "ended before it was ready: exit status 3")
	assert.ErrorContains(t, err, "it said: this is the server")
}

func TestServerThatIsNotThere(t *testing.T) {
	_, err := startServer(context.Background(), []string{"/nonexistent/server"}, "127.0.0.1:1")
	assert.ErrorIs(t, err, os.ErrNotExist)
}

// What a server uses is more after it was asked a hundred times than before; and no other's.
func TestUsage(t *testing.T) {
	srv, err := testSetup(t).start(context.Background(), subject{command: testCommand(t, "200")})
	require.NoError(t, err)
	defer srv.stop()
	before, err := cpuTime(srv.pid)
	require.NoError(t, err)
	for range 100 {
		require.NoError(t, srv.ask(context.Background()))
	}
	after, err := cpuTime(srv.pid)
	require.NoError(t, err)
	assert.Greater(t, after, before)

	resident, err := residentBytes(srv.pid)
	require.NoError(t, err)
	private, err := privateBytes(srv.pid)
	require.NoError(t, err)
	assert.Greater(t, resident, private)
	assert.Positive(t, private)

	srv.stop()
	_, err = cpuTime(srv.pid)
	assert.Error(t, err)
	_, err = residentBytes(srv.pid)
	assert.Error(t, err)
}

func TestSumKiB(t *testing.T) {
	file := []byte("Rss:    10 kB\nPrivate_Clean:  2 kB\nPrivate_Dirty:\t 3 kB\n")
	sum, err := sumKiB(file, "Private_Clean:", "Private_Dirty:")
	require.NoError(t, err)
	assert.Equal(t, 5*1024.0, sum)
	_, err = sumKiB(file, "Swap:")
	assert.ErrorContains(t, err, "no Swap:")
}

func TestTailKeepsTheEnd(t *testing.T) {
	var said tail
	for range 3 {
		_, err := said.Write([]byte(strings.Repeat("x", tailSize)))
		require.NoError(t, err)
	}
	_, err := said.Write([]byte(" the end\n"))
	require.NoError(t, err)
	assert.True(t, strings.HasSuffix(said.String(), "x the end"))
	assert.LessOrEqual(t, len(said.String()), tailSize)
}
