// Package linear is the memory of guests: reserved at one address for good, so that views of it stay valid when it grows, and
// put back to a snapshot by the cheapest means that the machine offers.
package linear

import "github.com/tetratelabs/wazero/experimental"

// Memory is the linear memory of one instance. It belongs to the goroutine of that instance.
type Memory struct{}

// Allocator makes the memory of the next instances: see experimental.WithMemoryAllocator.
type Allocator struct{ OnAllocate func(*Memory) }

// Allocate implements experimental.MemoryAllocator. capBytes and maxBytes are at most 4 GiB.
func (a *Allocator) Allocate(capBytes, maxBytes uint64) experimental.LinearMemory { return nil }

// Snapshot remembers the contents and the size as they are now. The instance is not running.
func (m *Memory) Snapshot() error { return nil }

// Reset puts contents and size back to what they were at the last Snapshot. The instance is not running.
func (m *Memory) Reset() error { return nil }
