package datasegment

import (
	"cmp"
	"slices"

	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/opcode"
)

// maxGap is the most zeros between segments that are joined. A segment takes the engine as long as some hundred bytes. Go's linker leaves out what is
// longer than some 16 zeros: of 30,000 segments of a program in Go, 114 are left, which have three quarters more bytes, and the module is a tenth larger.
const maxGap = 32

// segmentActive is the form of a segment of memory 0 with an offset.
const segmentActive = 0

// run is what segments that follow each other become, with the zeros between them.
type run struct {
	at   uint64 // in the memory
	data []byte
}

func (r *run) end() uint64 { return r.at + uint64(len(r.data)) }

// readRuns reads the content of a section of data. It returns nil if that is to be left as it is: a segment has another form, or is not
// within a memory of that many bytes. It adds no more zeros than the section has bytes.
func readRuns(s *module.Scanner, memory uint64) []run {
	var runs []run
	room := s.Rest() // for zeros
	for range s.U32() {
		at, data, ok := readSegment(s)
		if !ok || at+uint64(len(data)) > memory {
			return nil
		}
		if n := len(runs); n > 0 {
			last := &runs[n-1]
			if gap := at - last.end(); at >= last.end() && gap <= maxGap && int(gap) <= room {
				room -= int(gap)
				last.data = append(append(last.data, make([]byte, gap)...), data...)
				continue
			}
		}
		runs = append(runs, run{at, slices.Clone(data)})
	}
	if s.Err != nil || s.Rest() > 0 {
		return nil
	}
	return runs
}

// readSegment returns the data of a segment, which is a part of the module, and where it goes.
func readSegment(s *module.Scanner) (at uint64, data []byte, ok bool) {
	if s.U32() != segmentActive || s.Byte() != opcode.I32Const {
		return 0, nil, false
	}
	at = uint64(uint32(s.Int(32)))
	if s.Byte() != opcode.End {
		return 0, nil, false
	}
	data = s.Bytes(uint64(s.U32()))
	return at, data, s.Err == nil
}

// disjoint reports whether no two runs write to the same place, so that it does not matter which is first.
func disjoint(runs []run) bool {
	sorted := slices.SortedFunc(slices.Values(runs), func(a, b run) int { return cmp.Compare(a.at, b.at) })
	for i := range sorted[1:] {
		if sorted[i].end() > sorted[i+1].at {
			return false
		}
	}
	return true
}
