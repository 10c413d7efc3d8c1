package host

import (
	"time"

	"github.com/portholehttp/porthole/host/internal/shard"
	"github.com/portholehttp/porthole/internal/netloop"
)

// Clock tells the time to a Runtime: its timeouts, the Date of responses, and what guests see of the time.
//
// Now is called from any goroutine. It must not go back. The wait for a timeout is in real time all the same: when another clock has
// passed it is noticed when something happens on the shard.
type Clock interface{ Now() time.Time }

// newLoop returns how shards make their loops, nil for the usual way.
func (r *Runtime) newLoop() shard.NewLoop {
	if r.clock == nil {
		return nil
	}
	start := r.clock.Now()
	now := func() int64 { return int64(r.clock.Now().Sub(start)) + 1 } // never 0, which disarms a timer
	return func(readBuffer func() []byte) shard.Loop {
		return netloop.New(netloop.Config{ReadBuffer: readBuffer, Now: now})
	}
}
