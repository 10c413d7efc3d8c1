package opcode

// Immediate says what follows an opcode in the binary format.
type Immediate byte

const (
	ImmediateUnknown Immediate = iota // no instruction, or none of the core specification 2.0
	ImmediateNone
	ImmediateBlock       // block type; ended by end
	ImmediateLoop        // block type
	ImmediateIf          // block type
	ImmediateElse        //
	ImmediateEnd         //
	ImmediateLabel       // of a br or br_if
	ImmediateLabels      // of a br_table
	ImmediateLeave       // return
	ImmediateFunction    // of a call
	ImmediateFunctionRef // of a ref.func
	ImmediateIndirect    // type and table
	ImmediateLocal       //
	ImmediateGlobal      //
	ImmediateTableRead   // table
	ImmediateTableWrite  // table
	ImmediateAccess      // alignment and offset
	ImmediateMemorySize  // a zero
	ImmediateMemoryGrow  // a zero
	ImmediateConstant32  // signed number
	ImmediateConstant64  // signed number
	ImmediateFixed4      // four bytes
	ImmediateFixed8      // eight bytes
	ImmediateSelectType  // a one and a value type
	ImmediateNullType    // a reference type
	ImmediateMisc        // a second opcode
	ImmediateVector      // a second opcode
)

// Instruction is what is known of an opcode.
type Instruction struct {
	Immediate Immediate
	Points    byte // what running it costs, about, in additions
	Height    int8 // how it changes the height of the stack; calls, blocks and branches do it otherwise
}

// What costs more than an addition, in points.
const (
	pointsDivide = 8  // also square roots
	PointsCall   = 32 // the most that a function without a check may do
	PointsLeave  = 64 // what leaves the guest: growing, references to functions
)

// Instructions is by opcode, the one byte that most instructions have.
var Instructions = func() (t [256]Instruction) {
	set := func(from, to int, i Immediate, points byte) {
		for op := from; op <= to; op++ {
			t[op] = Instruction{Immediate: i, Points: points}
		}
	}
	set(0x00, 0x01, ImmediateNone, 1) // unreachable, nop
	set(0x02, 0x02, ImmediateBlock, 0)
	set(0x03, 0x03, ImmediateLoop, 0)
	set(0x04, 0x04, ImmediateIf, 1)
	set(0x05, 0x05, ImmediateElse, 1)
	set(0x0b, 0x0b, ImmediateEnd, 0)
	set(0x0c, 0x0d, ImmediateLabel, 1)
	set(0x0e, 0x0e, ImmediateLabels, 2)
	set(0x0f, 0x0f, ImmediateLeave, 1)
	set(0x10, 0x10, ImmediateFunction, PointsCall)
	set(0x11, 0x11, ImmediateIndirect, PointsCall)
	set(0x1a, 0x1b, ImmediateNone, 1) // drop, select
	set(0x1c, 0x1c, ImmediateSelectType, 1)
	set(0x20, 0x22, ImmediateLocal, 1)
	set(0x23, 0x24, ImmediateGlobal, 1)
	set(0x25, 0x25, ImmediateTableRead, 2)
	set(0x26, 0x26, ImmediateTableWrite, 2)
	set(0x28, 0x3e, ImmediateAccess, 2)
	set(0x3f, 0x3f, ImmediateMemorySize, 1)
	set(0x40, 0x40, ImmediateMemoryGrow, PointsLeave)
	set(0x41, 0x41, ImmediateConstant32, 1)
	set(0x42, 0x42, ImmediateConstant64, 1)
	set(0x43, 0x43, ImmediateFixed4, 1)
	set(0x44, 0x44, ImmediateFixed8, 1)
	set(0x45, 0xc4, ImmediateNone, 1) // all that computes
	for _, op := range []int{
		0x6d, 0x6e, 0x6f, 0x70, // i32.div_s, div_u, rem_s, rem_u
		0x7f, 0x80, 0x81, 0x82, // of i64
		0x91, 0x95, 0x9f, 0xa3, // f32.sqrt, f32.div, f64.sqrt, f64.div
	} {
		t[op].Points = pointsDivide
	}
	set(0xd0, 0xd0, ImmediateNullType, 1)
	set(0xd1, 0xd1, ImmediateNone, 1)
	set(0xd2, 0xd2, ImmediateFunctionRef, PointsLeave)
	set(0xfc, 0xfc, ImmediateMisc, 1)
	set(0xfd, 0xfd, ImmediateVector, 2)
	for _, change := range []struct {
		height   int8
		from, to int
	}{
		{-1, 0x04, 0x04}, {-1, 0x0d, 0x0d}, {-1, 0x11, 0x11}, // if, br_if, call_indirect
		{-1, 0x1a, 0x1a}, {-2, 0x1b, 0x1c}, // drop, select
		{1, 0x20, 0x20}, {-1, 0x21, 0x21}, {1, 0x23, 0x23}, {-1, 0x24, 0x24}, // locals, globals
		{-2, 0x26, 0x26}, {-2, 0x36, 0x3e}, {1, 0x3f, 0x3f}, {1, 0x41, 0x44}, // table.set, stores, memory.size, constants
		{-1, 0x46, 0x4f}, {-1, 0x51, 0x66}, {-1, 0x6a, 0x78}, {-1, 0x7c, 0x8a}, {-1, 0x92, 0x98}, {-1, 0xa0, 0xa6}, // of two operands
		{1, 0xd0, 0xd0}, {1, 0xd2, 0xd2}, // ref.null, ref.func
	} {
		for op := change.from; op <= change.to; op++ {
			t[op].Height = change.height
		}
	}
	return t
}()
