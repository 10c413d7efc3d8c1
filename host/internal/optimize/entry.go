package optimize

import (
	"slices"

	"github.com/portholehttp/porthole/host/internal/opcode"
)

// entry is how a function is entered.
type entry struct {
	root    int           // the segment that comes first: the prologue, or one without code
	begins  uint32        // the numbers below it are for the beginning; all of them: every
	setBase []instruction // what computes the base once the prologue is done, or the function is resumed
	numbers []uint32      // by segment: the highest number that resumes the function there; noNumber: none does
}

const (
	every    = ^uint32(0) // more than any number
	noNumber = ^uint32(0)
)

// enter finds how the function is entered. It makes a segment of its own of the prologue, which only its beginning goes through. It reports false
// for what Go's compiler does not do.
func (d *dispatch) enter(base uint32) bool {
	if !slices.IsSorted(d.table) {
		return false
	}
	e := &d.entry
	first := d.target(0)
	e.numbers = make([]uint32, len(d.segments))
	for i := range e.numbers {
		e.numbers[i] = noNumber
	}
	for number, segment := range d.table {
		e.numbers[segment] = uint32(number)
	}
	e.begins = e.numbers[first] + 1
	if e.begins == uint32(len(d.table)) {
		e.begins = every
	}
	e.numbers[first] = noNumber
	led := d.led()
	if d.resumes != nil {
		d.keepResumed(led)
	}
	e.root = len(d.segments)
	root := segment{next: first, home: first}
	s := &d.segments[first]
	if at := setBase(s.code, base); at >= 0 {
		if led[first] {
			return false
		}
		root.code, e.setBase, s.code = s.code[:at], s.code[at:at+setBaseSize], s.code[at+setBaseSize:]
		for len(s.jumps) > 0 && s.jumps[0].at < at {
			root.jumps, s.jumps = append(root.jumps, s.jumps[0]), s.jumps[1:]
		}
		s.jumps = slices.Clone(s.jumps)
		for i := range s.jumps {
			s.jumps[i].at -= at + setBaseSize
		}
	}
	d.segments = append(d.segments, root)
	e.numbers = append(e.numbers, noNumber)
	return true
}

// keepResumed leaves numbers only to segments where calls return to, and to those that may run deferred functions after a recovered panic, of which
// only a table of the runtime says where they are: they begin with that call, or nothing leads to them.
func (d *dispatch) keepResumed(led []bool) {
	for k := range d.exit {
		if led[k] && !d.resumes[k] {
			d.entry.numbers[k] = noNumber
		}
	}
}

// led returns, by segment, whether another leads to it.
func (d *dispatch) led() []bool {
	led := make([]bool, len(d.segments))
	for i := range d.segments {
		s := &d.segments[i]
		for _, j := range s.jumps {
			led[j.to] = true
		}
		if s.next != none {
			led[s.next] = true
		}
	}
	return led
}

// setBaseSize is how many instructions framer.setBase makes.
const setBaseSize = 4

// setBase returns where the base is set in the code of a segment, or a negative number.
func setBase(code []instruction, base uint32) int {
	if base == noLocal {
		return -1
	}
	return slices.IndexFunc(code, func(i instruction) bool { return i.op == opcode.LocalSet && i.index == base }) - setBaseSize + 1
}
