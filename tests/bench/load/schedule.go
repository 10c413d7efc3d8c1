//go:build linux

package load

// schedule says when requests are due: a closed loop's at once, an open loop's one every interval.
type schedule struct {
	interval float64 // nanoseconds; 0: a closed loop
	next     int64   // how many were taken
}

// newSchedule is for so many a second; 0 is a closed loop.
func newSchedule(rate float64) schedule {
	if rate == 0 {
		return schedule{}
	}
	return schedule{interval: 1e9 / rate}
}

func (s *schedule) open() bool { return s.interval != 0 }

// due is when the next request is intended, in nanoseconds since the start. It is never later than now in a closed loop.
func (s *schedule) due(now int64) int64 {
	if !s.open() {
		return now
	}
	return int64(float64(s.next) * s.interval)
}

// take moves on to the next request.
func (s *schedule) take() { s.next++ }
