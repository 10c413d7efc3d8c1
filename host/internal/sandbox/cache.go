package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tetratelabs/wazero"
)

// OpenCache returns a compilation cache that keeps native code in dir, in a directory for wazero's version
// and the machine. It creates dir with mode 0700. As what is in it is executed, it refuses a directory that
// is another user's or that others can write to.
func OpenCache(dir string) (wazero.CompilationCache, error) {
	if err := openPrivate(dir); err != nil {
		return nil, err
	}
	return wazero.NewCompilationCacheWithDir(dir)
}

// openPrivate creates dir, or refuses it if it, or a directory in it, is not this user's alone.
func openPrivate(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := checkPrivate(dir); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		err := checkPrivate(filepath.Join(dir, entry.Name()))
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // another process has removed what it worked in
			return err
		}
	}
	return nil
}

// UnsafeCacheError says why a directory cannot hold code that will be executed.
type UnsafeCacheError struct{ Dir, Reason string }

func (e *UnsafeCacheError) Error() string {
	return fmt.Sprintf("cache directory %s: %s: its contents cannot be trusted; remove it or use another", e.Dir, e.Reason)
}
