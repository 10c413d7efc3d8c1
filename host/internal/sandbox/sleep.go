package sandbox

import "time"

// sleep stops the guest, and with it its shard, for d, or until its call has to end.
func (i *Instance) sleep(d time.Duration) {
	m := i.meter
	late := false
	if m != nil {
		m.checkpoint() // the clock runs from now on
		if m.budget.Time > 0 {
			left := time.Until(m.deadline)
			late = left < d
			d = min(d, left)
		}
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-i.interrupt:
		panic(ErrInterrupted)
	}
	if late {
		panic(ErrDeadline)
	}
}
