package shard

import (
	"time"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/sandbox"
)

// metered is what bounds the calls of an instance: each by Limits.EventTimeout, and all for one exchange by
// Limits.MaxExchangeFuel. What a call uses is charged to the exchange that it is about. An event of something that was opened for an
// exchange (a client exchange, a socket) is charged to that as long as it is not over, and so is the timer of an instance
// that serves one request at a time. Anything else (the timer of a Shared instance, a connection that was taken over) has what an exchange
// may have for each event.
type metered struct {
	running bool
	charged uint64 // handle of the exchange that pays for the call that runs; 0: none
	fuel    int64  // what all calls before had used
	ends    []ending
}

// begin prepares calls that are about an exchange.
func (i *instance) begin(charged uint64) {
	i.running, i.charged = true, charged
	i.fuel = i.sandbox.Fuel()
	most := i.version.Limits.MaxExchangeFuel
	if most == 0 {
		return
	}
	left := most
	if x := i.shard.handles.get(charged); x != nil {
		if left -= x.fuel; left <= 0 {
			left = -1 // which is used up; 0 would be no bound
		}
	}
	i.sandbox.SetBudget(sandbox.Budget{Time: i.version.Limits.EventTimeout, Fuel: left})
}

// finish takes note of how the calls since begin went.
func (i *instance) finish(err error) {
	i.running = false
	used := i.sandbox.Fuel() - i.fuel
	if used != 0 {
		if x := i.shard.handles.get(i.charged); x != nil {
			x.fuel += used
		}
	}
	if len(i.ends) > 0 {
		i.tellEnds(used)
	}
	switch {
	case err != nil:
		i.shard.end(i, err)
	case i.serving == 0 && !i.idle && i.version.alone():
		i.shard.recycle(i)
	}
}

// payer returns which exchange events of something are charged to.
func (i *instance) payer(x *entry) uint64 {
	if x.charge == 0 && i.version.alone() {
		return i.exchange
	}
	return x.charge
}

// startBudget bounds on_start by what _initialize has left.
func (i *instance) startBudget(took time.Duration) {
	if most := i.version.Limits.StartTimeout; most > 0 {
		i.sandbox.SetBudget(sandbox.Budget{Time: max(most-took, 1)})
	}
}

// event calls on_event. What it carries is in the inbox, or nothing.
func (i *instance) event(kind abi.EventKind, flags uint32, target, charged uint64) {
	i.begin(charged)
	i.finish(i.call(kind, flags, target, 0, 0))
}

func (i *instance) call(kind abi.EventKind, flags uint32, target uint64, headSize, bodySize uint32) error {
	_, err := i.onEvent.Call(uint64(kind), uint64(flags), target, uint64(headSize), uint64(bodySize))
	return err
}
