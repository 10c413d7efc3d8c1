package sandbox

import "time"

// guard lets package wasi ask whether a guest's call may go on.
type guard struct{ *Instance }

// Work implements wasi.Guard.
func (g guard) Work(units int) {
	if m := g.meter; m != nil {
		m.charge(int64(units))
	}
}

// Sleep implements wasi.Guard.
func (g guard) Sleep(d time.Duration) { g.sleep(d) }

// checkpoint ends the call if it has to end.
func (i *Instance) checkpoint() {
	if i != nil && i.meter != nil {
		i.meter.checkpoint()
	}
}
