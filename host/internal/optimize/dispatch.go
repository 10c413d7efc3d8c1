package optimize

import "github.com/portholehttp/porthole/abi"

// A function of Go's compiler can be left in the middle and resumed, because goroutines share one stack of the engine. It takes the
// number of a block to begin with, and jumps from block to block through one table:
//
//	prefix
//	block                       outer: to unwind the stack
//	  loop                      dispatch
//	    block … block
//	      local.get 0
//	      br_table …
//	    end
//	    segment 0               jumps by: i32.const number, local.set 0, br dispatch
//	    end
//	    segment 1 …
//	  end
//	  suffix
//
// dispatch is what was found of that. A function of another form has none.
type dispatch struct {
	prefix   []instruction
	outer    int  // blocks around the loop
	loop     bool // else no segment jumps
	segments []segment
	suffix   []instruction // behind the end of the loop
	table    []uint32      // segments by number, the last for all that are higher
}

// segment is the code between two labels of the dispatch.
type segment struct {
	code  []instruction
	jumps []jump // to other segments, in their order
	next  int    // the segment that follows where the code ends; none if it does not get there
	tail  bool   // next is that of the last jump, which is the end of the code
}

// jump is a way to another segment.
type jump struct {
	at, size int // its instructions, of the code
	to       int // segment
}

const none = -1

// maxSegments bounds what is done for one function. Real ones have 3,300.
const maxSegments = 5_000

// findDispatch looks for a dispatch in code, the function of that signature.
func (b *body) findDispatch(code []instruction) (d dispatch, ok bool) {
	i := 0
	for ; i < len(code) && isPlain(code[i].op); i++ {
		if code[i].op == opLocalSet || code[i].op == opLocalTee {
			if code[i].index == 0 {
				return d, false
			}
		}
	}
	d.prefix = code[:i]
	blocks := 0
	loop := false
	for ; i < len(code) && code[i].count == noType && (code[i].op == opBlock || code[i].op == opLoop && !loop); i++ {
		if code[i].op == opLoop {
			loop = true
			d.outer, blocks = blocks, 0
		} else {
			blocks++
		}
	}
	if i+3 > len(code) || code[i].op != opLocalGet || code[i].index != 0 || code[i+1].op != opBrTable || code[i+2].op != opEnd {
		return d, false
	}
	d.table = b.labels[code[i+1].index:][:code[i+1].count]
	n := 0
	for _, l := range d.table {
		n = max(n, int(l)+1)
	}
	if !loop {
		d.outer, blocks = blocks-n, n
	}
	if n != blocks || n > maxSegments || d.outer < 0 {
		return d, false
	}
	d.loop = loop
	p := segmenter{body: b, dispatch: &d, code: code, at: i + 3}
	if !p.run(n) {
		return d, false
	}
	return d, true
}

// segmenter divides the code behind the table into segments.
type segmenter struct {
	*body
	*dispatch
	code []instruction
	at   int
}

func (p *segmenter) run(n int) bool {
	p.segments = make([]segment, n)
	for k := range n {
		if !p.segment(k, n) {
			return false
		}
	}
	if p.loop {
		p.at++ // its end
	}
	p.suffix = p.code[p.at:]
	return true
}

// segment reads segment k of n, to the end of its block.
func (p *segmenter) segment(k, n int) bool {
	s := &p.segments[k]
	begin := p.at
	depth := 0
	known := false // the number has been set on the way here: it may be read, as a scratch register
	dead := false  // the end of the code is not reached
	for ; ; p.at++ {
		if p.at == len(p.code) {
			return false
		}
		i := p.code[p.at]
		at := p.at - begin
		switch i.op {
		case opBlock, opLoop, opIf:
			depth++
			known = false
		case opElse:
			known = false
		case opEnd:
			if depth == 0 {
				s.code = p.code[begin:p.at]
				if !dead {
					s.next = k + 1
				} else if !s.tail {
					s.next = none
				}
				if k+1 < n {
					p.at++
				}
				return true
			}
			depth--
			known = false
		case opLocalSet, opLocalTee:
			known = known || i.index == 0
		case opLocalGet:
			if i.index == 0 && !known {
				return false
			}
		case opBr, opBrIf:
			out := int(i.index) - depth - (n - 1 - k)
			switch {
			case int(i.index) < depth:
			case out < 0: // to a segment, without the number
				return false
			case out == 0 && p.loop:
				if i.op == opBrIf || at < 2 || s.endsBefore(at-2) {
					return false
				}
				number, set := p.code[p.at-2], p.code[p.at-1]
				if number.op != opI32Const || set.op != opLocalSet || set.index != 0 {
					return false
				}
				j := jump{at - 2, 3, int(p.target(uint32(number.constant)))}
				s.jumps = append(s.jumps, j)
				if depth == 0 && !dead && p.at+1 < len(p.code) && p.code[p.at+1].op == opEnd {
					s.tail, s.next = true, j.to
				}
			}
			if i.op == opBr {
				dead = dead || depth == 0
			}
			known = false
		case opBrTable:
			for _, l := range p.labels[i.index:][:i.count] {
				if int(l) >= depth {
					return false
				}
			}
			dead = dead || depth == 0
			known = false
		case opReturn, opUnreachable:
			dead = dead || depth == 0
		}
	}
}

// endsBefore reports whether the last jump covers the instruction at that place.
func (s *segment) endsBefore(at int) bool {
	if len(s.jumps) == 0 {
		return false
	}
	j := s.jumps[len(s.jumps)-1]
	return at < j.at+j.size
}

func (d *dispatch) target(number uint32) uint32 {
	if uint64(number) >= uint64(len(d.table)) {
		return d.table[len(d.table)-1]
	}
	return d.table[number]
}

// isPlain reports whether op neither begins, ends nor leaves a block.
func isPlain(op byte) bool {
	return op > opBrTable && op != opReturn && op != opCall && op != opCallIndirect || op == opNop
}

// takesNumber reports whether a function can be one with a dispatch: it takes a number and says whether it unwinds.
func (b *body) takesNumber() bool {
	t := b.module.Types[b.module.FunctionTypes[b.index]]
	return len(t.Params) == 1 && t.Params[0] == abi.I32 && len(t.Results) == 1 && t.Results[0] == abi.I32
}
