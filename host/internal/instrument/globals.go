package instrument

import (
	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/opcode"
)

func (r *rewriter) addedGlobals() (n int) {
	if r.config.Meter {
		n++
	}
	if r.config.CallDepth > 0 {
		n++
	}
	return n
}

// writeGlobals adds fuel and depth as the last globals, so that the others keep their indices.
func (r *rewriter) writeGlobals(s *module.Scanner, n int) {
	for i := range n {
		t := module.ReadValue(s)
		mutable := s.Byte()
		r.out = append(r.out, byte(t), mutable)
		r.writeExpression(s)
		if mutable == 0 {
			continue
		}
		r.mutable = append(r.mutable, uint32(i))
		switch byte(t) {
		case opcode.I32, opcode.I64, opcode.F32, opcode.F64:
		default:
			r.resettable = false // the host reads and writes 64 bits
		}
	}
	if r.config.Meter {
		r.out = append(r.out, opcode.I64, 1, opcode.I64Const, 0, opcode.End)
	}
	if r.config.CallDepth > 0 {
		r.out = append(r.out, opcode.I32, 1, opcode.I32Const, 0, opcode.End)
	}
}
