package optimize

import "github.com/portholehttp/porthole/host/internal/module"

// instruction is one of a function. Those that are read are written as they were; those that are made are encoded.
type instruction struct {
	op         byte
	start, end int32  // in the module; equal: it is made
	index      uint32 // of a local, global, function, type or label; the offset of an access; of a br_table, where its labels begin
	count      uint32 // of labels of a br_table, with the default; the type of a block; the alignment of an access; the table of a call_indirect
	constant   int64  // of i32.const and i64.const
}

// Opcodes that are told apart or made.
const (
	opUnreachable  = 0x00
	opNop          = 0x01
	opBlock        = 0x02
	opLoop         = 0x03
	opIf           = 0x04
	opElse         = 0x05
	opEnd          = 0x0b
	opBr           = 0x0c
	opBrIf         = 0x0d
	opBrTable      = 0x0e
	opReturn       = 0x0f
	opCall         = 0x10
	opCallIndirect = 0x11
	opDrop         = 0x1a
	opSelect       = 0x1b
	opSelectType   = 0x1c
	opLocalGet     = 0x20
	opLocalSet     = 0x21
	opLocalTee     = 0x22
	opGlobalGet    = 0x23
	opGlobalSet    = 0x24
	opTableGet     = 0x25
	opTableSet     = 0x26
	opI32Load      = 0x28
	opI32Load8U    = 0x2d
	opI64Load32U   = 0x35
	opI32Store     = 0x36
	opI64Store32   = 0x3e
	opMemorySize   = 0x3f
	opMemoryGrow   = 0x40
	opI32Const     = 0x41
	opI64Const     = 0x42
	opF32Const     = 0x43
	opF64Const     = 0x44
	opI32Eqz       = 0x45
	opI64Eqz       = 0x50
	opI32Add       = 0x6a
	opI32Sub       = 0x6b
	opI64Add       = 0x7c
	opI32WrapI64   = 0xa7
	opI64ExtendU   = 0xad
	opI64Extend32S = 0xc4
	opRefNull      = 0xd0
	opRefIsNull    = 0xd1
	opRefFunc      = 0xd2
	opMisc         = 0xfc
)

// noType is the block type of a block without parameters and results.
const noType = 0x40

// read reads the next instruction. It reports whether it is one that this package knows.
func (b *body) read(s *module.Scanner) (i instruction, ok bool) {
	i.start = int32(s.Pos)
	i.op = s.Byte()
	switch op := i.op; {
	case op == opBlock || op == opLoop || op == opIf:
		at := s.Pos
		v := s.Int(33)
		if s.Pos-at == 1 && v < 0 {
			i.count = uint32(v) & 0x7f
		} else {
			i.count = 0xff // has parameters or several results
		}
	case op == opBr || op == opBrIf || op == opCall || op >= opLocalGet && op <= opTableSet || op == opRefFunc:
		i.index = s.U32()
	case op == opBrTable:
		n := s.Count("labels", 1, maxInstructions)
		i.index, i.count = uint32(len(b.labels)), uint32(n)+1
		for range n + 1 {
			b.labels = append(b.labels, s.U32())
		}
	case op == opCallIndirect:
		i.index, i.count = s.U32(), s.U32()
	case op == opSelectType:
		s.Byte()
		s.Byte()
	case op >= opI32Load && op <= opI64Store32:
		i.count, i.index = s.U32(), s.U32()
	case op == opMemorySize || op == opMemoryGrow || op == opRefNull:
		s.Byte()
	case op == opI32Const:
		i.constant = s.Int(32)
	case op == opI64Const:
		i.constant = s.Int(64)
	case op == opF32Const:
		s.Bytes(4)
	case op == opF64Const:
		s.Bytes(8)
	case op == opMisc:
		i.index = s.U32()
		switch {
		case i.index < 8:
		case i.index == 9 || i.index == 11 || i.index == 13 || i.index >= 15 && i.index <= 17:
			s.U32()
		case i.index < 15:
			s.U32()
			s.U32()
		default:
			return i, false
		}
	case op <= opNop, op == opElse, op == opEnd, op == opReturn, op == opDrop, op == opSelect, op >= opI32Eqz && op <= opI64Extend32S, op == opRefIsNull:
	default:
		return i, false // a vector instruction, or one that is not of the core specification
	}
	i.end = int32(s.Pos)
	return i, s.Err == nil
}

// append appends an instruction in the binary format.
func (b *body) append(out []byte, i instruction) []byte {
	if i.end > i.start {
		return append(out, b.wasm[i.start:i.end]...)
	}
	out = append(out, i.op)
	switch op := i.op; {
	case op == opBlock || op == opLoop || op == opIf:
		out = append(out, byte(i.count))
	case op == opBr || op == opBrIf || op == opCall || op >= opLocalGet && op <= opTableSet:
		out = appendUint(out, i.index)
	case op >= opI32Load && op <= opI64Store32:
		out = appendUint(appendUint(out, i.count), i.index)
	case op == opI32Const || op == opI64Const:
		out = appendInt(out, i.constant)
	}
	return out
}
