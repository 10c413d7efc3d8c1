package stack

import "unsafe"

// beginsWith reports whether b begins with prefix. The runtime compares byte by byte in wasm; this takes eight at a time, which is
// many times faster there (BenchmarkStack).
func beginsWith(b, prefix []byte) bool {
	n := len(prefix)
	if len(b) < n {
		return false
	}
	if n < 8 {
		return string(b[:n]) == string(prefix)
	}
	p, q := unsafe.Pointer(unsafe.SliceData(b)), unsafe.Pointer(unsafe.SliceData(prefix))
	i := 0
	for ; i+32 <= n; i += 32 {
		x, y := (*[4]uint64)(unsafe.Add(p, i)), (*[4]uint64)(unsafe.Add(q, i))
		if (x[0]^y[0])|(x[1]^y[1])|(x[2]^y[2])|(x[3]^y[3]) != 0 {
			return false
		}
	}
	for ; i+8 <= n; i += 8 {
		if *(*uint64)(unsafe.Add(p, i)) != *(*uint64)(unsafe.Add(q, i)) {
			return false
		}
	}
	i = n - 8 // these may have been compared
	return *(*uint64)(unsafe.Add(p, i)) == *(*uint64)(unsafe.Add(q, i))
}
