package shard

import (
	"math"
	"time"
)

// later returns a time on the loop's clock, which is never 0: that disarms timers.
func later(now int64, d time.Duration) int64 {
	at := now + int64(d)
	switch {
	case at < now: // the sum does not fit
		return math.MaxInt64
	case at == 0:
		return 1
	}
	return at
}
