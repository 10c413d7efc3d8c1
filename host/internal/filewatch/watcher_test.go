package filewatch_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/portholehttp/porthole/host/internal/filewatch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen. It only matters when a test fails.
const patience = 30 * time.Second

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

// watch watches files, and returns what Changed is told.
func watch(t *testing.T, c filewatch.Config, paths ...string) <-chan []string {
	t.Helper()
	changes := make(chan []string, 100)
	c.Changed = func(paths []string) { changes <- paths }
	if c.Settle == 0 {
		c.Settle = 20 * time.Millisecond
	}
	if c.Interval == 0 {
		c.Interval = time.Hour // so that a notice it must be
	}
	w := filewatch.New(paths, c)
	t.Cleanup(w.Close)
	return changes
}

func await(t *testing.T, changes <-chan []string, want ...string) {
	t.Helper()
	select {
	case got := <-changes:
		assert.Equal(t, want, got)
	case <-time.After(patience):
		require.FailNow(t, "no change was seen")
	}
}

// A file is overwritten, replaced by a rename, removed and made again.
func TestChanges(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	write(t, a, "1")
	write(t, b, "1")
	changes := watch(t, filewatch.Config{}, a, b)

	write(t, a, "22")
	await(t, changes, a)

	other := filepath.Join(dir, "other")
	write(t, other, "333")
	require.NoError(t, os.Rename(other, a))
	await(t, changes, a)

	require.NoError(t, os.Remove(a))
	write(t, b, "4444")
	await(t, changes, b)
	write(t, a, "55555")
	await(t, changes, a)

	assert.Empty(t, changes, "each once")
}

// What changes together is told together, when all is written.
func TestChangesSettle(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	write(t, a, "")
	write(t, b, "")
	changes := watch(t, filewatch.Config{Settle: time.Second}, a, b)
	for i := range 20 {
		write(t, a, strings.Repeat("x", i+1))
		write(t, b, strings.Repeat("x", i+1))
	}
	await(t, changes, a, b)
	assert.Empty(t, changes)
}

// Kubernetes puts a directory beside the files, to which a link leads by way of another, and replaces the second link.
func TestLinks(t *testing.T) {
	dir := t.TempDir()
	for _, version := range []string{"v1", "v2"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, version), 0o700))
		write(t, filepath.Join(dir, version, "cert"), version)
	}
	data, cert := filepath.Join(dir, "..data"), filepath.Join(dir, "cert")
	require.NoError(t, os.Symlink("v1", data))
	require.NoError(t, os.Symlink(filepath.Join("..data", "cert"), cert))
	changes := watch(t, filewatch.Config{}, cert)

	require.NoError(t, os.Symlink("v2", data+"_tmp"))
	require.NoError(t, os.Rename(data+"_tmp", data))
	await(t, changes, cert)

	write(t, filepath.Join(dir, "v2", "cert"), "overwritten where the link leads")
	await(t, changes, cert)
}

// A directory that is replaced takes its watch with it: the next regular look finds the new one.
func TestDirectoryIsReplaced(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "dir")
	file := filepath.Join(dir, "file")
	require.NoError(t, os.Mkdir(dir, 0o700))
	write(t, file, "1")
	changes := watch(t, filewatch.Config{Interval: 10 * time.Millisecond}, file)
	require.NoError(t, os.Rename(dir, filepath.Join(root, "old")))
	require.NoError(t, os.Mkdir(dir, 0o700))
	write(t, file, "22")
	await(t, changes, file)
}

// A file may come later, with its directory.
func TestMissing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dir")
	file := filepath.Join(dir, "file")
	changes := watch(t, filewatch.Config{Interval: 10 * time.Millisecond}, file)
	require.NoError(t, os.Mkdir(dir, 0o700))
	write(t, file, "1")
	await(t, changes, file)
}

func TestCloseTwice(t *testing.T) {
	w := filewatch.New([]string{filepath.Join(t.TempDir(), "file")}, filewatch.Config{})
	w.Close()
	w.Close()
}
