package observe

import (
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/portholehttp/porthole/host/internal/shard"
)

// durationBuckets are upper bounds in seconds, from what a small handler takes to what a client still waits for.
var durationBuckets = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// faultKinds are the values of the label kind.
var faultKinds = []shard.FaultKind{shard.FaultTrap, shard.FaultExit, shard.FaultDeadline, shard.FaultFuel, shard.FaultMemory, shard.FaultMisuse}

// series are the metrics of one handler. They are collected as long as the handler is there (registration), and what is still counted afterwards
// is seen by nobody: so a request that ends late brings none of them back.
type series struct {
	handler string
	users   int // versions; belongs to the registration

	requests  *prometheus.CounterVec // by route, method and code
	cut       *prometheus.CounterVec // by route
	duration  *prometheus.HistogramVec
	inFlight  prometheus.Gauge
	queued    prometheus.Gauge
	instances prometheus.Gauge
	starts    prometheus.Observer
	resets    prometheus.Counter
	faults    map[shard.FaultKind]prometheus.Counter
	fuel      prometheus.Counter
	reloads   [2]prometheus.Counter // failed, ok

	all []prometheus.Collector // the above

	routes atomic.Pointer[map[string]*route] // by pattern; replaced and not changed
	adding sync.Mutex                        // held by who replaces it
}

func newSeries(handler string) *series {
	s := &series{handler: handler, faults: make(map[shard.FaultKind]prometheus.Counter)}
	s.requests = s.counters("requests_total", "Requests that are over, by the status of the response.", "route", "method", "code")
	s.cut = s.counters("requests_cut_total", "Requests that are over and were not answered in full.", "route")
	s.duration = s.histograms("request_duration_seconds", "Time from a request's arrival to the end of its response.", "route")
	s.inFlight = s.gauge("requests_in_flight", "Requests that have arrived and are not over, those that wait for an instance included.")
	s.queued = s.gauge("requests_queued", "Requests that wait for an instance.")
	s.instances = s.gauge("handler_instances", "Instances that are live.")
	s.starts = s.histograms("handler_start_duration_seconds", "Time an instance took to start.").WithLabelValues(handler)
	s.resets = s.counter("handler_resets_total", "Instances that were put back to their start.")
	s.fuel = s.counter("handler_fuel_units_total", "Units of computing that requests which are over have used.")

	faults := s.counters("handler_faults_total", "Instances that were ended for what they did.", "kind")
	for _, kind := range faultKinds {
		s.faults[kind] = faults.WithLabelValues(handler, string(kind))
	}
	reloads := s.counters("handler_reloads_total", "Attempts to replace the handler by a new version.", "result")
	s.reloads = [2]prometheus.Counter{reloads.WithLabelValues(handler, "failed"), reloads.WithLabelValues(handler, "ok")}

	s.routes.Store(&map[string]*route{})
	return s
}

const namespace = "porthole"

func (s *series) counters(name, help string, labels ...string) *prometheus.CounterVec {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, append([]string{"handler"}, labels...))
	s.all = append(s.all, v)
	return v
}

func (s *series) counter(name, help string) prometheus.Counter {
	return s.counters(name, help).WithLabelValues(s.handler)
}

func (s *series) gauge(name, help string) prometheus.Gauge {
	v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, []string{"handler"})
	s.all = append(s.all, v)
	return v.WithLabelValues(s.handler)
}

func (s *series) histograms(name, help string, labels ...string) *prometheus.HistogramVec {
	v := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: namespace, Name: name, Help: help, Buckets: durationBuckets,
	}, append([]string{"handler"}, labels...))
	s.all = append(s.all, v)
	return v
}

func (s *series) reloaded(ok bool) {
	i := 0
	if ok {
		i = 1
	}
	s.reloads[i].Inc()
}

// route returns what is counted for a pattern.
func (s *series) route(pattern string) *route {
	if r := (*s.routes.Load())[pattern]; r != nil {
		return r
	}
	return s.addRoute(pattern)
}

func (s *series) addRoute(pattern string) *route {
	s.adding.Lock()
	defer s.adding.Unlock()
	known := *s.routes.Load()
	if r := known[pattern]; r != nil {
		return r
	}
	more := make(map[string]*route, len(known)+1)
	for p, r := range known {
		more[p] = r
	}
	r := newRoute(s, pattern)
	more[pattern] = r
	s.routes.Store(&more)
	return r
}
