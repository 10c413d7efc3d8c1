package instrument

import (
	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/opcode"
)

// frame is a block that has not ended.
type frame struct {
	loop    bool
	at      int    // where the charge of the loop is reserved in out
	points  uint64 // of what is around the loop
	bottom  int    // of the stack, of what is around the block
	results int    // how many values the block leaves
	arity   int    // how many values a branch to it takes
}

// readBlockType reads what is a byte for at most one result, else the index of a type.
func (b *body) readBlockType() (parameters, results int) {
	start := b.s.Pos
	v := b.s.Int(33)
	low := byte(v) & 0x7f
	switch {
	case b.s.Err != nil:
	case v >= int64(len(b.module.Types)):
		b.s.Fail(start, "there is no type %d", v)
	case v >= 0:
		t := b.module.Types[v]
		return len(t.Params), len(t.Results)
	case b.s.Pos-start > 1 || low != opcode.NoType && !module.IsValue(low):
		b.s.Fail(start, "block of type %d", v)
	case low != opcode.NoType:
		return 0, 1
	}
	return 0, 0
}

// push begins a block of which the compiler makes blocks.
func (b *body) push(f frame, blocks uint64, parameters int) {
	if len(b.frames) >= maxNesting {
		b.refuse(RuleNesting, uint64(len(b.frames)+1), maxNesting)
		return
	}
	f.bottom = b.bottom
	b.bottom = max(b.height-parameters, b.bottom)
	b.height = b.bottom
	b.grow(parameters, b.bottom)
	b.work.blocks += blocks
	b.values += uint64(parameters + f.results)
	b.frames = append(b.frames, f)
}

func (b *body) startBlock(blocks uint64) {
	parameters, results := b.readBlockType()
	b.push(frame{results: results, arity: results}, blocks, parameters)
}

// startLoop puts a check at the header, which every turn passes.
func (b *body) startLoop() {
	parameters, results := b.readBlockType()
	f := frame{loop: true, points: b.points, results: results, arity: parameters}
	b.points = 0
	b.loops = true
	if b.config.Meter && b.s.Err == nil {
		b.copyTo(b.s.Pos)
		b.out = append(b.appendFuelGet(b.out), opcode.I64Const)
		b.out, f.at = reserve(b.out)
		if b.straight {
			b.straight, b.firstLoop = false, f.at
		}
		b.out = b.appendCheck(b.out)
	}
	b.push(f, blocksOfLoop, parameters)
}

// end ends a block, and reports whether it was the function.
func (b *body) end() bool {
	if len(b.frames) == 0 {
		return true
	}
	f := b.frames[len(b.frames)-1]
	b.frames = b.frames[:len(b.frames)-1]
	b.height = b.bottom
	b.bottom = f.bottom
	b.grow(f.results, b.bottom)
	if !f.loop {
		return false
	}
	if b.config.Meter {
		setReserved(b.out, f.at, charge(b.points))
		if f.at == b.firstLoop {
			b.firstCost = b.points
		}
	}
	b.points = f.points
	return false
}

// branch reads a br or br_if.
func (b *body) branch(op byte) {
	b.readLabel()
	if op == opcode.Br {
		b.height = b.bottom
	} else {
		b.work.blocks += blocksOfBranch
	}
}

func (b *body) readLabel() {
	start := b.s.Pos
	l := b.s.U32()
	switch {
	case b.s.Err != nil:
	case uint64(l) > uint64(len(b.frames)):
		b.s.Fail(start, "there is no block %d", l)
	case int(l) == len(b.frames):
		b.values += uint64(len(b.signature.Results))
	default:
		b.values += uint64(b.frames[len(b.frames)-1-int(l)].arity)
	}
}

func (b *body) readLabels() {
	n := b.s.Count("labels", 1, maxEntries)
	b.labels += uint64(n)
	for range n {
		b.readLabel()
	}
	b.readLabel()
}
