package observe

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// connections are the metrics of all servers' connections.
type connections struct {
	accepted prometheus.Counter
	open     *prometheus.Desc

	mu      sync.Mutex
	sources map[*source]struct{}
}

// source knows how many connections a server has.
type source struct{ count func() int }

func newConnections() *connections {
	return &connections{
		accepted: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: "connections_accepted_total", Help: "Connections of clients that were accepted.",
		}),
		open: prometheus.NewDesc(namespace+"_connections_open", "Connections that are open, those that handlers have made included.",
			nil, nil),
		sources: make(map[*source]struct{}),
	}
}

// add has connections counted by count, which is called from any goroutine, until remove is called.
func (c *connections) add(count func() int) (remove func()) {
	s := &source{count}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sources[s] = struct{}{}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.sources, s)
	}
}

func (c *connections) describe(to chan<- *prometheus.Desc) {
	c.accepted.Describe(to)
	to <- c.open
}

func (c *connections) collect(to chan<- prometheus.Metric) {
	c.accepted.Collect(to)
	c.mu.Lock()
	open := 0
	for s := range c.sources {
		open += s.count()
	}
	c.mu.Unlock()
	to <- prometheus.MustNewConstMetric(c.open, prometheus.GaugeValue, float64(open))
}
