package wasisock

import (
	"encoding/binary"

	"github.com/tetratelabs/wazero/api"
)

var le = binary.LittleEndian

// memory is a program's. What it returns is a view, which ends with the host function.
type memory struct{ api.Memory }

// bytes returns size bytes at ptr.
func (m memory) bytes(ptr, size uint32) ([]byte, bool) { return m.Read(ptr, size) }

// array returns count records of size bytes at ptr.
func (m memory) array(ptr, count, size uint32) ([]byte, bool) {
	n := uint64(count) * uint64(size)
	if n > uint64(m.Size()) {
		return nil, false
	}
	return m.Read(ptr, uint32(n))
}

// word returns the place of a result of 32 bits.
func (m memory) word(ptr uint32) ([]byte, bool) { return m.Read(ptr, 4) }

const (
	iovecSize  = 8    // ptr, size
	maxVectors = 1024 // of one call, as on the systems that this runs on
)

// vectors appends the buffers of an iovec array to to.
func (m memory) vectors(to [][]byte, ptr, count uint32) ([][]byte, errno) {
	if count > maxVectors {
		return nil, errInval
	}
	list, ok := m.array(ptr, count, iovecSize)
	if !ok {
		return nil, errFault
	}
	for ; len(list) > 0; list = list[iovecSize:] {
		b, ok := m.bytes(le.Uint32(list), le.Uint32(list[4:]))
		if !ok {
			return nil, errFault
		}
		to = append(to, b)
	}
	return to, success
}
