package instrument

// appendEnter appends what a call does first: the depth grows by weight, and beyond the bound the guest traps.
func (r *rewriter) appendEnter(b []byte, weight uint32) []byte {
	b = r.appendDepth(b, weight, opI32Add)
	b = appendUint(append(b, opGlobalGet), r.depth)
	b = append(b, opI32Const)
	b = appendInt(b, int64(int32(r.config.CallDepth)))
	return append(b, opI32GtU, opIf, noType, opUnreachable, opEnd)
}

// appendLeave appends what it does last.
func (r *rewriter) appendLeave(b []byte, weight uint32) []byte {
	return r.appendDepth(b, weight, opI32Sub)
}

func (r *rewriter) appendDepth(b []byte, weight uint32, op byte) []byte {
	b = appendUint(append(b, opGlobalGet), r.depth)
	b = append(b, opI32Const)
	b = appendInt(b, int64(weight))
	b = append(b, op, opGlobalSet)
	return appendUint(b, r.depth)
}

// localsPerCall is how many locals make a call count once more: they make its stack frame larger.
const localsPerCall = 64

// depthWeight is how many calls one call of the function counts for.
func (b *body) depthWeight() uint32 { return 1 + b.locals/localsPerCall }
