package optimize

import "github.com/portholehttp/porthole/host/internal/opcode"

// What Go's compiler does to the stack pointer, always in the same way:
//
//	move   local.get 1, i32.const, i32.sub or i32.add, local.tee 1, global.set 0
//	call   move 8 down, local.get 1, i64.const return address, i64.store, operands, call, global.get 0, local.set 1

// moveSize is how many instructions a move has.
const moveSize = 5

// movesStack reports whether code begins with a move, by which it returns.
func movesStack(code []instruction, op byte) (by int64, ok bool) {
	if len(code) < moveSize || !getsLocal(&code[0], stackLocal) || code[1].op != opcode.I32Const || code[2].op != op ||
		code[3].op != opcode.LocalTee || code[3].index != stackLocal || code[4].op != opcode.GlobalSet || code[4].index != stackGlobal {
		return 0, false
	}
	return code[1].constant, true
}

// readsStackPointer reports whether code begins with reading the stack pointer again.
func readsStackPointer(code []instruction) bool {
	return len(code) >= 2 && code[0].op == opcode.GlobalGet && code[0].index == stackGlobal && code[1].op == opcode.LocalSet && code[1].index == stackLocal
}

// call is what calls a function, through the stack.
type call struct {
	size int           // all its instructions
	code []instruction // the return address, its store, the operands and the call
	rest []instruction // what follows
}

// indirect are the operands of an indirect call, that is made of the address of a function on the operand stack.
var indirect = [...]byte{opcode.I64Const, opcode.I64ShrU, opcode.I32WrapI64, opcode.LocalSet, opcode.I32Const, opcode.LocalGet}

// findCall reports whether code begins with a call.
func findCall(code []instruction) (c call, ok bool) {
	const address = moveSize + 1 // the instruction
	by, ok := movesStack(code, opcode.I32Sub)
	if !ok || by != wordSize || len(code) < address+2 || !getsLocal(&code[moveSize], stackLocal) ||
		code[address].op != opcode.I64Const || code[address+1].op != opcode.I64Store || code[address+1].index != 0 {
		return c, false
	}
	at := address + 2
	switch rest := code[at:]; {
	case len(rest) == 0:
		return c, false
	case rest[0].op == opcode.I64Const:
		for n, op := range indirect {
			if n == len(rest) || rest[n].op != op || opcode.Instructions[op].Immediate == opcode.ImmediateLocal && rest[n].index != numberLocal {
				return c, false
			}
		}
		at += len(indirect)
	case rest[0].op == opcode.I32Const:
		at++
	}
	if at == len(code) || code[at].op != opcode.Call && code[at].op != opcode.CallIndirect || !readsStackPointer(code[at+1:]) {
		return c, false
	}
	at++
	return call{at + 2, code[address:at], code[at+2:]}, true
}

// beginsWithCall reports whether nothing comes before a call in code.
func beginsWithCall(code []instruction) bool {
	for len(code) > 0 && code[0].op == opcode.Nop {
		code = code[1:]
	}
	_, ok := findCall(code)
	return ok
}

// hasPrologue reports whether the code of a segment moves the stack pointer down for a frame.
func hasPrologue(code []instruction) bool {
	depth := 0
	for i := range code {
		switch code[i].op {
		case opcode.Block, opcode.Loop, opcode.If:
			depth++
		case opcode.End:
			depth--
		case opcode.LocalGet:
			if _, ok := movesStack(code[i:], opcode.I32Sub); ok && depth == 0 {
				_, call := findCall(code[i:])
				return !call
			}
		}
	}
	return false
}

// leavesFunction reports whether code returns, or calls a function and then returns, without a use of the stack pointer or of memory.
func leavesFunction(code []instruction) bool {
	for i := range code {
		x := &code[i]
		switch opcode.Instructions[x.op].Immediate {
		case opcode.ImmediateLeave:
			return true
		case opcode.ImmediateFunction, opcode.ImmediateIndirect:
			return readsStackPointer(code[i+1:]) && i+3 < len(code) && code[i+3].op == opcode.Return
		case opcode.ImmediateLocal:
			if x.index == stackLocal {
				return false
			}
		case opcode.ImmediateNone, opcode.ImmediateConstant32, opcode.ImmediateConstant64, opcode.ImmediateGlobal:
			if !isPlain(x.op) {
				return false
			}
		default:
			return false
		}
	}
	return false
}
