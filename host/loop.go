package host

import (
	"github.com/portholehttp/porthole/host/internal/shard"
	"github.com/portholehttp/porthole/internal/netloop"
)

// newLoop returns how shards make their loops.
func (r *Runtime) newLoop() shard.NewLoop {
	c := netloop.Config{NoRing: r.noIOUring}
	if r.clock != nil {
		start := r.clock.Now()
		c.Now = func() int64 { return int64(r.clock.Now().Sub(start)) + 1 } // never 0, which disarms a timer
	}
	return func(readBuffer func() []byte) shard.Loop {
		c := c
		c.ReadBuffer = readBuffer
		return netloop.New(c)
	}
}
