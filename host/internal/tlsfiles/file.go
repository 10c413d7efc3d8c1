package tlsfiles

import (
	"fmt"
	"io"
	"os"
	"time"
)

// maxFileBytes is far more than the largest collection of authorities has.
const maxFileBytes = 4 << 20

// settling is how long after a change of a file another one might leave no trace in its time of modification: that counts
// two seconds on some file systems.
const settling = 2 * time.Second

// file is a file that is read again when it has changed.
type file struct {
	path    string
	info    os.FileInfo // as it was before it was read last; nil: it has not been read
	settled bool        // a change since then shows in info
	data    []byte      // what was read
}

// read returns what is in the file. The slice is not written to again.
func (f *file) read() ([]byte, error) {
	info, err := os.Stat(f.path)
	if err != nil {
		return nil, err
	}
	if f.info != nil && f.settled && os.SameFile(info, f.info) && info.Size() == f.info.Size() && info.ModTime().Equal(f.info.ModTime()) {
		return f.data, nil
	}
	if !info.Mode().IsRegular() { // a pipe would block, and could not be read again
		return nil, fmt.Errorf("%s is not a regular file", f.path)
	}
	data, err := readAll(f.path)
	if err != nil {
		return nil, err
	}
	// This is about the clock of the file system, not one that a test may bring.
	f.info, f.settled, f.data = info, time.Since(info.ModTime()) > settling, data
	return data, nil
}

func readAll(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	data, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err == nil && len(data) > maxFileBytes {
		err = fmt.Errorf("%s is larger than %d bytes", path, maxFileBytes)
	}
	return data, err
}
