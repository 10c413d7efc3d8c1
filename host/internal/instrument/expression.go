package instrument

import (
	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/opcode"
)

// writeExpression copies a constant expression: of the core specification 2.0 it is one instruction and an end.
func (r *rewriter) writeExpression(s *module.Scanner) {
	begin := s.Pos
	switch op := s.Byte(); op {
	case opcode.I32Const:
		s.Int(32)
	case opcode.I64Const:
		s.Int(64)
	case opcode.F32Const:
		s.Bytes(4)
	case opcode.F64Const:
		s.Bytes(8)
	case opcode.Vector:
		if second := s.Byte(); second != opcode.VectorConst {
			s.Fail(begin, "constant of instruction %#x %#x", op, second)
		}
		s.Bytes(16)
	case opcode.RefNull:
		readReferenceType(s)
	case opcode.GlobalGet:
		// Only of imported globals, which are refused, so that none may see what is added.
		s.Fail(begin, "constant of a global that is not imported")
	case opcode.RefFunc:
		index := r.readFunctionIndex(s)
		r.out = opcode.AppendUint(append(r.out, op), r.moved(index))
		begin = s.Pos
	default:
		s.Fail(begin, "constant of instruction %#x", op)
	}
	if op := s.Byte(); s.Err == nil && op != opcode.End {
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
