package instrument

// Compilers take longer than in proportion to a function's size for what they keep for each basic block, above all. So a function has a
// price in units of work, which is about what the engine needs for one value that may be alive in one basic block: 1 to 10 µs and
// half a kilobyte on the machine of 2 cores that this was measured on. Real functions of the largest programs that were tried have 700,000 (the
// widest of 200 KB in a Go program of 14 MB) and 120,000 (a database in C), whole modules 0.3 to 2 per byte of code.
const (
	maxWork     = 1_000_000 // of a function, and of a module besides what its code grants
	workPerByte = 1         // of code, that a module may have on top
)

const (
	blocksPerWork  = 512 // pairs of basic blocks of one function
	heightPerWork  = 8   // pairs of a value on the stack and a block
	globalsPerCall = 4   // pairs of a mutable global and a call, after which it is read again
	globalsPerBody = 64  // pairs of a global and a function
	labelsPerBlock = 4   // of a br_table
)

// The basic blocks that an instruction makes, about.
const (
	blocksOfBlock  = 1
	blocksOfLoop   = 2
	blocksOfIf     = 3
	blocksOfBranch = 2 // a br_if
)

// work adds up what the price of a function depends on.
type work struct {
	blocks uint64
	labels uint64
	calls  uint64
	values uint64 // that calls, blocks and branches take and give
	height int    // of the stack, or more: values of code that is not reached are counted too
	most   int    // of height
}

// grow changes the height of the stack, which stays above that of the block.
func (w *work) grow(n, bottom int) {
	w.height = max(w.height+n, bottom)
	w.most = max(w.most, w.height)
}

// price returns the units of work for a function with that many locals in a module with that many globals.
func (w *work) price(locals, globals, mutable uint64) uint64 {
	blocks := 1 + w.blocks + w.labels/labelsPerBlock
	alive := locals + uint64(w.most)/heightPerWork
	return blocks*alive + blocks*blocks/blocksPerWork + w.values + w.calls*mutable/globalsPerCall + globals/globalsPerBody
}

// checkWork refuses a function, or the module with all so far, whose price is too high.
func (b *body) checkWork() {
	price := b.work.price(uint64(b.locals), uint64(b.globals), uint64(len(b.mutable)+b.addedGlobals()))
	if price > maxWork {
		b.refuse(RuleWork, price, maxWork)
		return
	}
	b.spent += price
	if limit := maxWork + workPerByte*b.codeSize; b.spent > limit {
		b.s.Stop(&Refusal{Rule: RuleModuleWork, Function: -1, Have: b.spent, Limit: limit})
	}
}
