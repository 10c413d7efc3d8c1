package instrument

// immediate says what follows an opcode in the binary format.
type immediate byte

const (
	unknown immediate = iota // no instruction, or none of the core specification 2.0
	none
	blockStart   // block type; ended by end
	loopStart    // block type
	ifStart      // block type
	elseMark     //
	endMark      //
	label        // of a br or br_if
	labels       // of a br_table
	leave        // return
	function     // of a call
	functionRef  // of a ref.func
	indirect     // type and table
	localIndex   //
	globalIndex  //
	tableRead    // table
	tableWrite   // table
	memoryAccess // alignment and offset
	memorySize   // a zero
	memoryGrow   // a zero
	constant32   // signed number
	constant64   // signed number
	fixed4       // four bytes
	fixed8       // eight bytes
	selectType   // a one and a value type
	nullType     // a reference type
	misc         // a second opcode
	vector       // a second opcode
)

// Opcodes that the rewriter writes, and those that it tells apart.
const (
	opUnreachable  = 0x00
	opBlock        = 0x02
	opLoop         = 0x03
	opIf           = 0x04
	opEnd          = 0x0b
	opBr           = 0x0c
	opCall         = 0x10
	opLocalGet     = 0x20
	opLocalTee     = 0x22
	opGlobalGet    = 0x23
	opGlobalSet    = 0x24
	opI32Const     = 0x41
	opI64Const     = 0x42
	opF32Const     = 0x43
	opF64Const     = 0x44
	opI32GtU       = 0x4b
	opI64LtS       = 0x53
	opI32Add       = 0x6a
	opI32Sub       = 0x6b
	opI64Sub       = 0x7d
	opI64Shl       = 0x86
	opI64ShrU      = 0x88
	opI64ExtendI32 = 0xad // unsigned
	opRefNull      = 0xd0
	opRefFunc      = 0xd2
	opVector       = 0xfd
	opV128Const    = 0x0c // after opVector
)

// instruction is what the rewriter knows of an opcode.
type instruction struct {
	immediate immediate
	points    byte // what running it costs, about, in additions
	height    int8 // how it changes the height of the stack; calls, blocks and branches do it otherwise
}

// What costs more than an addition, in points.
const (
	pointsDivide = 8  // also square roots
	pointsCall   = 32 // at least leafPoints
	pointsLeave  = 64 // what leaves the guest: growing, references to functions
)

// instructions is by opcode, the one byte that most instructions have.
var instructions = func() (t [256]instruction) {
	set := func(from, to int, i immediate, points byte) {
		for op := from; op <= to; op++ {
			t[op] = instruction{immediate: i, points: points}
		}
	}
	set(0x00, 0x01, none, 1) // unreachable, nop
	set(0x02, 0x02, blockStart, 0)
	set(0x03, 0x03, loopStart, 0)
	set(0x04, 0x04, ifStart, 1)
	set(0x05, 0x05, elseMark, 1)
	set(0x0b, 0x0b, endMark, 0)
	set(0x0c, 0x0d, label, 1)
	set(0x0e, 0x0e, labels, 2)
	set(0x0f, 0x0f, leave, 1)
	set(0x10, 0x10, function, pointsCall)
	set(0x11, 0x11, indirect, pointsCall)
	set(0x1a, 0x1b, none, 1) // drop, select
	set(0x1c, 0x1c, selectType, 1)
	set(0x20, 0x22, localIndex, 1)
	set(0x23, 0x24, globalIndex, 1)
	set(0x25, 0x25, tableRead, 2)
	set(0x26, 0x26, tableWrite, 2)
	set(0x28, 0x3e, memoryAccess, 2)
	set(0x3f, 0x3f, memorySize, 1)
	set(0x40, 0x40, memoryGrow, pointsLeave)
	set(0x41, 0x41, constant32, 1)
	set(0x42, 0x42, constant64, 1)
	set(0x43, 0x43, fixed4, 1)
	set(0x44, 0x44, fixed8, 1)
	set(0x45, 0xc4, none, 1) // all that computes
	for _, op := range []int{
		0x6d, 0x6e, 0x6f, 0x70, // i32.div_s, div_u, rem_s, rem_u
		0x7f, 0x80, 0x81, 0x82, // of i64
		0x91, 0x95, 0x9f, 0xa3, // f32.sqrt, f32.div, f64.sqrt, f64.div
	} {
		t[op].points = pointsDivide
	}
	set(0xd0, 0xd0, nullType, 1)
	set(0xd1, 0xd1, none, 1)
	set(0xd2, 0xd2, functionRef, pointsLeave)
	set(0xfc, 0xfc, misc, 1)
	set(0xfd, 0xfd, vector, 2)
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
			t[op].height = change.height
		}
	}
	return t
}()

