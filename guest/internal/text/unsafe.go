package text

import "unsafe"

// Bytes views the bytes of s without a copy: they must not be written to. (In wasm unsafe.Slice is a call that multiplies, and this is none.)
func Bytes(s string) []byte {
	return *(*[]byte)(unsafe.Pointer(&struct {
		string
		capacity int
	}{s, len(s)}))
}

// String views b as a string without a copy: b must not be written to again.
func String(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
