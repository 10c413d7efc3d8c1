package optimize

import (
	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/opcode"
)

// A function of Go can be left in the middle and resumed, because all goroutines run on the one stack of the engine. It takes the number of a
// block to begin with, and jumps from block to block through one table:
//
//	prefix
//	block                       outer: to unwind the stack
//	  loop                      left out if nothing jumps
//	    block … block
//	      local.get 0
//	      br_table …
//	    end
//	    segment 0               jumps by: i32.const number, local.set 0, br to the loop
//	    end
//	    segment 1 …
//	  end
//	suffix
//
// dispatch is what was found of that.
type dispatch struct {
	prefix   []instruction
	outer    int // blocks around the loop
	loop     bool
	table    []uint32  // segments by number, the last for all that are higher
	segments []segment // those between the labels; then one for what follows the loop, at exit, without code; then those that were moved out
	exit     int
	suffix   []instruction // behind the end of the loop

	resumes []bool // by segment between the labels: the function can be resumed there; nil: at all that have a number
	entry   entry
}

// numberLocal is the parameter that has the number.
const numberLocal = 0

// none stands for no segment.
const none = -1

// maxSegments bounds what is done for one function, and how deep its blocks are nested. Real ones have 3,300 between labels.
const maxSegments = 4_000

// findDispatch looks for a dispatch in code, which is the function's or made of it. It reports false for a function of another form.
func (b *body) findDispatch(code []instruction) (d dispatch, ok bool) {
	t := b.signature()
	if len(t.Params) != 1 || t.Params[0] != abi.I32 || len(t.Results) != 1 || t.Results[0] != abi.I32 {
		return d, false
	}
	i := 0
	for ; i < len(code) && isPlain(code[i].op); i++ {
		if setsLocal(&code[i], numberLocal) {
			return d, false
		}
	}
	d.prefix = code[:i]
	blocks := 0
	for ; i < len(code) && code[i].count == opcode.NoType; i++ {
		switch {
		case code[i].op == opcode.Block:
			blocks++
		case code[i].op == opcode.Loop && !d.loop:
			d.loop = true
			d.outer, blocks = blocks, 0
		default:
			return d, false
		}
	}
	if i+3 > len(code) || !getsLocal(&code[i], numberLocal) || code[i+1].op != opcode.BrTable || code[i+2].op != opcode.End {
		return d, false
	}
	d.table = b.labels[code[i+1].index:][:code[i+1].count]
	for _, l := range d.table {
		if l >= maxSegments {
			return d, false
		}
		d.exit = max(d.exit, int(l)+1)
	}
	if !d.loop {
		d.outer, blocks = blocks-d.exit, d.exit
	}
	if d.exit != blocks || d.outer < 0 {
		return d, false
	}
	s := segmenter{body: b, dispatch: &d, code: code, at: i + 3}
	return d, s.run()
}

// target returns the segment of a number.
func (d *dispatch) target(number uint32) int {
	last := uint32(len(d.table) - 1)
	return int(d.table[min(number, last)])
}

// firstTable returns where the code behind the table begins.
func firstTable(code []instruction) int {
	for i := range code {
		if code[i].op == opcode.BrTable {
			return i + 2
		}
	}
	return len(code)
}

func getsLocal(i *instruction, local uint32) bool {
	return i.op == opcode.LocalGet && i.index == local
}

func setsLocal(i *instruction, local uint32) bool {
	return (i.op == opcode.LocalSet || i.op == opcode.LocalTee) && i.index == local
}
