package observe

import (
	"maps"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
)

// Hub is what observes the handlers of one Runtime. A nil Hub observes nothing; all methods are safe for concurrent use.
type Hub struct {
	registerer   prometheus.Registerer // nil: nobody collects
	registration *registration
	tracer       *tracer // nil: no spans

	mu       sync.Mutex
	handlers map[*Handler]struct{} // not closed yet
}

// New returns what counts into r and traces with p; each may be nil. It is nil if both are. The error is r's, and says that other
// metrics have our names.
func New(r prometheus.Registerer, p trace.TracerProvider) (*Hub, error) {
	if r == nil && p == nil {
		return nil, nil
	}
	g, err := register(r)
	if err != nil {
		return nil, err
	}
	return &Hub{registerer: r, registration: g, tracer: newTracer(p), handlers: make(map[*Handler]struct{})}, nil
}

// Close ends what is observed, also handlers that are not closed. It is called once.
func (h *Hub) Close() {
	if h == nil {
		return
	}
	h.mu.Lock()
	handlers := slices.Collect(maps.Keys(h.handlers))
	h.mu.Unlock()
	for _, o := range handlers {
		o.Close()
	}
	h.registration.release(h.registerer)
}

// Accepted says that a client has connected.
func (h *Hub) Accepted() {
	if h != nil {
		h.registration.connections.accepted.Inc()
	}
}

// Connections has open tell how many connections a server has, until done is called. open is called from any goroutine, and must not block.
func (h *Hub) Connections(open func() int) (done func()) {
	if h == nil {
		return func() {}
	}
	return h.registration.connections.add(open)
}

// LoadFailed says that a module was refused. That counts if there is a handler of that name, which the module was to replace.
func (h *Hub) LoadFailed(name string) {
	if h != nil {
		h.registration.loadFailed(name)
	}
}

// Handler returns what observes one version of a handler, nil if nothing does. Versions of the same name are counted together.
func (h *Hub) Handler(name string) *Handler {
	if h == nil {
		return nil
	}
	o := &Handler{hub: h, series: h.registration.acquire(name)}
	h.mu.Lock()
	h.handlers[o] = struct{}{}
	h.mu.Unlock()
	return o
}
