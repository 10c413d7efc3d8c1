package sandbox

import (
	"fmt"

	"github.com/tetratelabs/wazero/api"
)

// Bytes returns the size bytes at pointer p of the memory of a guest that called function. The view is
// valid until that guest runs again. Bytes outside the memory end the guest's call.
//
// p and size are as they come from wazero: the upper half of a 32-bit parameter is garbage.
func Bytes(m api.Module, function, parameter string, p, size uint64) []byte {
	offset, n := api.DecodeU32(p), api.DecodeU32(size)
	memory := m.Memory()
	view, ok := memory.Read(offset, n)
	if !ok {
		panic(&Misuse{function, outside(parameter, offset, n, memory.Size())})
	}
	return view
}

func outside(what string, offset, size, memory uint32) string {
	return fmt.Sprintf("%s: %d bytes at %d leave the memory of %d bytes", what, size, offset, memory)
}
