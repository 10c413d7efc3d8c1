package sandbox

import (
	"fmt"
	"sync"
	"time"
)

// DefaultOutputRate is the bytes per second that a guest may print in the long run.
const DefaultOutputRate = 64 << 10

const (
	burstSeconds = 16  // of output at the rate may come at once
	lineCost     = 128 // bytes that a line costs besides its own: what the log adds
)

// Quota bounds what guests print, so that an endless loop does not fill the disk that the log is on. What is beyond is dropped, and a line says
// so when that begins, and when it has ended how much it was. A Quota is safe for concurrent use.
type Quota struct {
	Rate int              // bytes per second, of which 16 seconds' worth may come at once; 0: DefaultOutputRate
	Now  func() time.Time // nil: time.Now

	mu       sync.Mutex
	at       time.Time // when left was right
	left     int       // bytes that may be printed now
	dropping bool
	dropped  int // bytes, since dropping began
}

// take reports whether a line of n bytes may be printed, and what to print before it, or instead.
func (q *Quota) take(n int) (ok bool, notice string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	rate := q.Rate
	if rate <= 0 {
		rate = DefaultOutputRate
	}
	q.fill(rate)
	cost := n + lineCost
	switch {
	case q.dropping && q.left >= max(cost, rate): // a second's worth, so as not to drop every other line
		notice = fmt.Sprintf("%d bytes of output were dropped", q.dropped)
		q.dropping, q.dropped = false, 0
	case !q.dropping && q.left < cost:
		notice = fmt.Sprintf("output is dropped: it is more than %d bytes per second", rate)
		q.dropping = true
	}
	if notice != "" {
		q.left -= len(notice) + lineCost // it may become a debt
	}
	if q.dropping {
		q.dropped += n
		return false, notice
	}
	q.left -= cost
	return true, notice
}

// fill adds what may be printed because time has passed.
func (q *Quota) fill(rate int) {
	t := time.Now()
	if q.Now != nil {
		t = q.Now()
	}
	most := burstSeconds * rate
	d := t.Sub(q.at)
	if q.at.IsZero() || d >= burstSeconds*time.Second {
		q.left, q.at = most, t
		return
	}
	if more := int(int64(d) * int64(rate) / int64(time.Second)); more > 0 {
		q.left, q.at = min(most, q.left+more), t
	}
}
