package host

import (
	"sync"

	"github.com/portholehttp/porthole/host/internal/shard"
)

// version is a Handler as the shards of one server have it, from when it is started there until its last request is over.
type version struct {
	handler *Handler
	shared  *shard.Handler
	routes  int
}

// prepare starts h on every shard, at the same time.
func (s *Server) prepare(h *Handler) (*version, error) {
	if err := h.enter(); err != nil {
		return nil, err
	}
	v := &version{handler: h, shared: &shard.Handler{
		Name:      h.Name(),
		Module:    h.module,
		Isolation: shard.Isolation(h.isolation),
		Limits:    h.limits,
		Args:      h.args,
		Env:       h.env,
		Dial:      h.dial,
		Listeners: s.listening.of(h),
		Observer:  h.observing(),
	}}
	if h.observer != nil {
		v.shared.Observer = h.observer
	}
	errs := make([]error, len(s.shards))
	var starting sync.WaitGroup
	for i, sh := range s.shards {
		starting.Go(func() { errs[i] = sh.Prepare(v.shared) })
	}
	starting.Wait()
	for _, err := range errs {
		if err != nil {
			s.retire(v)
			return nil, publicError(err)
		}
	}
	return v, nil
}

// drop takes note that v has one route less. routing.mu is held.
func (s *Server) drop(v *version) {
	if v.routes--; v.routes == 0 {
		delete(s.routing.versions, v.handler)
		s.retire(v)
	}
}

// retire has the shards forget v when its last request is over.
func (s *Server) retire(v *version) {
	s.routing.retiring.Go(func() {
		for _, sh := range s.shards {
			sh.Release(v.shared) // unless routes have led to it
			<-sh.Retired(v.shared)
		}
		v.handler.leave()
	})
}

// retireAll ends all versions, when the shards have ended, and waits for that.
func (s *Server) retireAll() {
	r := &s.routing
	r.mu.Lock()
	r.ended = true
	for _, v := range r.versions {
		s.retire(v)
	}
	clear(r.versions)
	clear(r.routes)
	r.mu.Unlock()
	r.retiring.Wait()
}
