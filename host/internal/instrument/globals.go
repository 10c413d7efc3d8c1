package instrument

import (
	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/module"
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
		case typeI32, typeI64, typeF32, typeF64:
		default:
			r.resettable = false // the host reads and writes 64 bits
		}
	}
	if r.config.Meter {
		r.out = append(r.out, typeI64, 1, opI64Const, 0, opEnd)
	}
	if r.config.CallDepth > 0 {
		r.out = append(r.out, typeI32, 1, opI32Const, 0, opEnd)
	}
}

const (
	typeI32 = byte(abi.I32)
	typeI64 = byte(abi.I64)
	typeF32 = 0x7d
	typeF64 = 0x7c
)
