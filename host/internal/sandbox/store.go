package sandbox

import (
	"context"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/tetratelabs/wazero"
)

// Store keeps the native code of modules in a directory, for this process and later ones. It may be shared by engines, and its directory by processes.
//
// Of a module there are two files: its stub (see package stub), with what is to be known of it, and the native code of its functions, under the
// name under which wazero looks for that of the stub. So wazero finds the code without having read the module. The name depends on wazero's version and on what
// the processor can do; it is found by compiling the stub, once, in a directory where nobody else looks, and is never computed here.
//
// A stub must not run as it is. The stubs of a Store are only compiled by wazero runtimes of which nothing else is asked, in a context in which wazero can
// read code but cannot make it: see onlyRead.
type Store struct {
	dir    string
	config StoreConfig
	cache  wazero.CompilationCache // of stubs
	failed sync.Once
	grown  atomic.Int64 // bytes, since evict has looked
}

// StoreConfig configures a Store.
type StoreConfig struct {
	MaxBytes int64       // the most that is kept: what was used longest ago is removed; 0: no limit
	Failed   func(error) // is told, the first time, why something could not be kept; nil: nobody is
}

// OpenStore returns a Store that keeps code in a directory below dir, where a cache of OpenCache may be too. It must be closed. The errors are those
// of OpenCache.
func OpenStore(dir string, c StoreConfig) (*Store, error) {
	if err := openPrivate(dir); err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(filepath.Join(dir, "code")) // apart from wazero's own, which has what others have compiled
	if err != nil {
		return nil, err
	}
	if err := openPrivate(dir); err != nil {
		return nil, err
	}
	cache, err := wazero.NewCompilationCacheWithDir(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{dir: dir, config: c, cache: cache}
	s.grown.Store(c.MaxBytes) // of what is there nothing is known
	return s, nil
}

// tell says why something could not be kept.
func (s *Store) tell(err error) {
	if s.config.Failed != nil {
		s.failed.Do(func() { s.config.Failed(err) })
	}
}

// Close frees what is in memory, after the engines that use it.
func (s *Store) Close(ctx context.Context) error { return s.cache.Close(ctx) }
