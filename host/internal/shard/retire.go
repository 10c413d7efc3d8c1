package shard

import (
	"slices"

	"github.com/portholehttp/porthole/abi"
)

// retire has nothing new come to a version. What it has goes on for as long as it may.
func (s *Shard) retire(v *version) {
	v.routed, v.retired = false, true
	v.backoffTimer.Set(0)
	for _, i := range slices.Clone(v.live) {
		i.postponed = nil
		for number := range i.servers {
			s.operate(abi.OpServerClose, i.target(number), 0, nil, nil, 0)
		}
	}
	v.closeOrphans()
	for _, i := range slices.Clone(v.free) {
		if len(i.owned) == 0 && v.queue.length == 0 {
			s.dismiss(i)
		}
	}
	v.retireTimer.Set(later(s.loop.Now(), v.Limits.RetireTimeout))
	s.stir(v)
}

// over reports whether nobody waits for anything of a version.
func (v *version) over() bool {
	return v.starting == 0 && v.queue.length == 0 && v.serving == 0 && v.pending == 0
}

// giveUp ends what a retired version still has.
func (v *version) giveUp(int64) {
	s := v.shard
	v.clearQueue(503)
	if n := v.serving; n > 0 {
		s.log.Warn("handler was replaced, and what it still served is cut", "handler", v.name, "requests", n)
	}
	for _, i := range slices.Clone(v.live) {
		s.dismiss(i)
	}
	s.stir(v)
	s.settle()
}

// bury frees a version that is over.
func (s *Shard) bury(v *version) {
	for _, i := range slices.Clone(v.live) {
		s.dismiss(i)
	}
	v.closeOrphans()
	v.queueTimer.Set(0)
	v.backoffTimer.Set(0)
	v.retireTimer.Set(0)
	s.all = slices.DeleteFunc(s.all, func(other *version) bool { return other == v })
	s.mu.Lock()
	if s.versions[v.Handler] == v {
		delete(s.versions, v.Handler)
	}
	s.mu.Unlock()
	close(v.gone)
}

// lose ends a version with its shard. There is no stack to tell.
func (s *Shard) lose(v *version) {
	v.lose()
	for _, i := range slices.Clone(v.live) {
		for _, handle := range slices.Clone(i.owned) {
			s.over(handle)
		}
		i.servers = nil // they are closed by the shard
		s.dismiss(i)
	}
	s.bury(v)
}
