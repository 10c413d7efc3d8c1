package instrument

import "github.com/portholehttp/porthole/host/internal/module"

// writeExpression copies a constant expression: of the core specification 2.0 it is one instruction and an end.
func (r *rewriter) writeExpression(s *module.Scanner) {
	begin := s.Pos
	switch op := s.Byte(); op {
	case opI32Const:
		s.Int(32)
	case opI64Const:
		s.Int(64)
	case opF32Const:
		s.Bytes(4)
	case opF64Const:
		s.Bytes(8)
	case opVector:
		if second := s.Byte(); second != opV128Const {
			s.Fail(begin, "constant of instruction %#x %#x", op, second)
		}
		s.Bytes(16)
	case opRefNull:
		readReferenceType(s)
	case opGlobalGet:
		// Only of imported globals, which are refused, so that none may see what is added.
		s.Fail(begin, "constant of a global that is not imported")
	case opRefFunc:
		index := r.readFunctionIndex(s)
		r.out = appendUint(append(r.out, op), r.moved(index))
		begin = s.Pos
	default:
		s.Fail(begin, "constant of instruction %#x", op)
	}
	if op := s.Byte(); s.Err == nil && op != opEnd {
		s.Fail(s.Pos-1, "constant of more than one instruction")
	}
	if s.Err == nil {
		r.out = append(r.out, s.Data[begin:s.Pos]...)
	}
}

func (r *rewriter) readFunctionIndex(s *module.Scanner) uint32 {
	start := s.Pos
	index := s.U32()
	if s.Err == nil && uint64(index) >= uint64(len(r.module.FunctionTypes)) {
		s.Fail(start, "there is no function %d", index)
	}
	return index
}

func readReferenceType(s *module.Scanner) {
	const functions, externals = 0x70, 0x6f
	if t := s.Byte(); s.Err == nil && t != functions && t != externals {
		s.Fail(s.Pos-1, "reference of type %#x", t)
	}
}
