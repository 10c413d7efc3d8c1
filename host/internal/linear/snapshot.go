package linear

import (
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero/api"
)

// smallTail is up to how many bytes that a guest has grown its memory by are overwritten with zeros. More are given back to
// the system, which costs a system call now, and a fault per page when the guest grows again.
const smallTail = 128 << 10

// ErrNoSnapshot is returned by Reset before the first Snapshot.
var ErrNoSnapshot = errors.New("there is no snapshot of the memory")

// snapshot is what a Memory goes back to.
type snapshot struct {
	wazero   *view
	size     int
	outgrown int // regions
	image    image
}

// image knows the first bytes of a region as they were.
type image interface {
	restore() error // at their address
	drop()          // is the end of the image; the region stays readable and writable with what is in it
}

// Snapshot remembers the contents and the size as they are now, in place of an earlier Snapshot. memory is what wazero makes
// of m. The instance is not running.
//
// The error wraps ErrUnknownLayout if m could not be made smaller again.
func (m *Memory) Snapshot(memory api.Memory) error {
	return m.SnapshotBy(best(m.size), memory)
}

// SnapshotBy is Snapshot with a Mechanism that is available.
func (m *Memory) SnapshotBy(by Mechanism, memory api.Memory) error {
	m.forget()
	now := m.region.bytes[:m.size]
	wazero, err := viewOf(memory, now)
	if err != nil {
		return err
	}
	image, err := by.image(now)
	if err != nil {
		return fmt.Errorf("snapshot of %d bytes by %v: %w", m.size, by, err)
	}
	m.snapshot = &snapshot{wazero, m.size, len(m.outgrown), image}
	inUse.snapshots.Add(int64(m.size))
	return nil
}

// forget drops the snapshot.
func (m *Memory) forget() {
	if m.snapshot == nil {
		return
	}
	m.snapshot.image.drop()
	inUse.snapshots.Add(-int64(m.snapshot.size))
	m.snapshot = nil
}

// Reset puts contents and size back to what they were at the last Snapshot. The instance is not running. After an error the
// contents are undefined, and the instance must not be used.
func (m *Memory) Reset() error {
	s := m.snapshot
	if s == nil {
		return ErrNoSnapshot
	}
	moved := m.moveBack()
	grown := m.size > s.size
	if grown {
		if err := zero(m.region.bytes[s.size:m.size]); err != nil {
			return err
		}
	}
	if err := s.image.restore(); err != nil {
		return err
	}
	if grown || moved {
		return s.wazero.resize(s.size)
	}
	return nil
}

// moveBack returns to the region of the snapshot, if the memory has outgrown it.
func (m *Memory) moveBack() bool {
	n := m.snapshot.outgrown
	if len(m.outgrown) == n {
		return false
	}
	release(m.region.bytes)
	for _, r := range m.outgrown[n+1:] {
		release(r.bytes)
	}
	m.region, m.outgrown = m.outgrown[n], m.outgrown[:n]
	m.resized(m.region.committed)
	return true
}

func zero(tail []byte) error {
	if len(tail) <= smallTail {
		clear(tail)
		return nil
	}
	return discard(tail)
}
