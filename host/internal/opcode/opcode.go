// Package opcode knows how instructions of the core specification 2.0 are written: their numbers, and what follows each.
package opcode

// The instructions that are made, or told apart from others.
const (
	Unreachable   = 0x00
	Nop           = 0x01
	Block         = 0x02
	Loop          = 0x03
	If            = 0x04
	Else          = 0x05
	End           = 0x0b
	Br            = 0x0c
	BrIf          = 0x0d
	BrTable       = 0x0e
	Return        = 0x0f
	Call          = 0x10
	CallIndirect  = 0x11
	Drop          = 0x1a
	Select        = 0x1b
	SelectType    = 0x1c
	LocalGet      = 0x20
	LocalSet      = 0x21
	LocalTee      = 0x22
	GlobalGet     = 0x23
	GlobalSet     = 0x24
	I32Load       = 0x28
	I32Load8S     = 0x2c
	I32Load8U     = 0x2d
	I64Load8S     = 0x30
	I64Load8U     = 0x31
	I64Load16S    = 0x32
	I64Load16U    = 0x33
	I64Load32S    = 0x34
	I64Load32U    = 0x35
	I32Store      = 0x36
	I64Store      = 0x37
	I64Store32    = 0x3e
	MemorySize    = 0x3f
	MemoryGrow    = 0x40
	I32Const      = 0x41
	I64Const      = 0x42
	F32Const      = 0x43
	F64Const      = 0x44
	I32Eqz        = 0x45
	I32Eq         = 0x46
	I32Ne         = 0x47
	I32LtU        = 0x49
	I32GtU        = 0x4b
	I32LeU        = 0x4d
	I32GeU        = 0x4f
	I64Eqz        = 0x50
	I64Eq         = 0x51
	I64Ne         = 0x52
	I64LtS        = 0x53
	I32Clz        = 0x67
	I32Popcnt     = 0x69
	I32Add        = 0x6a
	I32Sub        = 0x6b
	I32DivS       = 0x6d
	I32RemU       = 0x70
	I32And        = 0x71
	I64Clz        = 0x79
	I64Popcnt     = 0x7b
	I64Add        = 0x7c
	I64Sub        = 0x7d
	I64DivS       = 0x7f
	I64RemU       = 0x82
	I64Shl        = 0x86
	I64ShrU       = 0x88
	F32Abs        = 0x8b
	F32Sqrt       = 0x91
	F64Abs        = 0x99
	F64Sqrt       = 0x9f
	I32WrapI64    = 0xa7
	I32TruncF32S  = 0xa8
	I32TruncF64U  = 0xab
	I64ExtendI32S = 0xac
	I64ExtendI32U = 0xad
	I64TruncF32S  = 0xae
	I64TruncF64U  = 0xb1
	I64Extend32S  = 0xc4
	RefNull       = 0xd0
	RefIsNull     = 0xd1
	RefFunc       = 0xd2
	Misc          = 0xfc // a second opcode follows
	Vector        = 0xfd // a second opcode follows
)

// Second opcodes after Misc. Up to MiscTruncate they convert and have no immediates.
const (
	MiscTruncate   = 7
	MiscMemoryInit = 8
	MiscDataDrop   = 9
	MiscMemoryCopy = 10
	MiscMemoryFill = 11
	MiscTableInit  = 12
	MiscElemDrop   = 13
	MiscTableCopy  = 14
	MiscTableGrow  = 15
	MiscTableSize  = 16
	MiscTableFill  = 17
)

// VectorConst is the second opcode of v128.const, after Vector.
const VectorConst = 0x0c

// NoType is the block type of a block without parameters and results.
const NoType = 0x40

// Types of values.
const (
	I32 = 0x7f
	I64 = 0x7e
	F32 = 0x7d
	F64 = 0x7c
)
