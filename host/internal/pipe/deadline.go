package pipe

import "time"

// deadline is until when a call may wait. The zero deadline is none.
type deadline struct {
	at    time.Time
	timer *time.Timer // wakes who waits
}

func (d *deadline) over() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

// setDeadline changes one of h's.
func (h *half) setDeadline(d *deadline, t time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
	}
	d.at = t
	if !t.IsZero() {
		d.timer = time.AfterFunc(time.Until(t), func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.change.Broadcast()
		})
	}
	h.change.Broadcast()
	return nil
}
