package observe

import (
	"sync"
	"time"

	"github.com/portholehttp/porthole/host/internal/shard"
)

// Handler observes one version of a handler. It implements shard.Observer.
type Handler struct {
	hub    *Hub
	series *series
	close  sync.Once
}

var _ shard.Observer = (*Handler)(nil)

// Close says that the version is gone. What it is told later is lost, unless another version of that name is there.
func (h *Handler) Close() {
	if h == nil {
		return
	}
	h.close.Do(func() {
		h.hub.mu.Lock()
		delete(h.hub.handlers, h)
		h.hub.mu.Unlock()
		h.hub.registration.drop(h.series)
	})
}

// Request implements shard.Observer.
func (h *Handler) Request(r *shard.Request) shard.ExchangeObserver {
	x := exchanges.Get().(*exchange)
	x.series, x.route = h.series, h.series.route(r.Pattern)
	x.method, x.code = methodIndex(r.Method), 0
	x.begun = now()
	h.series.inFlight.Inc()
	if h.hub.tracer != nil {
		x.span = h.hub.tracer.start(r, &x.route.spans[x.method], &x.fields)
	}
	return x
}

// Instance implements shard.Observer.
func (h *Handler) Instance(started time.Duration, reset bool) {
	if reset {
		h.series.resets.Inc()
		return
	}
	h.series.instances.Inc()
	h.series.starts.Observe(started.Seconds())
}

// Fault implements shard.Observer.
func (h *Handler) Fault(kind shard.FaultKind) {
	if c := h.series.faults[kind]; c != nil {
		c.Inc()
	}
}

// Gone implements shard.Observer.
func (h *Handler) Gone() { h.series.instances.Dec() }

// Queued implements shard.Observer.
func (h *Handler) Queued(change int) { h.series.queued.Add(float64(change)) }

// Reloaded says whether this version has replaced another one, or could not.
func (h *Handler) Reloaded(ok bool) {
	if h != nil {
		h.series.reloaded(ok)
	}
}
