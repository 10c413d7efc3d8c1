package sandbox

import (
	"errors"
	"time"
)

// Why a call was ended that used too much: in the chain of its Fault.
var (
	ErrDeadline  = errors.New("the call took longer than it may")
	ErrFuel      = errors.New("the call computed more than it may")
	ErrCallDepth = errors.New("the calls are nested deeper than they may be")
)

// ErrInterrupted is in the chain of the Fault of a guest that was ended because InstanceConfig.Interrupt was closed.
var ErrInterrupted = errors.New("interrupted: the host is closing")

// Budget bounds one call of a guest from the host, with all that it calls. Zero fields are no bound.
//
// A call is ended when it computes or sleeps. What it asks of the host is done first: the time of that counts, from the
// eighth request of a call on.
type Budget struct {
	Time time.Duration // real time, whatever the instance's Clock shows; exceeded by at most a millisecond or so of computing
	Fuel int64         // units, see instrument.FuelExport; what is negative is used up. Work of the host for the guest counts in the same units
}

// SetBudget bounds each call from now on. Without metering (see CompileConfig) it does nothing.
func (i *Instance) SetBudget(b Budget) {
	if i.meter != nil {
		i.meter.budget = b
	}
}

// Fuel returns the units that all calls so far have used, those of its start among them. Without metering it is 0.
func (i *Instance) Fuel() int64 {
	if i.meter == nil {
		return 0
	}
	return i.meter.used
}
