package sandbox

import (
	"github.com/tetratelabs/wazero/api"

	"github.com/portholehttp/porthole/host/internal/linear"
)

// Globals returns the mutable globals of the guest as they are.
func (i *Instance) Globals() ([]uint64, error) {
	globals, err := i.globals()
	values := make([]uint64, len(globals))
	for n, g := range globals {
		values[n] = g.value
	}
	return values, err
}

// Memory returns what wazero shows of the guest's memory.
func (i *Instance) Memory() api.Memory { return i.memory }

// SnapshotBy is Snapshot by a mechanism that may not be the cheapest.
func (i *Instance) SnapshotBy(by linear.Mechanism) error {
	return i.remember(func(m *linear.Memory, memory api.Memory) error { return m.SnapshotBy(by, memory) })
}
