package instrument

import (
	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/opcode"
)

func (r *rewriter) writeTables(s *module.Scanner, n int) {
	for range n {
		r.out = append(r.out, s.Byte()) // type of the elements
		r.writeLimits(s, RuleTable, r.config.TableElements)
	}
}

func (r *rewriter) writeMemories(s *module.Scanner, n int) {
	for range n {
		r.writeLimits(s, RuleMemory, r.config.MemoryPages)
	}
}

// writeLimits lowers the maximum to most, or adds it. 0 leaves the limits as they are.
func (r *rewriter) writeLimits(s *module.Scanner, rule Rule, most uint32) {
	begin := s.Pos
	l := module.ReadLimits(s)
	if s.Err != nil {
		return
	}
	if most == 0 {
		r.out = append(r.out, s.Data[begin:s.Pos]...)
		return
	}
	if l.Min > uint64(most) {
		s.Stop(&Refusal{Rule: rule, Function: -1, Have: l.Min, Limit: uint64(most)})
		return
	}
	if !l.HasMax || l.Max > uint64(most) {
		l.Max = uint64(most)
	}
	r.out = append(r.out, s.Data[begin]|module.LimitsMax)
	r.out = opcode.AppendUint(r.out, l.Min)
	r.out = opcode.AppendUint(r.out, l.Max)
}
