package host

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/shard"
)

func TestListenStatus(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	path := filepath.Join(t.TempDir(), "s")
	socket, err := net.Listen("unix", path)
	require.NoError(t, err)
	defer socket.Close()
	for _, c := range []struct {
		request shard.ListenRequest
		want    abi.Status
	}{
		{shard.ListenRequest{Network: "tcp", Host: "127.0.0.1", Port: taken.Addr().(*net.TCPAddr).Port}, abi.StatusInUse},
		{shard.ListenRequest{Network: "tcp", Host: "203.0.113.7"}, abi.StatusUnavailable}, // of nobody (RFC 5737)
		{shard.ListenRequest{Network: "unix", Host: path}, abi.StatusInUse},
		{shard.ListenRequest{Network: "unix", Host: filepath.Join(path, "s")}, abi.StatusInvalid},
	} {
		c.request.Backlog = 1
		_, err := listenFor(&c.request)
		require.Error(t, err)
		assert.Equal(t, c.want, listenStatus(err), err)
	}
	for err, want := range map[error]abi.Status{
		&net.DNSError{IsNotFound: true}:               abi.StatusUnavailable,
		ErrServerClosed:                               abi.StatusUnavailable,
		fmt.Errorf("here: %w", errors.ErrUnsupported): abi.StatusUnsupported,
		errors.New("something else"):                  abi.StatusInvalid,
	} {
		assert.Equal(t, want, listenStatus(err), err)
	}
}

func TestListenFor(t *testing.T) {
	ln, err := listenFor(&shard.ListenRequest{Network: "tcp", Backlog: 5})
	require.NoError(t, err)
	assert.True(t, ln.Addr().(*net.TCPAddr).IP.Equal(net.IPv4zero), "every IPv4 address")
	require.NoError(t, ln.Close())
	ln, err = listenFor(&shard.ListenRequest{Network: "unix", Host: filepath.Join(t.TempDir(), "s"), Backlog: 5})
	require.NoError(t, err)
	assert.Regexp(t, `\Aunix:/.*/s\z`, addressText(ln.Addr()))
	require.NoError(t, ln.Close())
}
