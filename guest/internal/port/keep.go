package port

import "unsafe"

// What outlives its event is kept where it was received. A chunk of memory takes the heads of many requests, one after another: in a
// plugin the host writes an event behind what is kept already, so that to keep its head is to move a mark. Nothing in a chunk
// is written again, and the garbage collector frees it when the last string in it is gone.
//
//	chunk  │ kept │ kept │ kept │ the event under way …       │
//	                            ↑ chunkUsed

const (
	chunkSize = 10 << 10

	// chunkMost is the most bytes of an event, or of a head, that goes into a chunk: so little is left over at the end of one.
	chunkMost = 2 << 10
)

var (
	chunk     = new([chunkSize / 8]uint64) // its elements are what aligns it to 8
	chunkUsed uintptr                      // bytes, a multiple of 8
)

// room returns where size bytes can be written, at most chunkMost, until the next call. They stay if Keep is called.
func room(size uintptr) unsafe.Pointer {
	if chunkUsed+size > chunkSize {
		newChunk()
	}
	return unsafe.Add(unsafe.Pointer(chunk), chunkUsed)
}

// newChunk is a function of its own, as is keepCopy, so that those who come by do not save their variables for it.
//
//go:noinline
func newChunk() { chunk, chunkUsed = new([chunkSize / 8]uint64), 0 }

// Keep returns head, of the event under way, as a string. It is called once in an event. As long as the string is there so are, as a rule, those of
// the requests that came right before and after it: a chunk in all.
func Keep(head []byte) string {
	size := (uintptr(len(head)) + 7) &^ 7
	// A full chunk ends where something else may begin.
	if uintptr(unsafe.Pointer(unsafe.SliceData(head)))-uintptr(unsafe.Pointer(chunk)) != chunkUsed || chunkUsed+size > chunkSize {
		return keepCopy(head)
	}
	chunkUsed += size
	return *(*string)(unsafe.Pointer(&head)) // it is not written again
}

// keepCopy keeps what is not in the chunk.
//
//go:noinline
func keepCopy(head []byte) string {
	size := uintptr(len(head))
	if size == 0 || size > chunkMost {
		return string(head)
	}
	p := (*byte)(room(size))
	copy(unsafe.Slice(p, size), head)
	chunkUsed += (size + 7) &^ 7
	return unsafe.String(p, size)
}

// view is unsafe.Slice, which in wasm is a call that multiplies.
func view(p unsafe.Pointer, size int) []byte {
	return *(*[]byte)(unsafe.Pointer(&struct {
		p         unsafe.Pointer
		size, cap int
	}{p, size, size}))
}
