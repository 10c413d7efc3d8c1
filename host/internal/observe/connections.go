package observe

import "github.com/prometheus/client_golang/prometheus"

// connections are the metrics of what clients connect to, of all servers.
type connections struct {
	accepted prometheus.Counter
	open     prometheus.Gauge
}

func newConnections() connections {
	return connections{
		accepted: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: "connections_accepted_total", Help: "Connections of clients that were accepted.",
		}),
		open: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: namespace, Name: "connections_open", Help: "Connections of clients that are open.",
		}),
	}
}

func (c *connections) Describe(to chan<- *prometheus.Desc) {
	c.accepted.Describe(to)
	c.open.Describe(to)
}

func (c *connections) Collect(to chan<- prometheus.Metric) {
	c.accepted.Collect(to)
	c.open.Collect(to)
}
