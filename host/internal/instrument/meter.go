package instrument

import "github.com/portholehttp/porthole/host/internal/opcode"

// CodePoints is how many points of code cost one unit of Fuel besides the one that each check costs. An addition is one point,
// a division eight; a call is opcode.PointsCall.
const CodePoints = 512

// leafPoints is how much a function without loops and calls may do without a check of its own: each call is charged for more.
const leafPoints = opcode.PointsCall

// maxCharge bounds what one check takes, for reserved numbers.
const maxCharge = 1 << 30

// charge returns what a check takes for points that may run until the next one.
func charge(points uint64) uint32 { return uint32(1 + min(points/CodePoints, maxCharge)) }

// appendFuelGet appends what precedes the operand of a check.
func (r *rewriter) appendFuelGet(b []byte) []byte {
	return opcode.AppendUint(append(b, opcode.GlobalGet), r.fuel)
}

// appendCheck appends what follows the operand: fuel is less, and if it is below zero tick is called. The stack is as before.
func (r *rewriter) appendCheck(b []byte) []byte {
	b = append(b, opcode.I64Sub, opcode.GlobalSet)
	b = opcode.AppendUint(b, r.fuel)
	b = append(b, opcode.GlobalGet)
	b = opcode.AppendUint(b, r.fuel)
	b = append(b, opcode.I64Const, 0, opcode.I64LtS, opcode.If, opcode.NoType, opcode.Call)
	b = opcode.AppendUint(b, r.tick)
	return append(b, opcode.End)
}

// appendCharge appends a check of a charge that is known.
func (r *rewriter) appendCharge(b []byte, n uint32) []byte {
	b = append(r.appendFuelGet(b), opcode.I64Const)
	b = opcode.AppendInt(b, int64(n))
	return r.appendCheck(b)
}

// The lengths that cost one unit, as shifts to the right.
const (
	unitShift = 6   // BulkUnit bytes or elements
	pageShift = -10 // pages of memory: 64 KiB in BulkUnit
)

// appendBulk appends a check of the i32 on top of the stack, which is a length: 1<<shift of it cost one unit.
func (r *rewriter) appendBulk(b []byte, scratch uint32, shift int) []byte {
	b = opcode.AppendUint(append(b, opcode.LocalTee), scratch)
	b = r.appendFuelGet(b)
	b = opcode.AppendUint(append(b, opcode.LocalGet), scratch)
	b = append(b, opcode.I64ExtendI32U)
	switch {
	case shift > 0:
		b = append(b, opcode.I64Const, byte(shift), opcode.I64ShrU)
	case shift < 0:
		b = append(b, opcode.I64Const, byte(-shift), opcode.I64Shl)
	}
	return r.appendCheck(b)
}
