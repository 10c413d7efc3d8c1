//go:build wasip1 && !standalone

package port

import "runtime"

// Go's garbage collector marks while the program runs, and for so long each pointer that is written costs it dearly. What marks is a goroutine that
// gets to run when the others wait; in a plugin the thread goes back to the host instead, and marking drags on through hundreds
// of events. So a collection is made as a whole, between two events, a little before one would begin by itself. Once in thousands of events the next one
// waits for it: some 0.4 ms for a heap of 4 MB. A heap that is much larger is left to the runtime.

// maxCollected is how large a heap is at most that is collected between two events, in bytes.
const maxCollected = 16 << 20

// collector foresees when a collection is due, by how fast the heap has grown since the last one.
type collector struct {
	due    uint32 // the Turn in which to look again
	from   uint32 // the Turn of the last collection, and what it left:
	base   uint64 // bytes
	cycles uint32 // collections so far
	now    runtime.MemStats
}

var garbage = collector{due: minTurns}

// A look costs as much as some events, so that it is not taken more often than after minTurns of them.
const (
	minTurns = 256
	maxTurns = 1 << 16
)

// collect looks at the heap, and collects garbage if there is enough. It is called when the Turn is due.
func (c *collector) collect() {
	runtime.ReadMemStats(&c.now)
	switch {
	case c.now.NumGC != c.cycles, c.now.NextGC <= c.base: // one began by itself
		c.restart()
		return
	case c.now.NextGC > maxCollected:
		c.due = Turn + maxTurns
		return
	}
	// The runtime begins by itself after 7/10 of the way at the earliest.
	limit := c.base + (c.now.NextGC-c.base)*5/8
	turns, grown := uint64(Turn-c.from), max(c.now.HeapAlloc, c.base+1)-c.base
	if left := (limit - min(c.now.HeapAlloc, limit)) * turns / grown; left >= minTurns {
		c.due = Turn + uint32(min(left, maxTurns))
		return
	}
	runtime.GC()
	runtime.ReadMemStats(&c.now)
	c.restart()
}

// restart begins to watch the heap as it is now.
func (c *collector) restart() {
	c.from, c.base, c.cycles = Turn, c.now.HeapAlloc, c.now.NumGC
	c.due = Turn + minTurns
}
