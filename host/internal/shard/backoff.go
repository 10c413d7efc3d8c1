package shard

import (
	"log/slog"
	"time"
)

// A handler that fails again and again is not worth the work of starting it, which the others of the shard pay for too. The first
// fault costs nothing but what was in flight. Each that follows before the handler has done well makes the wait for the next
// start twice as long; but one that has answered anything since the last fault waits no longer than the first time, or a few requests
// that make it fail would take it from everybody.
const (
	backoffFirst = 100 * time.Millisecond
	backoffMost  = 30 * time.Second

	// A handler has done well that has lived so long since its last fault, or has answered so many requests.
	goodTime     = 10 * time.Second
	goodRequests = 100
)

// backoff counts the faults of a version. Times are on the loop's clock.
type backoff struct {
	faults int   // in a row
	since  int64 // when there was an instance after the last; 0: there was none
	served int   // requests answered since the last
	until  int64 // no instance is started before
}

// fault takes note of one, and returns how long to wait. others says that there are instances left.
func (b *backoff) fault(now int64, others bool) time.Duration {
	if b.served >= goodRequests || b.since != 0 && now-b.since >= int64(goodTime) {
		b.faults = 0
	}
	b.faults++
	most := backoffMost
	if b.served > 0 {
		most = backoffFirst
	}
	b.served, b.since = 0, 0
	if others {
		b.since = now
	}
	wait := time.Duration(0)
	if b.faults > 1 {
		wait = most
		if n := b.faults - 2; n < 16 {
			wait = min(backoffFirst<<n, most)
		}
	}
	b.until = now + int64(wait)
	return wait
}

// works takes note that an instance has started.
func (b *backoff) works(now int64) {
	if b.since == 0 {
		b.since = now
	}
}

// faulted decides when a version that has lost an instance may have another.
func (v *version) faulted() {
	s := v.shard
	now := s.loop.Now()
	wait := v.backoff.fault(now, len(v.live) > 0)
	if wait == 0 {
		v.replenish()
		return
	}
	s.log.Warn("handler keeps failing, and is not started for a while", slog.String("handler", v.name),
		slog.Int("faults", v.backoff.faults), slog.Duration("wait", wait))
	v.backoffTimer.Set(v.backoff.until)
	s.stir(v)
}

// resume is called when a version may start instances again. One is started at once if somebody waits for it, or if connections
// come to what the handler listens on itself; else with the next request.
func (v *version) resume(int64) {
	if len(v.orphans) > 0 {
		v.replenish()
	}
	v.grow()
	v.shard.settle()
}

// mayStart reports whether an instance may be started now.
func (v *version) mayStart() bool {
	s := v.shard
	return v.backoff.until <= s.loop.Now() && v.starting < maxStarting && !isClosed(s.interrupt)
}

// replenish starts an instance if there is none.
func (v *version) replenish() {
	wanted := v.queue.length > 0 || !v.retired && !v.shard.draining
	if wanted && len(v.live)+v.starting == 0 && v.mayStart() {
		v.start()
	}
}

// grow starts instances for requests that wait for one.
func (v *version) grow() {
	most := 1
	if v.alone() {
		most = v.Limits.MaxInstances
	}
	for len(v.free) == 0 && v.starting < v.queue.length && len(v.live)+v.starting < most && v.mayStart() {
		v.start()
	}
}

// down reports whether there is no instance, and none to come before long.
func (v *version) down() bool {
	return len(v.live)+v.starting == 0 && v.backoff.until > v.shard.loop.Now()
}
