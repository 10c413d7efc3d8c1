package optimize_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/portholehttp/porthole/host/internal/module/moduletest"
	"github.com/portholehttp/porthole/host/internal/opcode"
	"github.com/portholehttp/porthole/host/internal/optimize"
)

// Loops in each other, all of which can be entered anywhere: what is written stays in proportion to what was read.
func TestDeepLoops(t *testing.T) {
	for _, depth := range []int{1, 2, 20, 150, 1500} {
		wasm := nestedLoops(depth)
		rewritten := rewrite(wasm)
		assert.Less(t, len(rewritten), 4*len(wasm), depth)
		if depth > 20 {
			continue
		}
		assert.Zero(t, optimize.Tables(rewritten))
		p := newPair(t, wasm)
		for number := range uint64(2*depth + 2) {
			for _, turns := range []uint64{0, 1, 2, 3, 50} {
				p.call(t, "set", turns)
				p.call(t, "run", number)
			}
		}
	}
}

// nestedLoops returns a module whose export run has that many loops in each other: the numbers below depth are their beginnings, those from depth on
// their ends, from the innermost out. Its export set says how many jumps back there are at most.
func nestedLoops(depth int) []byte {
	const turns, sum, i32Mul = 0, 1, 0x6c
	var a assembler
	a.op(opcode.Loop, opcode.NoType)
	segments := 2*depth + 1
	for range segments {
		a.op(opcode.Block, opcode.NoType)
	}
	a.get(0)
	a.op(opcode.BrTable)
	a = opcode.AppendUint(a, segments-1)
	for n := range segments {
		a = opcode.AppendUint(a, n)
	}
	a.op(opcode.End)
	for n := range segments - 1 {
		a.op(opcode.GlobalGet, sum)
		a.constant32(31)
		a.op(i32Mul)
		a.constant32(int64(n + 1))
		a.op(opcode.I32Add, opcode.GlobalSet, sum)
		if n >= depth {
			a.op(opcode.GlobalGet, turns)
			a.op(opcode.If, opcode.NoType, opcode.GlobalGet, turns)
			a.constant32(1)
			a.op(opcode.I32Sub, opcode.GlobalSet, turns)
			a.constant32(int64(segments - 2 - n))
			a.set(0)
			a.op(opcode.Br)
			a = opcode.AppendUint(a, segments-n)
			a.op(opcode.End)
		}
		a.op(opcode.End)
	}
	a.op(opcode.GlobalGet, sum, opcode.Return, opcode.End, opcode.Unreachable, opcode.End)
	zero := []byte{opcode.I32, 1, opcode.I32Const, 0, opcode.End}
	set := []byte{0, opcode.LocalGet, 0, opcode.GlobalSet, turns, opcode.End}
	return slices.Concat([]byte("\x00asm\x01\x00\x00\x00"),
		moduletest.Section(1, moduletest.Vector([]byte{0x60, 1, opcode.I32, 1, opcode.I32}, []byte{0x60, 1, opcode.I32, 0})),
		moduletest.Section(3, moduletest.Vector([]byte{0}, []byte{1})),
		moduletest.Section(5, moduletest.Vector([]byte{1, 1, 1})),
		moduletest.Section(6, moduletest.Vector(zero, zero)),
		moduletest.Section(7, moduletest.Vector(
			append(moduletest.Name("run"), 0, 0), append(moduletest.Name("set"), 0, 1), append(moduletest.Name("memory"), 2, 0),
		)),
		moduletest.Section(10, moduletest.Vector(sized(append([]byte{0}, a...)), sized(set))),
	)
}
