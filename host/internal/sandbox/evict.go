package sandbox

import (
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

// evictAt is which part of StoreConfig.MaxBytes may be kept between two looks at what there is.
const evictAt = 16

// evict removes the files that were used longest ago, until there is room for as much as is kept before it looks again: it goes through all files, of
// which there may be many. A process that is about to read one that is removed compiles the module.
func (s *Store) evict() {
	room := s.config.MaxBytes / evictAt
	if s.config.MaxBytes == 0 || s.grown.Load() < room {
		return
	}
	s.grown.Store(0)
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
	slices.SortFunc(files, func(a, b file) int { return b.info.ModTime().Compare(a.info.ModTime()) })
	left := s.config.MaxBytes - room
	for _, f := range files {
		if left -= f.info.Size(); left < 0 {
			_ = os.Remove(f.path) // the next one tries again
		}
	}
}
