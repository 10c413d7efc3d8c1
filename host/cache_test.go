package host

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/module/moduletest"
)

// newWithCache makes and closes a Runtime whose stack compiles fast, and returns what it logged.
func newWithCache(c Config) (log string, err error) {
	var text strings.Builder
	c.Logger = slog.New(slog.NewTextHandler(&text, nil))
	r, err := newRuntime(context.Background(), c, moduletest.Stack().Encode())
	if err == nil {
		err = r.Close(context.Background())
	}
	return text.String(), err
}

func TestCacheDir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	_, err := newWithCache(Config{CacheDir: dir})
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(dir, "code", "wazero-*", "*"))
	require.NoError(t, err)
	require.NotEmpty(t, files, "the stack is there")
	before, err := os.Stat(files[0])
	require.NoError(t, err)

	_, err = newWithCache(Config{CacheDir: dir})
	require.NoError(t, err)
	after, err := os.Stat(files[0])
	require.NoError(t, err)
	assert.True(t, os.SameFile(before, after), "and is taken from there")
}

func TestMaxCacheBytes(t *testing.T) {
	for limit, kept := range map[int64]bool{0: true, -1: true, DefaultMaxCacheBytes: true, 1: false} {
		dir := t.TempDir()
		_, err := newWithCache(Config{CacheDir: dir, MaxCacheBytes: limit})
		require.NoError(t, err)
		files, err := filepath.Glob(filepath.Join(dir, "code", "wazero-*", "*"))
		require.NoError(t, err)
		assert.Equal(t, kept, len(files) > 0, limit)
	}
	assert.ErrorContains(t, (&Config{MaxCacheBytes: -2}).Validate(), "MaxCacheBytes is -2")
}

// Whoever looks for why each start takes a second finds it in the log.
func TestCacheThatFails(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "code"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "code", "stubs"), nil, 0o600)) // in the place of a directory
	log, err := newWithCache(Config{CacheDir: dir})
	require.NoError(t, err)
	assert.Contains(t, log, "compiled guests are not kept on disk")
	assert.Contains(t, log, filepath.Join(dir, "code", "stubs"))
}

func TestDefaultCacheThatIsNotPrivateIsNotUsed(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // no mode of a directory says so there
	}
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CACHE_HOME", filepath.Join(home, "cache"))
	user, err := os.UserCacheDir()
	require.NoError(t, err)
	dir := filepath.Join(user, "porthole")
	require.NoError(t, os.MkdirAll(dir, 0o700))
	require.NoError(t, os.Chmod(dir, 0o777))

	log, err := newWithCache(Config{})
	require.NoError(t, err, "it works without")
	assert.Contains(t, log, "compiled guests are not kept on disk")
	assert.Contains(t, log, "lets others write to it")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, entries)

	_, err = newWithCache(Config{CacheDir: dir})
	assert.ErrorContains(t, err, "lets others write to it", "but one that was asked for must do")

	require.NoError(t, os.Chmod(dir, 0o700))
	log, err = newWithCache(Config{})
	require.NoError(t, err)
	assert.Empty(t, log)
	entries, err = os.ReadDir(dir)
	require.NoError(t, err)
	assert.NotEmpty(t, entries)

	t.Setenv("HOME", "")
	t.Setenv("XDG_CACHE_HOME", "")
	log, err = newWithCache(Config{})
	require.NoError(t, err)
	assert.Contains(t, log, "compiled guests are not kept on disk", "there is no such directory")
	log, err = newWithCache(Config{NoCache: true})
	require.NoError(t, err)
	assert.Empty(t, log)
}
