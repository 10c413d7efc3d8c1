package instrument

import "github.com/portholehttp/porthole/host/internal/opcode"

func appendName(b []byte, name string) []byte {
	return append(opcode.AppendUint(b, len(name)), name...)
}

// reservedSize is how many bytes are left for a number that is known only when what follows has been written: LEB128
// numbers may be padded.
const reservedSize = 5

func reserve(b []byte) (grown []byte, at int) {
	return append(b, 0, 0, 0, 0, 0), len(b)
}

// setReserved writes v, as an unsigned or a non-negative signed number: the highest bits of the last byte stay zero.
func setReserved(b []byte, at int, v uint32) {
	for i := range reservedSize - 1 {
		b[at+i] = byte(v>>(7*i))&0x7f | 0x80
	}
	b[at+reservedSize-1] = byte(v >> 28)
}
