package instrument

import "github.com/portholehttp/porthole/host/internal/opcode"

// appendEnter appends what a call does first: the depth grows by weight, and beyond the bound the guest traps.
func (r *rewriter) appendEnter(b []byte, weight uint32) []byte {
	b = r.appendDepth(b, weight, opcode.I32Add)
	b = opcode.AppendUint(append(b, opcode.GlobalGet), r.depth)
	b = append(b, opcode.I32Const)
	b = opcode.AppendInt(b, int64(int32(r.config.CallDepth)))
	return append(b, opcode.I32GtU, opcode.If, opcode.NoType, opcode.Unreachable, opcode.End)
}

// appendLeave appends what it does last.
func (r *rewriter) appendLeave(b []byte, weight uint32) []byte {
	return r.appendDepth(b, weight, opcode.I32Sub)
}

func (r *rewriter) appendDepth(b []byte, weight uint32, op byte) []byte {
	b = opcode.AppendUint(append(b, opcode.GlobalGet), r.depth)
	b = append(b, opcode.I32Const)
	b = opcode.AppendInt(b, int64(weight))
	b = append(b, op, opcode.GlobalSet)
	return opcode.AppendUint(b, r.depth)
}

// localsPerCall is how many locals make a call count once more: they make its stack frame larger.
const localsPerCall = 64

// depthWeight is how many calls one call of the function counts for.
func (b *body) depthWeight() uint32 { return 1 + b.locals/localsPerCall }
