package optimize_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/optimize"
)

// A function without its dispatch does the same, whatever number it begins with.
func TestDispatch(t *testing.T) {
	p := newPair(t, file(t, "dispatch.wasm"))
	for _, name := range []string{"sum", "ways", "straight", "nested", "two_entries", "scratch", "asked", "shuffled"} {
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

// All that can be are written without a table.
func TestTables(t *testing.T) {
	wasm := file(t, "dispatch.wasm")
	assert.Equal(t, 8, optimize.Tables(wasm))
	assert.Equal(t, 3, optimize.Tables(rewrite(wasm)), "of two_entries, asked and shuffled")
}

// Functions that call go on the same way when the callee returns, unwinds the stack, has moved it, or traps, and when they are resumed behind a call.
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
		require.Zero(t, optimize.Tables(rewrite(wasm)))
		p := newPair(t, wasm)
		for _, function := range []struct {
			name  string
			begin []uint64 // the numbers
		}{{"run", []uint64{0, 1, 2, 3, 4}}, {"loops", []uint64{0, 1, 3, 5, 6, 8, 9}}} {
			for mode := range uint64(4) {
				for _, pointer := range pointers {
					for _, number := range function.begin {
						t.Run(fmt.Sprint(function.name, linked, mode, pointer, number), func(t *testing.T) {
							p.call(t, "prepare", pointer, mode)
							p.write(uint32(pointer)+8, 3)
							p.write(uint32(pointer)+24, 1)
							results := p.call(t, function.name, number)
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
}

// A function that was unwound in a loop is resumed there as often as it takes.
func TestUnwound(t *testing.T) {
	const pointer, atCall, behind, returns, unwinds = 5000, 0, 5, 0, 1
	p := newPair(t, goLinked(file(t, "frame.wasm")))
	p.call(t, "prepare", pointer, unwinds)
	assert.EqualValues(t, 1, p.call(t, "loops", atCall)[0])
	for unwound := true; unwound; {
		p.call(t, "pop") // what returning to the number does
		unwound = p.call(t, "loops", behind)[0] == 1
	}
	assert.EqualValues(t, pointer+8, p.call(t, "pointer")[0])
	assert.EqualValues(t, 2*(1000+3*11), p.call(t, "result")[0])
}
