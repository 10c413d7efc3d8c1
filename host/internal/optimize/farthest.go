package optimize

// farthest makes all checks of one local in a function reach as far as the farthest access from it. The first in a region does; the engine leaves the
// others out, and the first too where it knows.
type farthest struct {
	reach  uint64
	firsts []firstAccess
	region int32 // of the last of firsts
}

// firstAccess is the first of a region.
type firstAccess struct {
	at    int32
	reach uint64
}

func (f *farthest) reset() {
	*f = farthest{firsts: f.firsts[:0]}
}

// add notes an access, in the order in which they are done in a region.
func (f *farthest) add(at int32, reach uint64, region int32) {
	f.reach = max(f.reach, reach)
	if f.region != region {
		f.region = region
		f.firsts = append(f.firsts, firstAccess{at, reach})
	}
}

// widen puts checks before accesses that do not reach as far.
func (f *farthest) widen(b *bounds, local uint32) {
	for _, first := range f.firsts {
		if first.reach < f.reach {
			b.editCheck(first.at, local, f.reach)
		}
	}
}
