package linear

import "errors"

// errIneffective is why a mechanism is not available whose system calls succeed, but that does not put memory back.
var errIneffective = errors.New("it does not do what the kernel promises")

// Mechanism is how a Reset finds and undoes what was written.
type Mechanism int

const (
	// Copy overwrites all of the memory. Nothing is cheaper for a small one.
	Copy Mechanism = iota
	// Protect has the kernel note which pages are written (userfaultfd write protection, resolved by the kernel itself, and
	// PAGEMAP_SCAN: Linux 6.7), and overwrites those.
	Protect
	// Remap maps a file in memory privately, and has the kernel drop the copies of its pages that writing made.
	Remap
)

var mechanismNames = [...]string{Copy: "copy", Protect: "userfaultfd", Remap: "memfd"}

func (m Mechanism) String() string { return mechanismNames[m] }

// Up to how many bytes of memory copying all of it is cheaper than the other mechanisms: see BenchmarkReset. Remapping pays for
// each page that is used again with a fault that copies it.
const (
	copyOrProtect = 128 << 10
	copyOrRemap   = 1 << 20
)

// best returns the cheapest mechanism for a memory of that many bytes, of those available.
func best(size int) Mechanism {
	switch {
	case size > copyOrProtect && Protect.Available() == nil:
		return Protect
	case size > copyOrRemap && Remap.Available() == nil:
		return Remap
	}
	return Copy
}
