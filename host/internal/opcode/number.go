package opcode

import "encoding/binary"

// AppendUint appends v as an unsigned LEB128 number, which encoding/binary calls a uvarint.
func AppendUint[T uint32 | uint64 | int](b []byte, v T) []byte {
	if v < 0x80 {
		return append(b, byte(v))
	}
	return binary.AppendUvarint(b, uint64(v))
}

// AppendInt appends v as a signed LEB128 number.
func AppendInt(b []byte, v int64) []byte {
	for {
		low := byte(v & 0x7f)
		v >>= 7 // keeps the sign
		if v == 0 && low&0x40 == 0 || v == -1 && low&0x40 != 0 {
			return append(b, low)
		}
		b = append(b, low|0x80)
	}
}

// AppendSection appends a section of a module: its number, its size and the parts of its content.
func AppendSection(b []byte, id byte, parts ...[]byte) []byte {
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	b = AppendUint(append(b, id), size)
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}
