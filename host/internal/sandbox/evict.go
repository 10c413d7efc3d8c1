package sandbox

import (
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// used notes that files are used now: evict goes by the time at which they were changed.
func (s *Store) used(f *stubFile) {
	now := time.Now()
	for _, path := range []string{s.stubPath(f.of), filepath.Join(s.dir, f.name)} {
		_ = os.Chtimes(path, now, now) // at worst it goes earlier
	}
}

// evict removes the files that were used longest ago, until the others take no more than StoreConfig.MaxBytes. A process that is about to read one
// compiles the module.
func (s *Store) evict() {
	if s.config.MaxBytes == 0 {
		return
	}
	type file struct {
		path string
		info fs.FileInfo
	}
	var files []file
	_ = filepath.WalkDir(s.dir, func(path string, entry fs.DirEntry, err error) error { // what cannot be read is left
		if err != nil {
			return nil
		}
		if work, _ := filepath.Match(workPattern, entry.Name()); work && entry.IsDir() {
			return fs.SkipDir
		}
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			files = append(files, file{path, info})
		}
		return nil
	})
	slices.SortFunc(files, func(a, b file) int {
		return cmp.Or(b.info.ModTime().Compare(a.info.ModTime()), cmp.Compare(a.path, b.path))
	})
	left := s.config.MaxBytes
	for _, f := range files {
		if left -= f.info.Size(); left < 0 {
			_ = os.Remove(f.path) // the next one tries again
		}
	}
}
