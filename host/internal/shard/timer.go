package shard

import (
	"time"

	"github.com/portholehttp/porthole/abi"
)

// TimerSet implements httpabi.Host.
func (i *instance) TimerSet(delay int64) {
	i.timerAt = 0
	if delay >= 0 {
		i.timerAt = later(i.shard.loop.Now(), time.Duration(delay))
	}
	i.timer.Set(i.timerAt)
}

// timeout tells i that its timer is due.
func (i *instance) timeout(int64) {
	i.timerAt = 0
	charged := uint64(0)
	if i.version.alone() {
		charged = i.exchange
	}
	i.event(abi.EventTimer, 0, 0, charged)
	i.shard.settle()
}
