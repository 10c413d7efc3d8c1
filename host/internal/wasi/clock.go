package wasi

import (
	"encoding/binary"
	"time"
)

// Resolution of the clocks. Finer time, which is what side channels need, is not granted.
const Resolution = time.Millisecond

// The clocks of WASI.
const (
	clockRealtime  = 0
	clockMonotonic = 1
	clockProcess   = 2
	clockThread    = 3
)

// clockResGet is clock_res_get(clock, resolution.n).
func clockResGet(c *call) Errno {
	_, errno := c.system.now(c.u32(0))
	if errno != ESUCCESS {
		return errno
	}
	return c.putTime(c.u32(1), uint64(Resolution))
}

// clockTimeGet is clock_time_get(clock, precision, time.n). The precision that is asked for changes nothing.
func clockTimeGet(c *call) Errno {
	now, errno := c.system.now(c.u32(0))
	if errno != ESUCCESS {
		return errno
	}
	return c.putTime(c.u32(2), now)
}

func (c *call) putTime(p uint32, nanos uint64) Errno {
	out, ok := c.bytes(p, 8)
	if !ok {
		return EFAULT
	}
	binary.LittleEndian.PutUint64(out, nanos)
	return ESUCCESS
}

// now returns what a clock shows, in nanoseconds.
func (s *System) now(clock uint32) (uint64, Errno) {
	switch clock {
	case clockRealtime:
		return uint64(max(s.Now().Truncate(Resolution).UnixNano(), 0)), ESUCCESS
	case clockMonotonic:
		return uint64(s.elapsed().Truncate(Resolution)), ESUCCESS
	case clockProcess, clockThread:
		return 0, ENOTSUP
	}
	return 0, EINVAL
}

// elapsed returns the monotonic clock as it is, not coarse. It never shows zero, which the runtime of Go takes for a broken clock, and never goes back,
// whatever Now does.
func (s *System) elapsed() time.Duration {
	now := s.Now()
	if s.start.IsZero() {
		s.start = now
	}
	s.monotonic = max(s.monotonic, now.Sub(s.start)+Resolution)
	return s.monotonic
}
