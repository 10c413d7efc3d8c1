package linear

import "sync/atomic"

// Usage is what the memories of this process amount to.
type Usage struct {
	Memories  int64 // that are not released
	Bytes     int64 // that their guests see now; what was never written takes none of the machine's memory
	Snapshots int64 // bytes of the snapshots, counted likewise
}

var inUse struct{ memories, bytes, snapshots atomic.Int64 }

// InUse returns the present Usage. It may be called at any time from any goroutine; the three figures may be of slightly
// different moments.
func InUse() Usage {
	return Usage{inUse.memories.Load(), inUse.bytes.Load(), inUse.snapshots.Load()}
}
