//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package linear

import (
	"math"
	"unsafe"

	"golang.org/x/sys/unix"
)

// reserve takes n bytes of address space. Nothing can be read or written in them before commit.
func reserve(n uint64) ([]byte, error) {
	if n > math.MaxInt {
		return nil, unix.ENOMEM
	}
	if n == 0 {
		return []byte{}, nil
	}
	// Not unix.Mmap: it keeps a map of all mappings behind a lock.
	p, err := unix.MmapPtr(-1, 0, nil, uintptr(n), unix.PROT_NONE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil, err
	}
	return unsafe.Slice((*byte)(p), n), nil
}

// reserveSmall is reserve for what will be committed soon.
func reserveSmall(n uint64) ([]byte, error) { return reserve(n) }

// commit makes b, of a reservation, readable and writable. It is zero if it was never committed.
func commit(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	return unix.Mprotect(b, unix.PROT_READ|unix.PROT_WRITE)
}

// release ends a reservation.
func release(b []byte) {
	if len(b) == 0 {
		return
	}
	if unix.MunmapPtr(unsafe.Pointer(unsafe.SliceData(b)), uintptr(len(b))) != nil {
		_ = discard(b) // the process has as many mappings as it may: a hole would make it one more. Addresses are lost, memory not
	}
}
