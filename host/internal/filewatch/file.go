package filewatch

import "os"

// file is what is known of one path.
type file struct {
	path  string
	seen  os.FileInfo // at the last look; nil: missing
	known os.FileInfo // when Changed was last told
}

// look returns what is at path, nil if nothing is, or nothing that one can look at.
func look(path string) os.FileInfo {
	info, err := os.Stat(path) // through links
	if err != nil {
		return nil
	}
	return info
}

// same reports whether two looks found the same file with the same contents. A file that was rewritten within the resolution of
// the file system's clock, with as many bytes, looks the same.
func same(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == b
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
