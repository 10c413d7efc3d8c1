//go:build amd64 || arm64

package linear

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// mapped is a region that is a private mapping of a file in memory: writing copies a page, and dropping the copies shows the
// file again. It must fault in anew each page that is used, written or not; that is why Protect comes first.
type mapped struct{ region []byte }

// mappingOf puts such a mapping in place of b.
func mappingOf(b []byte) (image, error) {
	fd, err := unix.MemfdCreate("porthole snapshot", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unix.Close(fd) }() // the mapping keeps the file
	if err := unix.Ftruncate(fd, int64(len(b))); err != nil {
		return nil, err
	}
	err = eachWritten(b, func(offset int, page []byte) error {
		_, err := unix.Pwrite(fd, page, int64(offset)) // a file in memory takes all of it, or fails
		return err
	})
	if err != nil {
		return nil, err
	}
	if _, err := unix.MmapPtr(fd, 0, unsafe.Pointer(unsafe.SliceData(b)), uintptr(len(b)),
		unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_FIXED); err != nil {
		return nil, err
	}
	return &mapped{b}, nil
}

func (m *mapped) restore() error { return unix.Madvise(m.region, unix.MADV_DONTNEED) }

// drop leaves the mapping as it is: that of a file is as good as any.
func (m *mapped) drop() {}
