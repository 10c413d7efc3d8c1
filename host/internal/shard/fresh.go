package shard

import (
	"errors"
	"log/slog"

	"github.com/portholehttp/porthole/host/internal/sandbox"
)

// origin is what the host knew of a Fresh instance after its start, besides what is in its sandbox.
type origin struct {
	mask    uint32
	timerAt int64
}

// keepOrigin remembers the state of an instance that has set itself up. What it has opened meanwhile is ended: it could not be there
// for each request.
func (i *instance) keepOrigin() {
	i.shard.drop(i)
	i.origin = origin{i.mask, i.timerAt}
	i.timer.Set(0)
	err := i.sandbox.Snapshot()
	i.disposed = err != nil
	if err != nil && !errors.Is(err, sandbox.ErrNotResettable) {
		i.shard.log.Error("handler has no snapshot", slog.String("handler", i.version.name), slog.String("reason", err.Error()))
	}
}

// engage prepares an instance of Pooled or Fresh for a request. The timer of a Fresh one is the request's too, and stands still
// before: it runs if it was set at the start.
func (i *instance) engage() {
	i.exchange = 0
	if i.version.Isolation == Fresh && i.origin.timerAt != 0 {
		i.timerAt = i.origin.timerAt
		i.timer.Set(i.timerAt)
	}
}

// recycle makes an instance of Pooled or Fresh ready for the next request, now that the last is over.
func (s *Shard) recycle(i *instance) {
	v := i.version
	i.exchange = 0
	switch {
	case v.retired && v.queue.length == 0 && (v.Isolation == Fresh || len(i.owned) == 0):
		s.dismiss(i)
	case v.Isolation == Fresh && !s.renew(i):
		s.dismiss(i)
		v.replenish()
	default:
		v.put(i)
	}
}

// renew puts a Fresh instance back to its origin. It returns false if that cannot be done.
func (s *Shard) renew(i *instance) bool {
	if i.disposed {
		return false
	}
	s.drop(i)
	i.timer.Set(0)
	if err := i.sandbox.Reset(); err != nil {
		s.logFault("handler not reset", "handler", err)
		return false
	}
	i.mask, i.timerAt = i.origin.mask, i.origin.timerAt
	i.epoch++
	i.asked = 0
	if i.dialed { // the stack may not know yet that the connections of this number are gone
		delete(s.numbers, i.number)
		i.number, i.dialed = s.nextNumber(), false
		s.numbers[i.number] = i
	}
	if o := i.version.Observer; o != nil {
		o.Instance(0, true)
	}
	return true
}
