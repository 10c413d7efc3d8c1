package instrument

import "github.com/portholehttp/porthole/host/internal/module"

// frame is a block that has not ended.
type frame struct {
	loop   bool
	at     int    // where the charge of the loop is reserved in out
	points uint64 // of what is around the loop
}

// noType is the block type of a block without parameters and results.
const noType = 0x40

// readBlockType reads what is a byte for at most one result, else the index of a type.
func (b *body) readBlockType() {
	start := b.s.Pos
	v := b.s.Int(33)
	switch {
	case b.s.Err != nil:
	case v >= int64(len(b.module.Types)):
		b.s.Fail(start, "there is no type %d", v)
	case v < 0 && (b.s.Pos-start > 1 || byte(v)&0x7f != noType && !module.IsValue(byte(v)&0x7f)):
		b.s.Fail(start, "block of type %d", v)
	}
}

func (b *body) push(f frame) {
	if len(b.frames) >= maxNesting {
		b.refuse(RuleNesting, uint64(len(b.frames)+1), maxNesting)
		return
	}
	b.frames = append(b.frames, f)
}

// startLoop puts a check at the header, which every turn passes.
func (b *body) startLoop() {
	f := frame{loop: true, points: b.points}
	b.points = 0
	b.loops = true
	if b.config.Meter && b.s.Err == nil {
		b.copyTo(b.s.Pos)
		b.out = append(b.appendFuelGet(b.out), opI64Const)
		b.out, f.at = reserve(b.out)
		if b.straight {
			b.straight, b.firstLoop = false, f.at
		}
		b.out = b.appendCheck(b.out)
	}
	b.push(f)
}

// end ends a block, and reports whether it was the function.
func (b *body) end() bool {
	if len(b.frames) == 0 {
		return true
	}
	f := b.frames[len(b.frames)-1]
	b.frames = b.frames[:len(b.frames)-1]
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

func (b *body) readLabel() {
	start := b.s.Pos
	if l := b.s.U32(); b.s.Err == nil && uint64(l) > uint64(len(b.frames)) {
		b.s.Fail(start, "there is no block %d", l)
	}
}

func (b *body) readLabels() {
	for range b.s.Count("labels", 1, maxLabels) {
		b.readLabel()
	}
	b.readLabel()
}
