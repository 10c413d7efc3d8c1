package instrument

import (
	"fmt"
	"github.com/portholehttp/porthole/host/internal/opcode"

	"github.com/portholehttp/porthole/host/internal/module"
)

// copyTo appends the input up to pos.
func (b *body) copyTo(pos int) {
	b.out = append(b.out, b.input[b.copied:pos]...)
	b.copied = pos
}

// next reads an instruction and appends what becomes of it, or leaves that to a later copyTo. It reports whether that was the
// last of the function.
func (b *body) next() bool {
	s := b.s
	start := s.Pos
	op := s.Byte()
	i := opcode.Instructions[op]
	b.points += uint64(i.Points)
	if i.Height != 0 {
		b.grow(int(i.Height), b.bottom)
	}
	switch i.Immediate {
	case opcode.ImmediateNone:
		if op == opcode.Unreachable {
			b.height = b.bottom
		}
	case opcode.ImmediateElse:
		b.height = b.bottom
	case opcode.ImmediateLocal:
		b.index32("local", b.locals)
	case opcode.ImmediateConstant32:
		s.Int(32)
	case opcode.ImmediateAccess:
		b.readMemoryAccess()
	case opcode.ImmediateGlobal:
		b.index32("global", b.globals)
	case opcode.ImmediateBlock:
		b.startBlock(blocksOfBlock)
	case opcode.ImmediateIf:
		b.straight = false
		b.startBlock(blocksOfIf)
	case opcode.ImmediateLoop:
		b.startLoop()
	case opcode.ImmediateEnd:
		return b.end()
	case opcode.ImmediateLabel:
		b.straight = false
		b.branch(op)
	case opcode.ImmediateLabels:
		b.straight = false
		b.readLabels()
		b.height = b.bottom
	case opcode.ImmediateLeave:
		b.straight = false
		b.values += uint64(len(b.signature.Results))
		b.height = b.bottom
		if b.config.CallDepth > 0 {
			b.copyTo(start)
			b.out = opcode.AppendUint(append(b.out, opcode.Br), len(b.frames))
			b.copied = s.Pos
		}
	case opcode.ImmediateFunction, opcode.ImmediateFunctionRef:
		b.readFunction(i.Immediate)
	case opcode.ImmediateIndirect:
		b.straight, b.callsGuest = false, true
		t := b.index32("type", uint32(len(b.module.Types)))
		b.call(t)
		b.index32("table", b.tables)
	case opcode.ImmediateConstant64:
		s.Int(64)
	case opcode.ImmediateFixed4:
		s.Bytes(4)
	case opcode.ImmediateFixed8:
		s.Bytes(8)
	case opcode.ImmediateMemorySize:
		b.readZero()
	case opcode.ImmediateMemoryGrow:
		b.readZero()
		b.bulk(start, pageShift)
	case opcode.ImmediateTableRead:
		b.index32("table", b.tables)
	case opcode.ImmediateTableWrite:
		b.resettable = false
		b.index32("table", b.tables)
	case opcode.ImmediateSelectType:
		if n := s.Byte(); s.Err == nil && n != 1 {
			s.Fail(start, "select of %d types", n)
		}
		module.ReadValue(s)
	case opcode.ImmediateNullType:
		readReferenceType(s)
	case opcode.ImmediateMisc:
		b.readMisc(start)
	case opcode.ImmediateVector:
		b.readVector()
	default:
		b.refuseOpcode(fmt.Sprintf("%#x", op))
	}
	return false
}

// refuseOpcode refuses an instruction that the rewriter cannot know the length of.
func (b *body) refuseOpcode(op string) {
	b.s.Stop(&Refusal{Rule: RuleOpcode, Function: b.index, Detail: op})
}

// index32 reads the index of one of have things. The rewritten module has more of some, which are not for its code.
func (b *body) index32(what string, have uint32) uint32 {
	start := b.s.Pos
	v := b.s.U32()
	if v >= have && b.s.Err == nil {
		b.s.Fail(start, "there is no %s %d", what, v)
	}
	return v
}

func (b *body) readMemoryAccess() {
	start := b.s.Pos
	if align := b.s.U32(); align >= 32 {
		b.s.Fail(start, "alignment of 1<<%d", align)
	}
	b.s.U32()
}

