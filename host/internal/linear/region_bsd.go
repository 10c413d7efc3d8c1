//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package linear

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// discard makes b, of what was committed, zero, and gives its memory back to the system. A new mapping in its place does so
// everywhere, MADV_DONTNEED on Linux only.
func discard(b []byte) error {
	_, err := unix.MmapPtr(-1, 0, unsafe.Pointer(unsafe.SliceData(b)), uintptr(len(b)),
		unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE|unix.MAP_FIXED)
	return err
}
