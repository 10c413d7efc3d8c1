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

// Budget bounds one call of a guest from the host, with all that it calls. Zero fields are no bound.
type Budget struct {
	Time time.Duration // real time
	Fuel int64         // units: see instrument.FuelExport
}

// SetBudget bounds each call from now on. Without metering (see CompileConfig) it does nothing.
func (i *Instance) SetBudget(b Budget) {}

// Fuel returns the units that all calls so far have used.
func (i *Instance) Fuel() int64 { return 0 }

// ErrNotResettable is returned for a guest whose state the host cannot put back: see instrument.Module.
var ErrNotResettable = errors.New("the guest's state cannot be reset")

// Snapshot remembers the state of the instance: memory, globals. It must not be running.
func (i *Instance) Snapshot() error { return ErrNotResettable }

// Reset puts the instance back to its Snapshot. An instance that has a fault cannot be reset.
func (i *Instance) Reset() error { return ErrNotResettable }
