package observe

import (
	"errors"
	"fmt"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// registration is what a Registerer knows of us: a Collector of all handlers' series. Runtimes that have the same Registerer share it, and
// count in the same series where they have handlers of the same name.
type registration struct {
	connections *connections

	mu     sync.Mutex
	series map[string]*series // by handler
	users  int                // guarded by registering
}

// registering is held while registrations come and go, so that none is given up which another Runtime has just found.
var registering sync.Mutex

// register returns the registration of r, which is nil for one of our own that nobody collects.
func register(r prometheus.Registerer) (*registration, error) {
	registering.Lock()
	defer registering.Unlock()
	g := &registration{connections: newConnections(), series: make(map[string]*series)}
	if r != nil {
		if err := r.Register(g); err != nil {
			known, _ := errors.AsType[prometheus.AlreadyRegisteredError](err)
			other, ok := known.ExistingCollector.(*registration)
			if !ok {
				return nil, fmt.Errorf("register metrics: %w", err)
			}
			g = other
		}
	}
	g.users++
	return g, nil
}

// release undoes register.
func (g *registration) release(r prometheus.Registerer) {
	registering.Lock()
	defer registering.Unlock()
	if g.users--; g.users == 0 && r != nil {
		r.Unregister(g)
	}
}

// acquire returns the series of a handler, which are collected from now on.
func (g *registration) acquire(handler string) *series {
	handler = labelValue(handler)
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.series[handler]
	if s == nil {
		s = newSeries(handler)
		g.series[handler] = s
	}
	s.users++
	return s
}

// drop undoes acquire. Series that nobody has are collected no more.
func (g *registration) drop(s *series) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if s.users--; s.users == 0 {
		delete(g.series, s.handler)
	}
}

func (g *registration) loadFailed(handler string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if s := g.series[labelValue(handler)]; s != nil {
		s.reloaded(false)
	}
}

// Describe implements prometheus.Collector.
func (g *registration) Describe(to chan<- *prometheus.Desc) {
	for _, c := range newSeries("").all { // they differ in values only
		c.Describe(to)
	}
	g.connections.describe(to)
}

// Collect implements prometheus.Collector.
func (g *registration) Collect(to chan<- prometheus.Metric) {
	g.mu.Lock()
	var all []prometheus.Collector
	for _, s := range g.series {
		all = append(all, s.all...)
	}
	g.mu.Unlock()
	for _, c := range all {
		c.Collect(to)
	}
	g.connections.collect(to)
}
