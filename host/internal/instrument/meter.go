package instrument

// CodePoints is how many points of code cost one unit of Fuel besides the one that each check costs. An addition is one point,
// a division eight; a call is pointsCall.
const CodePoints = 512

// leafPoints is how much a function without loops and calls may do without a check of its own: each call is charged for more.
const leafPoints = pointsCall

// maxCharge bounds what one check takes, for reserved numbers.
const maxCharge = 1 << 30

// charge returns what a check takes for points that may run until the next one.
func charge(points uint64) uint32 { return uint32(1 + min(points/CodePoints, maxCharge)) }

// appendFuelGet appends what precedes the operand of a check.
func (r *rewriter) appendFuelGet(b []byte) []byte {
	return appendUint(append(b, opGlobalGet), r.fuel)
}

// appendCheck appends what follows the operand: fuel is less, and if it is below zero tick is called. The stack is as before.
func (r *rewriter) appendCheck(b []byte) []byte {
	b = append(b, opI64Sub, opGlobalSet)
	b = appendUint(b, r.fuel)
	b = append(b, opGlobalGet)
	b = appendUint(b, r.fuel)
	b = append(b, opI64Const, 0, opI64LtS, opIf, noType, opCall)
	b = appendUint(b, r.tick)
	return append(b, opEnd)
}

// appendCharge appends a check of a charge that is known.
func (r *rewriter) appendCharge(b []byte, n uint32) []byte {
	b = append(r.appendFuelGet(b), opI64Const)
	b = appendInt(b, int64(n))
	return r.appendCheck(b)
}

// The lengths that cost one unit, as shifts to the right.
const (
	unitShift = 6   // BulkUnit bytes or elements
	pageShift = -10 // pages of memory: 64 KiB in BulkUnit
)

// appendBulk appends a check of the i32 on top of the stack, which is a length: 1<<shift of it cost one unit.
func (r *rewriter) appendBulk(b []byte, scratch uint32, shift int) []byte {
	b = appendUint(append(b, opLocalTee), scratch)
	b = r.appendFuelGet(b)
	b = appendUint(append(b, opLocalGet), scratch)
	b = append(b, opI64ExtendI32)
	switch {
	case shift > 0:
		b = append(b, opI64Const, byte(shift), opI64ShrU)
	case shift < 0:
		b = append(b, opI64Const, byte(-shift), opI64Shl)
	}
	return r.appendCheck(b)
}
