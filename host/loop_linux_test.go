//go:build !race

package host_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host"
)

// rings returns how many io_uring instances the process has.
func rings(t *testing.T) (n int) {
	t.Helper()
	all, err := filepath.Glob("/proc/self/fd/*")
	require.NoError(t, err)
	for _, fd := range all {
		if to, err := os.Readlink(fd); err == nil && to == "anon_inode:[io_uring]" {
			n++
		}
	}
	return n
}

func TestNoIOUring(t *testing.T) {
	for _, no := range []bool{false, true} {
		r, _ := newRuntime(t, host.Config{NoIOUring: no})
		before := rings(t)
		s, err := r.NewServer(load(t, r, "faulty", faulty), host.ServerConfig{Shards: 2})
		require.NoError(t, err)
		code, _ := get(t, newClient(t, "tcp", listen(t, s, loopback)), "/")
		assert.Equal(t, 200, code)
		switch have := rings(t) - before; {
		case no:
			assert.Zero(t, have)
		case have != 0: // else the system has none to give
			assert.Equal(t, 2, have)
		}
		require.NoError(t, s.Close())
		<-s.Done()
		assert.Equal(t, before, rings(t))
	}
}
