package linear

import (
	"fmt"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// Memory is the linear memory of one instance. It belongs to the goroutine of that instance.
//
// It implements experimental.MemoryAllocator too, as the allocator that returns itself: wazero's interface has no room for
// an error, so that the memory must be there before wazero asks for it.
type Memory struct {
	max      uint64 // bytes: the most that the guest may grow it to
	size     int    // bytes that the guest sees; those after them in region are zero
	region   region
	outgrown []region // earlier ones, kept as views of them may be about
	snapshot *snapshot
}

// New returns a memory of size bytes that may grow to max. Both are multiples of 64 KiB and at most 4 GiB.
//
// All of max is reserved, which costs address space only. Where that much cannot be had (a limit of the process, a 32-bit
// system, one without reservations) it starts small, and growing may move it.
func New(size, max uint64) (*Memory, error) {
	bytes, err := reserve(max)
	if err != nil {
		bytes, err = reserveSmall(size)
	}
	if err == nil {
		m := &Memory{max: max, region: region{bytes: bytes}}
		if err = m.region.commit(size); err == nil {
			inUse.memories.Add(1)
			m.resized(int(size))
			return m, nil
		}
		release(bytes)
	}
	return nil, fmt.Errorf("no memory of %d bytes for a guest: %w", size, err)
}

// Allocate implements experimental.MemoryAllocator, for the one memory of the next instance.
func (m *Memory) Allocate(_, _ uint64) experimental.LinearMemory { return m }

// Reallocate implements experimental.LinearMemory. It returns nil if there is no more to be had, of which the guest is told.
func (m *Memory) Reallocate(size uint64) []byte {
	if size > m.max || m.region.bytes == nil {
		return nil
	}
	if size > uint64(len(m.region.bytes)) {
		if !m.move(size) {
			return nil
		}
	} else if m.region.commit(size) != nil {
		return nil
	}
	m.resized(int(size))
	return m.region.bytes[:size:size]
}

// move goes on in a larger region, at least twice as large so that it happens seldom.
func (m *Memory) move(size uint64) bool {
	bytes, err := reserveSmall(min(max(size, 2*uint64(len(m.region.bytes))), m.max))
	if err != nil {
		return false
	}
	r := region{bytes: bytes}
	if r.commit(size) != nil {
		release(bytes)
		return false
	}
	copy(bytes, m.region.bytes[:m.size])
	m.outgrown = append(m.outgrown, m.region)
	m.region = r
	return true
}

func (m *Memory) resized(size int) {
	inUse.bytes.Add(int64(size) - int64(m.size))
	m.size = size
}

// Free implements experimental.LinearMemory and does nothing: wazero may call it in the midst of a call of the guest, after
// which the guest, or a host that holds a view, would fault. See Release.
func (m *Memory) Free() {}

// Release gives the memory and its snapshot back to the system. The instance is not running and never will, and no view is
// in use. memory is what wazero made of m, nil if nothing: it has no bytes from now on, for who may have kept it. Further
// calls do nothing.
func (m *Memory) Release(memory api.Memory) {
	if m.region.bytes == nil {
		return
	}
	if buffer, err := bufferOf(memory); err == nil {
		*buffer = nil
	}
	m.forget()
	release(m.region.bytes)
	for _, r := range m.outgrown {
		release(r.bytes)
	}
	inUse.memories.Add(-1)
	m.resized(0)
	*m = Memory{}
}
