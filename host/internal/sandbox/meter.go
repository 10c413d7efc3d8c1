package sandbox

import (
	"context"
	"runtime"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/portholehttp/porthole/host/internal/instrument"
)

// Native code cannot be interrupted, not even by Go's scheduler. So a guest takes down a counter itself, its fuel, and calls the host
// (tick) when there is none left, which looks at what bounds the call. The host gives little at a time, so that this happens every
// shortest to longest of computing: often enough to end a call in time and to let others run, seldom enough to cost nothing.
const (
	shortest = 50 * time.Microsecond
	longest  = 200 * time.Microsecond

	// What is given at a time, in units of fuel. One takes about a nanosecond in a tight loop, and up to a hundred where the code between two
	// loop headers is long. Most calls end within the first grant, and so never look at the clock. The last is for a guest that
	// shows short loops first: however long those are that follow, they end within some milliseconds.
	leastGrant = 1 << 8
	firstGrant = 1 << 14
	mostGrant  = 1 << 16

	// requests is how many calls of the host a guest may make without a look at the clock, and requestUnits what each costs.
	requests     = 8
	requestUnits = 32

	// turn is how long a guest computes until other goroutines get their turn, if they wait for a processor. The scheduler alone would
	// give it ten milliseconds.
	turn = time.Millisecond
)

// meter bounds the calls of an instance. It is nil for a guest that is not instrumented.
type meter struct {
	fuel      api.MutableGlobal // nil until the guest is there: see bind
	depth     api.MutableGlobal // nil if the depth of calls is not bounded
	maxDepth  uint32
	interrupt <-chan struct{}
	budget    Budget

	used int64 // by all calls, but for what the one that runs has taken of the last grant

	// Of the call that runs:
	spent    int64     // of used
	granted  int64     // what fuel was set to last
	work     int64     // units of work by the host that are not yet in used
	asked    int       // calls of the host since the last look at the clock
	deadline time.Time // zero until the clock is looked at first
	refilled time.Time // when the last grant was made; zero if something other than computing came since
	yielded  time.Time // when others had their turn; zero until the clock is looked at first
	grant    int64     // how much to give at a time
}

func newMeter(c CompileConfig, interrupt <-chan struct{}, b Budget) *meter {
	return &meter{maxDepth: c.CallDepth, interrupt: interrupt, budget: b, grant: firstGrant}
}

// bind finds the guest's counters. A start function runs before its instance is there: its first tick binds.
func (m *meter) bind(guest api.Module) {
	m.fuel, _ = guest.ExportedGlobal(instrument.FuelExport).(api.MutableGlobal)
	m.depth, _ = guest.ExportedGlobal(instrument.DepthExport).(api.MutableGlobal)
}

// begin prepares an outermost call. It does not look at the clock, which would cost more than many calls take.
func (m *meter) begin() {
	m.spent, m.work, m.asked = 0, 0, 0
	m.deadline, m.refilled, m.yielded = time.Time{}, time.Time{}, time.Time{}
	m.grant = firstGrant
	if m.depth != nil {
		m.depth.Set(0)
	}
	m.refill()
}

// end counts what the call has used.
func (m *meter) end() { m.settle() }

// refill lets the guest compute until the next tick.
func (m *meter) refill() {
	m.granted = m.grant
	if m.budget.Fuel != 0 {
		m.granted = max(0, min(m.granted, m.budget.Fuel-m.spent))
	}
	if m.fuel != nil {
		m.fuel.Set(uint64(m.granted))
	}
}

// settle moves what was used since the last refill to used.
func (m *meter) settle() {
	n := m.work
	m.work = 0
	if m.fuel != nil {
		left := int64(m.fuel.Get())
		n += m.granted - left
		m.granted = left
	}
	m.used += n
	m.spent += n
}

// tick is what the guest calls when it has no fuel left.
func tick(ctx context.Context, guest api.Module, _ []uint64) {
	i := caller(ctx)
	if i == nil || i.meter == nil {
		return // nobody bounds it
	}
	m := i.meter
	if m.fuel == nil {
		m.bind(guest)
	}
	before := m.refilled
	now := m.look()
	if !before.IsZero() {
		m.adapt(now.Sub(before))
	}
	m.refill()
	m.refilled = now
	switch {
	case m.yielded.IsZero():
		m.yielded = now
	case now.Sub(m.yielded) >= turn:
		runtime.Gosched()
		m.refilled, m.yielded = time.Time{}, time.Now()
	}
}

// adapt changes how much is given at a time, if that took d to use up.
func (m *meter) adapt(d time.Duration) {
	switch {
	case d < shortest:
		m.grant = min(2*m.grant, mostGrant)
	case d > longest:
		m.grant = max(m.grant/2, leastGrant)
	}
}

// look ends the call, by a panic, if it has used up its budget or is interrupted. The clock of the call starts with the first look.
func (m *meter) look() (now time.Time) {
	m.settle()
	m.asked = 0
	if m.budget.Fuel != 0 && m.spent > m.budget.Fuel {
		panic(ErrFuel)
	}
	select {
	case <-m.interrupt:
		panic(ErrInterrupted)
	default:
	}
	now = time.Now()
	if m.budget.Time <= 0 {
		return now
	}
	if m.deadline.IsZero() {
		m.deadline = now.Add(m.budget.Time)
	} else if !now.Before(m.deadline) {
		panic(ErrDeadline)
	}
	return now
}

// request is called before the host does what a guest asks for.
func (m *meter) request() {
	m.work += requestUnits
	if m.asked++; m.asked >= requests {
		m.checkpoint()
	}
}

// checkpoint is look outside of a tick.
func (m *meter) checkpoint() {
	m.look()
	m.refill()
	m.refilled = time.Time{}
}

// charge counts work of the host for the guest.
func (m *meter) charge(units int64) {
	if m.work += units; m.work >= firstGrant {
		m.checkpoint()
	}
}

// tooDeep reports whether the guest trapped because its calls are nested too deep.
func (m *meter) tooDeep() bool {
	return m.depth != nil && api.DecodeU32(m.depth.Get()) > m.maxDepth
}
