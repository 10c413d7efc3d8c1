package optimize_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A function without its dispatch does the same, whatever number it begins with.
func TestDispatch(t *testing.T) {
	p := newPair(t, file(t, "dispatch.wasm"))
	for _, name := range []string{"sum", "ways", "straight", "nested", "two_entries", "scratch", "asked"} {
		t.Run(name, func(t *testing.T) {
			for number := range uint64(8) {
				for _, x := range []uint64{0, 1, 2, 3, 4, 5, 17, 2000} {
					p.call(t, "set", x)
					p.call(t, name, number)
					p.call(t, "get")
				}
			}
			p.call(t, name, 1<<32-1)
			p.call(t, "get")
		})
	}
}

// All that can be split is.
func TestSplit(t *testing.T) {
	wasm := file(t, "dispatch.wasm")
	assert.Equal(t, 5, split(t, wasm, rewrite(wasm)), "all but two_entries and asked")
}

// Functions that call go on the same way when the callee returns, unwinds the stack, has moved it, or traps.
func TestFrame(t *testing.T) {
	wasm := file(t, "frame.wasm")
	for _, linked := range []bool{false, true} {
		wasm := wasm
		pointers := []uint64{4000, 4096, 4097, 5000, 60000, 65536 - 24} // up to where the parameters end with the memory
		if linked {
			wasm = goLinked(wasm)
		} else {
			pointers = append(pointers, 65536-23, 65536-16, 65536-15, 65536-8) // what is out of bounds traps where it did
		}
		require.Equal(t, 1, split(t, wasm, rewrite(wasm)))
		p := newPair(t, wasm)
		for mode := range uint64(4) {
			for _, pointer := range pointers {
				for number := range uint64(7) {
					t.Run(fmt.Sprint(linked, mode, pointer, number), func(t *testing.T) {
						p.call(t, "prepare", pointer, mode)
						p.plain.Memory().WriteUint64Le(uint32(pointer)+8, 3)
						p.optimized.Memory().WriteUint64Le(uint32(pointer)+8, 3)
						results := p.call(t, "run", number)
						if results != nil {
							p.call(t, "trace")
							p.call(t, "pointer")
						}
					})
				}
			}
		}
	}
}
