package instrument

import "encoding/binary"

// appendUint appends v as an unsigned LEB128 number, which encoding/binary calls a uvarint.
func appendUint[T uint32 | uint64 | int](b []byte, v T) []byte {
	if v < 0x80 {
		return append(b, byte(v))
	}
	return binary.AppendUvarint(b, uint64(v))
}

// appendInt appends v as a signed LEB128 number.
func appendInt(b []byte, v int64) []byte {
	for {
		low := byte(v & 0x7f)
		v >>= 7 // keeps the sign
		if v == 0 && low&0x40 == 0 || v == -1 && low&0x40 != 0 {
			return append(b, low)
		}
		b = append(b, low|0x80)
	}
}

func appendName(b []byte, name string) []byte { return append(appendUint(b, len(name)), name...) }

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
