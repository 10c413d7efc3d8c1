package instrument

import (
	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/opcode"
)

// Bits of the flags of a segment of elements. Segments of data have the first two.
const (
	segmentNotActive   = 1 // passive, or declarative if there is a store
	segmentStore       = 2 // the index of a table or memory follows, if active
	segmentExpressions = 4 // the elements are expressions, not indices of functions
)

func (r *rewriter) writeElements(s *module.Scanner, n int) {
	for range n {
		r.writeElementSegment(s)
		if s.Err != nil {
			return
		}
	}
}

func (r *rewriter) writeElementSegment(s *module.Scanner) {
	start := s.Pos
	flags := s.U32()
	if flags > segmentNotActive|segmentStore|segmentExpressions {
		s.Fail(start, "segment of form %d", flags)
		return
	}
	r.out = opcode.AppendUint(r.out, flags)
	if flags&segmentNotActive == 0 {
		if flags&segmentStore != 0 {
			r.out = opcode.AppendUint(r.out, s.U32())
		}
		r.writeExpression(s)
	}
	if flags&(segmentNotActive|segmentStore) != 0 {
		r.out = append(r.out, s.Byte()) // a zero for functions, or the type of the expressions
	}
	count := s.Count("elements", 1, maxEntries)
	r.out = opcode.AppendUint(r.out, count)
	for range count {
		if flags&segmentExpressions != 0 {
			r.writeExpression(s)
		} else {
			r.out = opcode.AppendUint(r.out, r.moved(r.readFunctionIndex(s)))
		}
		if s.Err != nil {
			return
		}
	}
}

// writeData copies the data: only the expressions of active segments are looked at.
func (r *rewriter) writeData(s *module.Scanner, n int) {
	for range n {
		start := s.Pos
		flags := s.U32()
		switch {
		case flags > segmentStore:
			s.Fail(start, "segment of form %d", flags)
			return
		case flags == segmentStore:
			if memory := s.U32(); memory != 0 {
				s.Fail(start, "segment of memory %d", memory)
				return
			}
		}
		r.out = opcode.AppendUint(r.out, flags)
		if flags == segmentStore {
			r.out = append(r.out, 0)
		}
		if flags != segmentNotActive {
			r.writeExpression(s)
		}
		size := s.U32()
		r.out = opcode.AppendUint(r.out, size)
		r.out = append(r.out, s.Bytes(uint64(size))...)
		if s.Err != nil {
			return
		}
	}
}
