package tests

import (
	"bytes"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host"
	"github.com/portholehttp/porthole/tests/internal/descriptors"
	"github.com/portholehttp/porthole/tests/internal/raw"
	"github.com/portholehttp/porthole/tests/internal/subject"
)

// wrk starts the program of that name.
func wrk(t *testing.T, connections, duration, addr string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(subject.Need(t, "wrk"), "-c", connections, "-t", "2", "-d", duration, "http://"+addr+"/hello")
	cmd.Stdout = &bytes.Buffer{}
	require.NoError(t, cmd.Start())
	return cmd
}

func noErrors(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	require.NoError(t, cmd.Wait())
	out := cmd.Stdout.(*bytes.Buffer).String()
	require.NotContains(t, out, "Socket errors")
	require.NotContains(t, out, "Non-2xx")
	require.Contains(t, out, "requests in")
	require.NotContains(t, out, "  0 requests in")
}

// sequentially runs a test for each of our servers, one after the other and with nothing else beside: it looks at the whole process.
func sequentially(t *testing.T, o subject.Options, test func(t *testing.T, addr string)) {
	for i := range subject.Ours {
		t.Run(subject.Ours[i].Name, func(t *testing.T) {
			s := subject.Ours[i].Start(t, o)
			defer s.Close(t)
			test(t, s.Addr)
		})
	}
}

func TestWrk(t *testing.T) {
	sequentially(t, subject.Options{}, func(t *testing.T, addr string) {
		noErrors(t, wrk(t, "64", "1s", addr))
	})
}

// Half of the connections end in the midst of requests. The others go on, and nothing stays.
func TestWrkKilled(t *testing.T) {
	sequentially(t, with(func(c *host.ServerConfig) { c.Shards = 2 }), func(t *testing.T, addr string) {
		sockets := descriptors.Sockets()
		served := func(n int) func() bool { return func() bool { return descriptors.Sockets()-sockets == n } }
		dies := wrk(t, "32", "60s", addr)
		require.Eventually(t, served(32), raw.Patience, time.Millisecond)
		stays := wrk(t, "32", "2s", addr)
		require.Eventually(t, served(64), raw.Patience, time.Millisecond)
		require.NoError(t, dies.Process.Kill())
		require.Error(t, dies.Wait())
		noErrors(t, stays)
		require.Eventually(t, served(0), raw.Patience, time.Millisecond)
		require.Equal(t, "hello\n", ask(t, addr, "/hello").Body)
	})
}
