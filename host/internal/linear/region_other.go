//go:build !(linux || darwin || dragonfly || freebsd || netbsd || openbsd)

package linear

import (
	"errors"
	"math"
)

var errUnsupported = errors.New("no such system call here")

// reserve would take address space without memory, which slices cannot.
func reserve(uint64) ([]byte, error) { return nil, errUnsupported }

// reserveSmall returns a slice of n bytes.
func reserveSmall(n uint64) ([]byte, error) {
	if n > math.MaxInt {
		return nil, errors.New("more than this system can address")
	}
	return make([]byte, n), nil
}

func commit([]byte) error { return nil }

// release leaves b to the garbage collector.
func release([]byte) {}

// discard makes b zero.
func discard(b []byte) error {
	clear(b)
	return nil
}