// readZero reads the byte that stands for the only memory.
func (b *body) readZero() {
	start := b.s.Pos
	if v := b.s.Byte(); v != 0 {
		b.s.Fail(start, "memory %d", v)
	}
}

// readFunction reads the index of a function, which grows by one if that is behind the import that is added.
func (b *body) readFunction(i opcode.Immediate) {
	start := b.s.Pos
	index := b.index32("function", uint32(len(b.module.FunctionTypes)))
	if i == opcode.ImmediateFunction {
		b.straight = false
		b.callsGuest = b.callsGuest || index >= b.imported
		if b.s.Err == nil {
			b.call(b.module.FunctionTypes[index])
		}
	}
	if b.s.Err == nil && b.moved(index) != index {
		b.copyTo(start)
		b.out = opcode.AppendUint(b.out, b.moved(index))
		b.copied = b.s.Pos
	}
}

// call counts a call of a function of that type.
func (b *body) call(t uint32) {
	if b.s.Err != nil {
		return
	}
	f := b.module.Types[t]
	b.work.calls++
	b.values += uint64(len(f.Params) + len(f.Results))
	b.grow(-len(f.Params), b.bottom)
	b.grow(len(f.Results), b.bottom)
}

func (b *body) readMisc(start int) {
	s := b.s
	op := s.U32()
	switch op {
	case opcode.MiscMemoryInit, opcode.MiscMemoryCopy, opcode.MiscMemoryFill, opcode.MiscTableInit, opcode.MiscTableCopy, opcode.MiscTableFill:
		b.grow(-3, b.bottom)
	case opcode.MiscTableGrow:
		b.grow(-1, b.bottom)
	case opcode.MiscTableSize:
		b.grow(1, b.bottom)
	}
	switch op {
	case opcode.MiscMemoryInit:
		s.U32() // segment
		b.readZero()
		b.bulk(start, unitShift)
	case opcode.MiscDataDrop:
		b.resettable = false
		s.U32() // segment
	case opcode.MiscMemoryCopy:
		b.readZero()
		b.readZero()
		b.bulk(start, unitShift)
	case opcode.MiscMemoryFill:
		b.readZero()
		b.bulk(start, unitShift)
	case opcode.MiscTableInit:
		b.resettable = false
		s.U32() // segment
		b.index32("table", b.tables)
		b.bulk(start, unitShift)
	case opcode.MiscElemDrop:
		b.resettable = false
		s.U32()
	case opcode.MiscTableCopy:
		b.resettable = false
		b.index32("table", b.tables)
		b.index32("table", b.tables)
		b.bulk(start, unitShift)
	case opcode.MiscTableGrow:
		b.points += opcode.PointsLeave
		b.resettable = false
		b.index32("table", b.tables)
		b.bulk(start, unitShift)
	case opcode.MiscTableSize:
		b.index32("table", b.tables)
	case opcode.MiscTableFill:
		b.resettable = false
		b.index32("table", b.tables)
		b.bulk(start, unitShift)
	default:
		if op > opcode.MiscTruncate {
			b.refuseOpcode(fmt.Sprintf("0xfc %#x", op))
		}
	}
}

// bulk puts a check before the instruction that began at start and takes a length from the top of the stack.
func (b *body) bulk(start, shift int) {
	if !b.config.Meter || b.s.Err != nil {
		return
	}
	b.usesLocal = true
	b.copyTo(start)
	b.out = b.appendBulk(b.out, b.locals, shift)
}

func (b *body) readVector() {
	s := b.s
	op := s.Byte()
	// A LEB128 number, of which the engine reads one byte and takes the rest for a nop.
	if op >= 0x80 {
		if high := s.Byte(); s.Err == nil && high != 1 {
			b.refuseOpcode(fmt.Sprintf("0xfd %#x %#x", op, high))
			return
		}
	}
	v := opcode.Vectors[op]
	if !v.Known {
		b.refuseOpcode(fmt.Sprintf("0xfd %#x", op))
		return
	}
	b.grow(int(v.Height), b.bottom)
	if v.Memory {
		b.readMemoryAccess()
	}
	s.Bytes(uint64(v.Fixed))
}
