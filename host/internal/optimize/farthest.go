package optimize

import "github.com/portholehttp/porthole/host/internal/opcode"

// farthest makes all checks of one local in a function reach as far as the farthest access from it. One at the anchor does, or else the first in each
// region; the engine leaves the others out where it knows.
type farthest struct {
	reach  uint64
	firsts []firstAccess
	region int32 // of the last of firsts
}

// firstAccess is the first of a region.
type firstAccess struct {
	at, start int32 // start is the first instruction of the region
	reach     uint64
}

func (f *farthest) reset() {
	*f = farthest{firsts: f.firsts[:0]}
}

// add notes an access, in the order in which they are done in a region, which begins at start.
func (f *farthest) add(at int32, reach uint64, region, start int32) {
	f.reach = max(f.reach, reach)
	if f.region != region {
		f.region = region
		f.firsts = append(f.firsts, firstAccess{at, start, reach})
	}
}

// widen puts checks at the anchor, and before accesses that do not reach as far: in a loop the engine does not know what was checked before it.
//
// Where ways meet, the engine takes what it reads of a local for another value from the second time on, of which it knows nothing. So the local is
// set to what is read first.
func (f *farthest) widen(b *bounds, local uint32) {
	if b.anchor >= 0 && len(f.firsts) > 0 {
		b.editSame(b.anchor, local)
		b.editCheck(b.anchor, local, f.reach)
	}
	for _, first := range f.firsts {
		if first.start > 0 && b.code[first.start-1].op == opcode.End {
			b.editSame(first.start, local)
		}
		if first.reach < f.reach {
			b.editCheck(first.at, local, f.reach)
		}
	}
}
