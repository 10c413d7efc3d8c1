package optimize

import "github.com/portholehttp/porthole/host/internal/opcode"

// value is what is known of one on the operand stack: its low 32 bits are those of its root plus its offset. The zero value is of one that is from
// before the region.
type value struct {
	root       int32 // values of one root differ by constants
	offset     int32
	begin, end int32 // the instructions that compute it, if pure; else only its last one is before end
	pure       bool  // they do nothing else and are in one piece, so that they may be left out
}

const (
	zeroRoot  int32 = 1 // zero: the offset is the value
	firstRoot int32 = 2
)

// values follows the operand stack, the locals and the globals through a straight piece of code, a region. What was before is not known.
type values struct {
	stack   []value
	locals  []known
	globals []known
	region  int32
	roots   int32  // the next one
	base    uint32 // local: see framer
}

// known is the value of a local or a global in a region.
type known struct {
	region       int32 // that it was looked at last in
	root, offset int32
	set          int32 // by that instruction; before the region: -1
}

// reset begins with another function.
func (v *values) reset(locals, globals int, base uint32) {
	v.locals = append(v.locals, make([]known, max(0, locals-len(v.locals)))...)
	v.globals = append(v.globals, make([]known, max(0, globals-len(v.globals)))...)
	v.roots, v.base = firstRoot, base
	v.forget()
}

// forget begins another region.
func (v *values) forget() {
	v.stack = v.stack[:0]
	v.region++
}

// fresh returns a new root.
func (v *values) fresh() int32 {
	v.roots++
	return v.roots - 1
}

// look returns what is known of a local or global.
func (v *values) look(k *known) *known {
	if k.region != v.region {
		*k = known{region: v.region, root: v.fresh(), set: -1}
	}
	return k
}

// local returns what is known of a local.
func (v *values) local(index uint32) *known {
	k := &v.locals[index]
	if index == v.base && k.region != v.region {
		pointer := v.look(&v.locals[stackLocal])
		*k = known{region: v.region, root: pointer.root, offset: pointer.offset - wordSize, set: -1}
	}
	return v.look(k)
}

func (v *values) set(k *known, x value, at int32) {
	*k = known{region: v.region, root: x.root, offset: x.offset, set: at}
}

func (v *values) push(x value) { v.stack = append(v.stack, x) }

// pop returns the operand on top, with a root.
func (v *values) pop() value {
	if len(v.stack) == 0 {
		return value{root: v.fresh()}
	}
	x := v.stack[len(v.stack)-1]
	v.stack = v.stack[:len(v.stack)-1]
	return x
}

// compute pops operands and pushes a result that is new.
func (v *values) compute(operands int, at int32) {
	v.stack = v.stack[:max(0, len(v.stack)-operands)]
	v.push(value{root: v.fresh(), end: at + 1})
}

// step follows a plain instruction that accesses no memory. It reports false for one that ends the region: it may trap for a reason of its own,
// or is not known.
func (v *values) step(i *instruction, at int32) bool {
	switch op := i.op; op {
	case opcode.Nop:
	case opcode.Drop:
		v.pop()
	case opcode.Select, opcode.SelectType:
		v.compute(3, at)
	case opcode.LocalGet:
		k := v.local(i.index)
		v.push(value{k.root, k.offset, at, at + 1, true})
	case opcode.GlobalGet:
		k := v.look(&v.globals[i.index])
		v.push(value{k.root, k.offset, at, at + 1, true})
	case opcode.LocalSet:
		v.set(&v.locals[i.index], v.pop(), at)
	case opcode.GlobalSet:
		v.set(&v.globals[i.index], v.pop(), at)
	case opcode.LocalTee:
		x := v.pop()
		v.set(&v.locals[i.index], x, at)
		v.push(value{root: x.root, offset: x.offset, end: at + 1})
	case opcode.I32Const, opcode.I64Const:
		v.push(value{zeroRoot, int32(i.constant), at, at + 1, true})
	case opcode.F32Const, opcode.F64Const, opcode.MemorySize, opcode.RefNull, opcode.RefFunc:
		v.compute(0, at)
	case opcode.I32Add, opcode.I64Add:
		y, x := v.pop(), v.pop()
		root := v.fresh()
		switch zeroRoot {
		case x.root:
			root = y.root
		case y.root:
			root = x.root
		}
		v.pushSum(x, y, root, x.offset+y.offset, at)
	case opcode.I32Sub, opcode.I64Sub:
		y, x := v.pop(), v.pop()
		root := v.fresh()
		if y.root == zeroRoot {
			root = x.root
		}
		v.pushSum(x, y, root, x.offset-y.offset, at)
	case opcode.I32WrapI64, opcode.I64ExtendI32U, opcode.I64ExtendI32S:
		x := v.pop()
		v.push(value{x.root, x.offset, x.begin, at + 1, x.pure && x.end == at})
	case opcode.Misc:
		switch i.index {
		case opcode.MiscMemoryCopy, opcode.MiscMemoryFill: // trap as accesses do
			v.pop()
			v.pop()
			v.pop()
		default:
			if i.index > opcode.MiscTruncate {
				return false
			}
			v.compute(1, at)
		}
	default:
		switch operands(op) {
		case 0:
			return false
		case 1:
			v.compute(1, at)
		default:
			v.compute(2, at)
		}
	}
	return true
}

// pushSum pushes what is computed of x and y. If root is new the offset does not matter.
func (v *values) pushSum(x, y value, root, offset, at int32) {
	v.push(value{root, offset, x.begin, at + 1, x.pure && y.pure && x.end == y.begin && y.end == at})
}

// operands returns how many operands an instruction has that has one result and no other effect, or 0 for one that can trap or is another.
func operands(op byte) int {
	switch {
	case op >= opcode.I32DivS && op <= opcode.I32RemU, op >= opcode.I64DivS && op <= opcode.I64RemU,
		op >= opcode.I32TruncF32S && op <= opcode.I32TruncF64U, op >= opcode.I64TruncF32S && op <= opcode.I64TruncF64U:
		return 0
	case op == opcode.I32Eqz, op == opcode.I64Eqz, op == opcode.RefIsNull,
		op >= opcode.I32Clz && op <= opcode.I32Popcnt, op >= opcode.I64Clz && op <= opcode.I64Popcnt,
		op >= opcode.F32Abs && op <= opcode.F32Sqrt, op >= opcode.F64Abs && op <= opcode.F64Sqrt,
		op >= opcode.I32WrapI64 && op <= opcode.I64Extend32S:
		return 1
	case op >= opcode.I32Eq && op < opcode.I32WrapI64:
		return 2
	}
	return 0
}
