package netloop

const (
	writeBufferSize  = 64 << 10 // the most that is in flight on one stream
	writeBuffersKept = 64       // unused, of one loop
)

// writeBuffers keeps the buffers of writes in flight for the next ones. A stream has one only while it writes.
type writeBuffers struct{ free [][]byte }

// get returns an empty buffer of writeBufferSize.
func (w *writeBuffers) get() []byte {
	n := len(w.free)
	if n == 0 {
		return make([]byte, 0, writeBufferSize)
	}
	b := w.free[n-1]
	w.free = w.free[:n-1]
	return b
}

// put takes a buffer of get back.
func (w *writeBuffers) put(b []byte) {
	if len(w.free) < writeBuffersKept {
		w.free = append(w.free, b[:0])
	}
}
