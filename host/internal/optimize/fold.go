package optimize

import "github.com/portholehttp/porthole/host/internal/opcode"

// fold leaves out what Go's compiler converts there and back: it has no values but 64 bits, so that comparisons are extended and
// then compared with zero.
func fold(code []instruction) []instruction {
	out := code[:0]
	for _, i := range code {
		n := len(out)
		if n == 0 {
			out = append(out, i)
			continue
		}
		last := &out[n-1]
		switch i.op {
		case opcode.I32WrapI64:
			switch last.op {
			case opcode.I64ExtendI32U, opcode.I64ExtendI32S:
				out = out[:n-1]
				continue
			case opcode.I64Load8S, opcode.I64Load8U, opcode.I64Load16S, opcode.I64Load16U:
				*last = instruction{op: last.op - opcode.I64Load8S + opcode.I32Load8S, index: last.index, count: last.count}
				continue
			case opcode.I64Load32S, opcode.I64Load32U:
				*last = instruction{op: opcode.I32Load, index: last.index, count: last.count}
				continue
			}
		case opcode.I64Eqz:
			if last.op == opcode.I64ExtendI32U || last.op == opcode.I64ExtendI32S {
				out = not(out[:n-1])
				continue
			}
		case opcode.I32Eqz:
			out = not(out)
			continue
		case opcode.BrIf, opcode.If:
			for n >= 2 && out[n-1].op == opcode.I32Eqz && out[n-2].op == opcode.I32Eqz {
				out = out[:n-2]
				n -= 2
			}
		}
		out = append(out, i)
	}
	return out
}

// not appends i32.eqz, or makes the comparison at the end of code its contrary.
func not(code []instruction) []instruction {
	n := len(code)
	if n > 0 {
		last := &code[n-1]
		switch op := last.op; {
		case op == opcode.I64Eqz:
			*last = instruction{op: opcode.I64Const}
			return append(code, instruction{op: opcode.I64Ne})
		case op >= opcode.I32Eq && op < opcode.I32Eq+10:
			*last = instruction{op: opcode.I32Eq + contrary[op-opcode.I32Eq]}
			return code
		case op >= opcode.I64Eq && op < opcode.I64Eq+10:
			*last = instruction{op: opcode.I64Eq + contrary[op-opcode.I64Eq]}
			return code
		}
	}
	return append(code, instruction{op: opcode.I32Eqz})
}

// contrary is by comparison, of which the order is the same for both widths: eq, ne, lt_s, lt_u, gt_s, gt_u, le_s, le_u, ge_s, ge_u.
var contrary = [...]byte{1, 0, 8, 9, 6, 7, 4, 5, 2, 3}
