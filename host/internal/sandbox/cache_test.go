//go:build unix

package sandbox_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	. "github.com/portholehttp/porthole/host/internal/sandbox"
)

func TestCacheIsCreatedPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	c, err := OpenCache(dir)
	require.NoError(t, err)
	require.NoError(t, c.Close(context.Background()))
	for d := dir; filepath.Base(d) != "a"; d = filepath.Dir(d) {
		info, err := os.Stat(d)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	}
	c, err = OpenCache(dir)
	require.NoError(t, err, "again")
	require.NoError(t, c.Close(context.Background()))
}

func TestCacheThatOthersCanWriteToIsRefused(t *testing.T) {
	for _, mode := range []os.FileMode{0o720, 0o702, 0o777} {
		for _, below := range []string{"", "wazero-v0"} {
			dir := t.TempDir()
			at := filepath.Join(dir, below)
			require.NoError(t, os.MkdirAll(at, 0o700))
			require.NoError(t, os.Chmod(at, mode))
			_, err := OpenCache(dir)
			var unsafe *UnsafeCacheError
			require.ErrorAs(t, err, &unsafe)
			assert.Equal(t, at, unsafe.Dir)
			assert.Contains(t, err.Error(), "lets others write")
		}
	}
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o755))
	c, err := OpenCache(dir)
	require.NoError(t, err, "others may read it")
	require.NoError(t, c.Close(context.Background()))
}

func TestCacheThatIsNoDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := OpenCache(file)
	assert.Error(t, err)
	_, err = OpenCache(filepath.Join(file, "below"))
	assert.Error(t, err)
}

func TestCacheOfAnotherUserIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chown(dir, os.Geteuid()+1, -1); err != nil {
		require.ErrorIs(t, err, os.ErrPermission) // only root may make it so; then a system directory is another's
		dir = "/"
	}
	_, err := OpenCache(dir)
	var unsafe *UnsafeCacheError
	require.ErrorAs(t, err, &unsafe)
	assert.Contains(t, err.Error(), "it belongs to user")
}
