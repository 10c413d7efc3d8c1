package optimize

import "github.com/portholehttp/porthole/host/internal/opcode"

// instruction is one of a function. What was read is written as it was, unless it is changed.
type instruction struct {
	op         byte
	start, end int32  // in the module; equal: it is made or changed
	index      uint32 // of a local, global, function or label; the offset of an access; the second opcode; where the labels of a br_table begin
	count      uint32 // of the labels of a br_table, with the default; the type of a block; the alignment of an access; the operands of a vector instruction
	constant   int64  // of i32.const and i64.const
}

// constant is i32.const.
func constant(v int64) instruction { return instruction{op: opcode.I32Const, constant: v} }

// anchor is where checks of all of a function may be made: see bounds.
var anchor = instruction{op: opcode.Nop, index: 1}

// isAnchor reports whether i is the anchor. What was read has no index.
func isAnchor(i *instruction) bool { return i.op == opcode.Nop && i.index != 0 }

// otherType is the type of a block with parameters or results.
const otherType = 0xff

// read reads the next instruction. It reports whether it is one that is known, and well-formed as far as it was looked at.
func (b *body) read() (i instruction, ok bool) {
	s := b.s
	i.start = int32(s.Pos)
	i.op = s.Byte()
	switch opcode.Instructions[i.op].Immediate {
	case opcode.ImmediateNone, opcode.ImmediateElse, opcode.ImmediateEnd, opcode.ImmediateLeave:
	case opcode.ImmediateBlock, opcode.ImmediateLoop, opcode.ImmediateIf:
		i.count = otherType
		if at := s.Pos; byte(s.Int(33))&0x7f == opcode.NoType && s.Pos == at+1 {
			i.count = opcode.NoType
		}
	case opcode.ImmediateLabel, opcode.ImmediateFunction, opcode.ImmediateFunctionRef, opcode.ImmediateTableRead, opcode.ImmediateTableWrite:
		i.index = s.U32()
	case opcode.ImmediateLocal:
		i.index = s.U32()
		ok = i.index < uint32(len(b.types))
		i.end = int32(s.Pos)
		return i, ok && s.Err == nil
	case opcode.ImmediateGlobal:
		i.index = s.U32()
		i.end = int32(s.Pos)
		return i, i.index < uint32(b.module.Globals) && s.Err == nil
	case opcode.ImmediateLabels:
		n := s.Count("labels", 1, maxLabels) + 1
		i.index, i.count = uint32(len(b.labels)), uint32(n)
		for range n {
			b.labels = append(b.labels, s.U32())
		}
	case opcode.ImmediateIndirect:
		s.U32()
		s.U32()
	case opcode.ImmediateAccess:
		i.count, i.index = s.U32(), s.U32()
	case opcode.ImmediateMemorySize, opcode.ImmediateMemoryGrow, opcode.ImmediateNullType:
		s.Byte()
	case opcode.ImmediateConstant32:
		i.constant = s.Int(32)
	case opcode.ImmediateConstant64:
		i.constant = s.Int(64)
	case opcode.ImmediateFixed4:
		s.Bytes(4)
	case opcode.ImmediateFixed8:
		s.Bytes(8)
	case opcode.ImmediateSelectType:
		s.Bytes(2)
	case opcode.ImmediateMisc:
		if !b.readMisc(&i) {
			return i, false
		}
	default:
		return i, false
	}
	i.end = int32(s.Pos)
	return i, s.Err == nil
}

const maxLabels = 10_000_000

func (b *body) readMisc(i *instruction) bool {
	i.index = b.s.U32()
	switch i.index {
	case opcode.MiscDataDrop, opcode.MiscMemoryFill, opcode.MiscElemDrop, opcode.MiscTableGrow, opcode.MiscTableSize, opcode.MiscTableFill:
		b.s.U32()
	case opcode.MiscMemoryInit, opcode.MiscMemoryCopy, opcode.MiscTableInit, opcode.MiscTableCopy:
		b.s.U32()
		b.s.U32()
	}
	return i.index <= opcode.MiscTableFill
}

// appendInstruction appends one that was made or changed in the binary format.
func (b *body) appendInstruction(out []byte, i *instruction) []byte {
	out = append(out, i.op)
	switch opcode.Instructions[i.op].Immediate {
	case opcode.ImmediateBlock, opcode.ImmediateLoop, opcode.ImmediateIf:
		return append(out, opcode.NoType)
	case opcode.ImmediateLabel, opcode.ImmediateFunction, opcode.ImmediateLocal, opcode.ImmediateGlobal:
		return opcode.AppendUint(out, i.index)
	case opcode.ImmediateAccess:
		return opcode.AppendUint(opcode.AppendUint(out, i.count), i.index)
	case opcode.ImmediateConstant32, opcode.ImmediateConstant64:
		return opcode.AppendInt(out, i.constant)
	}
	return out
}

// isPlain reports whether op neither begins, ends nor leaves a block, nor calls.
func isPlain(op byte) bool {
	switch opcode.Instructions[op].Immediate {
	case opcode.ImmediateBlock, opcode.ImmediateLoop, opcode.ImmediateIf, opcode.ImmediateElse, opcode.ImmediateEnd, opcode.ImmediateLabel,
		opcode.ImmediateLabels, opcode.ImmediateLeave, opcode.ImmediateFunction, opcode.ImmediateIndirect:
		return false
	}
	return op != opcode.Unreachable
}
