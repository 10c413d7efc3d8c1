package optimize_test

import (
	"fmt"
	"testing"

	"github.com/portholehttp/porthole/host/internal/opcode"
)

// Comparisons say the same however often they are widened and negated, as values and as conditions.
func TestComparisons(t *testing.T) {
	for op := byte(opcode.I32Eqz); op <= 0x5a; op++ {
		t.Run(fmt.Sprintf("%#x", op), func(t *testing.T) {
			for _, suffix := range [][]byte{
				{}, {opcode.I32Eqz}, {opcode.I32Eqz, opcode.I32Eqz}, {opcode.I64ExtendI32U, opcode.I64Eqz},
				{opcode.I64ExtendI32U, opcode.I64Eqz, opcode.I32Eqz}, {opcode.I64ExtendI32S, opcode.I32WrapI64}, {opcode.I64ExtendI32U, opcode.I64Eqz, opcode.I64ExtendI32U, opcode.I64Eqz},
			} {
				var a assembler
				compare := func() {
					switch {
					case op == opcode.I32Eqz:
						a.get(0)
					case op == opcode.I64Eqz:
						a.get(2)
					case op < opcode.I64Eqz:
						a.get(0)
						a.get(1)
					default:
						a.get(2)
						a.get(3)
					}
					a.op(op)
					a.op(suffix...)
				}
				compare()
				a.op(opcode.I64ExtendI32U)
				a.set(5)
				compare()
				a.op(opcode.If, opcode.NoType)
				a.get(5)
				a.constant64(2)
				a.op(opcode.I64Add)
				a.set(5)
				a.op(opcode.End)
				a.get(5)
				p := newPair(t, straight(a))
				for _, x := range []uint64{0, 1, 1<<31 - 1, 1 << 31, 1<<32 - 1} {
					for _, y := range []uint64{0, 1, 1 << 31, 1<<32 - 1} {
						p.call(t, "run", x, y, x|x<<32, y|y<<32)
					}
				}
			}
		})
	}
}

// Narrow loads that are cut to 32 bits have the same bits.
func TestNarrowLoads(t *testing.T) {
	for op := byte(opcode.I64Load8S); op <= opcode.I64Load32U; op++ {
		var a assembler
		a.get(0)
		a.get(2)
		a.access(opcode.I64Store, 0)
		a.get(0)
		a.access(op, 0)
		a.op(opcode.I32WrapI64, opcode.I64ExtendI32U)
		p := newPair(t, straight(a))
		for _, x := range []uint64{0, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 1 << 63, 1<<64 - 1} {
			p.call(t, "run", 16, 0, x, 0)
		}
	}
}
