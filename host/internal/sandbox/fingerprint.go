package sandbox

import (
	"hash/crc32"
	"io"
	"os"
)

// fingerprint tells files of native code apart, without reading them in full: wazero keeps a checksum of the code behind it, and compares it, but
// does not look whose code it is, nor at the table of functions before it.
type fingerprint struct {
	Size int64  // bytes
	Sum  uint32 // CRC-32C of the first fingerprintHead and the last fingerprintTail bytes
}

const (
	fingerprintHead = 256 << 10 // the places of 32,000 functions
	fingerprintTail = 4 << 10
)

// takeFingerprint reads that of a file.
func takeFingerprint(path string) (fingerprint, error) {
	f, err := os.Open(path)
	if err != nil {
		return fingerprint{}, err
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	if err != nil {
		return fingerprint{}, err
	}
	size := info.Size()
	b := make([]byte, min(size, fingerprintHead+fingerprintTail))
	head := min(len(b), fingerprintHead)
	if _, err := io.ReadFull(f, b[:head]); err != nil {
		return fingerprint{}, err
	}
	if _, err := f.ReadAt(b[head:], size-int64(len(b)-head)); err != nil {
		return fingerprint{}, err
	}
	return fingerprint{size, crc32.Checksum(b, castagnoli)}, nil
}
