//go:build wasip1

// Command extism is the hello guest of Extism, in Go as Porthole's is. Its imports are those of Extism's kernel, whose memory is apart
// from the guest's: what goes there goes by calls, eight bytes at a time.
package main

import "encoding/binary"

//go:wasmimport extism:host/env alloc
func alloc(size uint64) (offset uint64)

//go:wasmimport extism:host/env store_u64
func storeUint64(offset, value uint64)

//go:wasmimport extism:host/env store_u8
func storeUint8(offset uint64, value uint32)

//go:wasmimport extism:host/env output_set
func outputSet(offset, size uint64)

const body = "hello world\n"

// hello sets the output of the call; 0 is success.
//
//go:wasmexport hello
func hello() int32 {
	at, left := alloc(uint64(len(body))), []byte(body)
	out := at
	for ; len(left) >= 8; left, at = left[8:], at+8 {
		storeUint64(at, binary.LittleEndian.Uint64(left))
	}
	for ; len(left) > 0; left, at = left[1:], at+1 {
		storeUint8(at, uint32(left[0]))
	}
	outputSet(out, uint64(len(body)))
	return 0
}

func main() {}