// Second opcodes after 0xfc. Up to miscTruncate they convert and have no immediates.
const (
	miscTruncate   = 7
	miscMemoryInit = 8
	miscDataDrop   = 9
	miscMemoryCopy = 10
	miscMemoryFill = 11
	miscTableInit  = 12
	miscElemDrop   = 13
	miscTableCopy  = 14
	miscTableGrow  = 15
	miscTableSize  = 16
	miscTableFill  = 17
)

// vectorImmediate is how many bytes of what kind follow an opcode after 0xfd.
type vectorImmediate struct {
	known  bool
	memory bool // alignment and offset
	fixed  byte // bytes after that
	height int8 // how the instruction changes the height of the stack
}

var vectors = func() (t [256]vectorImmediate) {
	set := func(from, to int, v vectorImmediate) {
		v.known = true
		for op := from; op <= to; op++ {
			t[op] = v
		}
	}
	set(0x00, 0x0b, vectorImmediate{memory: true})           // loads, the store
	set(0x0c, 0x0d, vectorImmediate{fixed: 16})              // v128.const, i8x16.shuffle
	set(0x0e, 0x14, vectorImmediate{})                       // swizzle, splats
	set(0x15, 0x22, vectorImmediate{fixed: 1})               // lanes
	set(0x23, 0x53, vectorImmediate{})                       //
	set(0x54, 0x5b, vectorImmediate{memory: true, fixed: 1}) // loads and stores of lanes
	set(0x5c, 0x5d, vectorImmediate{memory: true})           // loads that fill with zeros
	set(0x5e, 0xff, vectorImmediate{})
	for _, op := range []int{ // numbers that stand for nothing
		0x9a, 0xa2, 0xa5, 0xa6, 0xaf, 0xb0, 0xb2, 0xb3, 0xb4, 0xbb, 0xc2, 0xc5, 0xc6, 0xcf, 0xd0, 0xd2, 0xd3, 0xd4, 0xe2, 0xee,
	} {
		t[op] = vectorImmediate{}
	}
	for _, change := range []struct {
		height   int8
		from, to int
	}{
		{-2, 0x0b, 0x0b}, {1, 0x0c, 0x0c}, {-1, 0x0d, 0x0e}, // the store, v128.const, shuffle and swizzle
		{-1, 0x17, 0x17}, {-1, 0x1a, 0x1a}, {-1, 0x1c, 0x1c}, {-1, 0x1e, 0x1e}, {-1, 0x20, 0x20}, {-1, 0x22, 0x22}, // replacing lanes
		{-1, 0x23, 0x4c}, {-1, 0x4e, 0x51}, {-2, 0x52, 0x52}, // comparing, logic, bitselect
		{-1, 0x54, 0x57}, {-2, 0x58, 0x5b}, // loads and stores of lanes
		{-1, 0x65, 0x66}, {-1, 0x6b, 0x73}, {-1, 0x76, 0x79}, {-1, 0x7b, 0x7b}, // arithmetic of two operands, here and below
		{-1, 0x82, 0x82}, {-1, 0x85, 0x86}, {-1, 0x8b, 0x93}, {-1, 0x95, 0x9f},
		{-1, 0xab, 0xba}, {-1, 0xbc, 0xbf}, {-1, 0xcb, 0xdf}, {-1, 0xe4, 0xeb}, {-1, 0xf0, 0xf7},
	} {
		for op := change.from; op <= change.to; op++ {
			t[op].height = change.height
		}
	}
	return t
}()
