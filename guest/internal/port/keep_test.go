package port

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
)

// What is kept does not change, wherever it was received.
func TestKeep(t *testing.T) {
	buffer := make([]byte, 2*chunkMost)
	var kept, want []string
	keep := func(head []byte) {
		want = append(want, string(head))
		kept = append(kept, Keep(head))
	}
	for n := range 400 {
		size := n * 37 % len(buffer)
		outside := buffer[:size]
		copy(outside, bytes.Repeat([]byte{byte(n)}, size))
		keep(outside)
		if size <= chunkMost { // where the host of a plugin writes
			inside := view(room(uintptr(size)), size)
			copy(inside, bytes.Repeat([]byte{byte(n + 1)}, size))
			if n%3 > 0 {
				keep(inside)
			}
			clear(view(room(8), 8)) // an event that nothing is kept of
		}
	}
	assert.Equal(t, want, kept)
}

func TestKeepAllocations(t *testing.T) {
	head := make([]byte, 200)
	assert.Zero(t, testing.AllocsPerRun(1000, func() { Keep(head) }), "one for a chunk, which is rounded down")
	large := make([]byte, chunkMost+1)
	assert.Equal(t, 1.0, testing.AllocsPerRun(100, func() { Keep(large) }))
	assert.Equal(t, "", Keep(nil))
}
