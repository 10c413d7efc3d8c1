package observe

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// route has the numbers of one handler and pattern, so that a request need not look them up by their labels.
type route struct {
	series   *series
	label    string
	duration prometheus.Observer
	cut      prometheus.Counter
	spans    [len(methods)]spanStart

	requests [len(methods)][maxCodes]atomic.Pointer[prometheus.Counter] // by method and code; nil: none yet
}

const maxCodes = 80 // above len(codes); see TestCodes

func newRoute(s *series, pattern string) *route {
	label := labelValue(pattern)
	r := &route{series: s, label: label, duration: s.duration.WithLabelValues(s.handler, label), cut: s.cut.WithLabelValues(s.handler, label)}
	for method := range r.spans {
		r.spans[method] = newSpanStart(s.handler, label, method)
	}
	return r
}

// count counts a request that is over.
func (r *route) count(method, code int) {
	place := &r.requests[method][code]
	counter := place.Load()
	if counter == nil {
		c := r.series.requests.WithLabelValues(r.series.handler, r.label, methods[method], codes[code]) // the same one for all who ask
		counter = &c
		place.Store(counter)
	}
	(*counter).Inc()
}
