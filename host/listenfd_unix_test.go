//go:build unix

package host

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
)

func TestListenFD(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	for _, at := range []struct{ network, address string }{{"tcp", "127.0.0.1:0"}, {"unix", path}} {
		ln, err := net.Listen(at.network, at.address)
		require.NoError(t, err)
		f, err := ln.(interface{ File() (*os.File, error) }).File()
		require.NoError(t, err)
		for range 2 { // the descriptor can be asked for again
			own, err := listenFD(int(f.Fd()))
			require.NoError(t, err)
			assert.Equal(t, ln.Addr().String(), own.Addr().String())
			c, err := net.Dial(at.network, ln.Addr().String())
			require.NoError(t, err)
			accepted, err := own.Accept()
			require.NoError(t, err)
			require.NoError(t, accepted.Close())
			_, err = c.Read(make([]byte, 1))
			assert.Equal(t, io.EOF, err)
			require.NoError(t, c.Close())
			require.NoError(t, own.Close())
		}
		if at.network == "unix" {
			assert.FileExists(t, path, "it belongs to whoever made it")
		}
		require.NoError(t, f.Close())
		require.NoError(t, ln.Close())
	}
}

func TestListenFDThatIsNone(t *testing.T) {
	f, err := os.Open(os.DevNull)
	require.NoError(t, err)
	_, err = listenFD(int(f.Fd()))
	assert.ErrorContains(t, err, "host: listen fd:")
	assert.Equal(t, abi.StatusInvalid, listenStatus(err))
	require.NoError(t, f.Close())
	_, err = listenFD(1 << 20)
	assert.ErrorContains(t, err, "host: listen fd:1048576: bad file descriptor")
}
