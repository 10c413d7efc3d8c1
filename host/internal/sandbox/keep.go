package sandbox

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/portholehttp/porthole/host/internal/instrument"
	"github.com/portholehttp/porthole/host/internal/stub"
)

// keep compiles m and keeps its stub as that of k, and its code where wazero finds it for the stub. Each file appears whole, and under its name at once, as other
// processes may do the same. What comes from them is the same too.
func (s *Store) keep(ctx context.Context, k stubKey, m *instrument.Module, c wazero.RuntimeConfig) error {
	s.sweep(time.Now())
	dir, err := os.MkdirTemp(s.dir, workPattern)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	full, empty := filepath.Join(dir, "full"), filepath.Join(dir, "stub")
	name, err := compileInto(ctx, full, m.Wasm, c)
	if err != nil {
		return err
	}
	code := filepath.Join(full, name)
	f := stubFile{of: k, module: *m}
	if f.module.Wasm, err = stub.Make(m.Wasm); err != nil {
		return err
	}
	if f.name, err = compileInto(ctx, empty, f.module.Wasm, c); err != nil {
		return err
	}
	if f.code, err = takeFingerprint(code); err != nil {
		return err
	}
	if err := place(code, filepath.Join(s.dir, f.name)); err != nil {
		return err
	}
	written := filepath.Join(dir, "written")
	encoded := f.encode()
	if err := os.WriteFile(written, encoded, 0o600); err != nil {
		return err
	}
	s.grown.Add(f.code.Size + int64(len(encoded)))
	return place(written, s.stubPath(k))
}

// place gives a file its name, in a directory that may have to be made.
func place(file, name string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	return os.Rename(file, name)
}

// compileInto compiles wasm and returns the name of the file with its code, below dir, which is not there before.
func compileInto(ctx context.Context, dir string, wasm []byte, c wazero.RuntimeConfig) (name string, err error) {
	cache, err := wazero.NewCompilationCacheWithDir(dir)
	if err != nil {
		return "", err
	}
	r := wazero.NewRuntimeWithConfig(ctx, c.WithCompilationCache(cache))
	_, err = r.CompileModule(ctx, wasm)
	_, _ = r.Close(ctx), cache.Close(ctx) // wazero's never fail
	if err != nil {
		return "", err
	}
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil || entry.IsDir():
			return err
		case name != "":
			return fmt.Errorf("%s: more than one file of one module", dir)
		}
		name, err = filepath.Rel(dir, path)
		return err
	})
	if err == nil && name == "" {
		err = fmt.Errorf("%s: no file", dir)
	}
	return name, err
}

// workPattern is the pattern of the names of directories in which something is made.
const workPattern = "new-*"

// Who was killed while it compiled leaves its directory behind. Of others nobody knows whether somebody works there still: to lose it costs a process
// that its module is compiled once more.
const (
	unfinished    = time.Hour // how long after it was made nobody works in one any more
	mostUnderWork = 32        // at the same time
)

// sweep removes directories that were left behind.
func (s *Store) sweep(now time.Time) {
	entries, _ := os.ReadDir(s.dir) // nothing is removed then
	var left []fs.FileInfo
	for _, entry := range entries {
		if matched, _ := filepath.Match(workPattern, entry.Name()); !matched {
			continue
		}
		if info, err := entry.Info(); err == nil {
			left = append(left, info)
		}
	}
	slices.SortFunc(left, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	for i, info := range left {
		if i >= mostUnderWork || now.Sub(info.ModTime()) > unfinished {
			_ = os.RemoveAll(filepath.Join(s.dir, info.Name())) // the next one tries again
		}
	}
}
