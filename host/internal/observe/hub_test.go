package observe

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/shard"
)

func newHub(t testing.TB, r prometheus.Registerer) *Hub {
	t.Helper()
	h, err := New(r, nil)
	require.NoError(t, err)
	return h
}

// request makes an exchange, answered with status unless that is 0.
func request(o shard.Observer, method, pattern string, status int, complete bool) {
	x := o.Request(&shard.Request{Pattern: pattern, Method: []byte(method), Target: []byte("/x")})
	if status != 0 {
		x.Status(status)
	}
	x.End(complete, 10)
}

// values returns what is collected, by name and labels; of a histogram, the count.
func values(t testing.TB, g prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := g.Gather()
	require.NoError(t, err)
	all := make(map[string]float64)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			slices.Sort(labels)
			name := strings.TrimPrefix(f.GetName(), "porthole_") + "{" + strings.Join(labels, ",") + "}"
			all[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return all
}

func TestCounts(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	hub := newHub(t, registry)
	h := hub.Handler("shop")
	for range 3 {
		request(h, "GET", "/", 200, true)
	}
	request(h, "POST", "/", 500, true)
	request(h, "BREW", "/api/", 299, true)
	request(h, "GET", "/api/", 200, false)
	request(h, "GET", "/api/", 0, false)
	running := h.Request(&shard.Request{Pattern: "/", Method: []byte("GET")})
	h.Queued(2)
	h.Queued(-1)
	h.Instance(time.Millisecond, false)
	h.Instance(time.Millisecond, false)
	h.Instance(time.Microsecond, true)
	h.Fault(shard.FaultFuel)
	h.Gone()
	h.Reloaded(true)
	h.Reloaded(false)
	hub.LoadFailed("shop")
	hub.LoadFailed("another")
	hub.Accepted()
	hub.Accepted()
	hub.Connections(func() int { return 3 })
	hub.Connections(func() int { return 2 })()
	hub.Connections(func() int { return 1 })

	assert.Equal(t, map[string]float64{
		"requests_total{code=200,handler=shop,method=GET,route=/}":       3,
		"requests_total{code=500,handler=shop,method=POST,route=/}":      1,
		"requests_total{code=2xx,handler=shop,method=other,route=/api/}": 1,
		"requests_total{code=200,handler=shop,method=GET,route=/api/}":   1,
		"requests_total{code=none,handler=shop,method=GET,route=/api/}":  1,
		"requests_cut_total{handler=shop,route=/}":                       0,
		"requests_cut_total{handler=shop,route=/api/}":                   2,
		"request_duration_seconds{handler=shop,route=/}":                 4,
		"request_duration_seconds{handler=shop,route=/api/}":             3,
		"requests_in_flight{handler=shop}":                               1,
		"requests_queued{handler=shop}":                                  1,
		"handler_instances{handler=shop}":                                1,
		"handler_start_duration_seconds{handler=shop}":                   2,
		"handler_resets_total{handler=shop}":                             1,
		"handler_fuel_units_total{handler=shop}":                         70,
		"handler_faults_total{handler=shop,kind=trap}":                   0,
		"handler_faults_total{handler=shop,kind=exit}":                   0,
		"handler_faults_total{handler=shop,kind=deadline}":               0,
		"handler_faults_total{handler=shop,kind=fuel}":                   1,
		"handler_faults_total{handler=shop,kind=memory}":                 0,
		"handler_faults_total{handler=shop,kind=misuse}":                 0,
		"handler_reloads_total{handler=shop,result=ok}":                  1,
		"handler_reloads_total{handler=shop,result=failed}":              2,
		"connections_accepted_total{}":                                   2,
		"connections_open{}":                                             4,
	}, values(t, registry))

	problems, err := testutil.GatherAndLint(registry)
	require.NoError(t, err)
	assert.Empty(t, problems)

	h.Close()
	h.Close() // again
	running.End(true, 0)
	request(h, "PUT", "/late/", 200, true)
	assert.Len(t, values(t, registry), 2, "what ends late brings nothing back")
	hub.Close()
	assert.Empty(t, values(t, registry))
}

// Whatever clients and handlers send, there are only so many series.
func TestCardinality(t *testing.T) {
	registry := prometheus.NewRegistry()
	hub := newHub(t, registry)
	defer hub.Close()
	h := hub.Handler("shop")
	for i := range 20000 {
		request(h, fmt.Sprint("M", i), "/", i%1100, true)
		request(h, methods[i%len(methods)], "/", i%1100, true)
	}
	n, err := testutil.GatherAndCount(registry, "porthole_requests_total")
	require.NoError(t, err)
	assert.LessOrEqual(t, n, len(methods)*len(codes))
}

func TestDurations(t *testing.T) {
	registry := prometheus.NewRegistry()
	hub := newHub(t, registry)
	defer hub.Close()
	hub.Handler("shop").Instance(3*time.Millisecond, false)
	families, err := registry.Gather()
	require.NoError(t, err)
	i := slices.IndexFunc(families, func(f *dto.MetricFamily) bool { return f.GetName() == "porthole_handler_start_duration_seconds" })
	h := families[i].GetMetric()[0].GetHistogram()
	assert.InDelta(t, .003, h.GetSampleSum(), 1e-9, "in seconds")
	for _, b := range h.GetBucket() {
		assert.Equal(t, b.GetUpperBound() > .003, b.GetCumulativeCount() == 1)
	}
	assert.InDelta(t, 1e-4, h.GetBucket()[0].GetUpperBound(), 1e-9)
	assert.InDelta(t, 10, h.GetBucket()[len(h.GetBucket())-1].GetUpperBound(), 1e-9)
}

func TestReloadsLeakNothing(t *testing.T) {
	registry := prometheus.NewRegistry()
	hub := newHub(t, registry)
	defer hub.Close()
	h := hub.Handler("shop")
	request(h, "GET", "/", 200, true)
	before := values(t, registry)
	for range 1000 {
		next := hub.Handler("shop")
		request(next, "GET", "/", 200, true)
		h.Close()
		h = next
	}
	after := values(t, registry)
	assert.Len(t, after, len(before))
	assert.EqualValues(t, 1001, after["requests_total{code=200,handler=shop,method=GET,route=/}"], "they are counted together")
	assert.Len(t, hub.handlers, 1)

	h.Close()
	assert.Empty(t, hub.registration.series)
	request(hub.Handler("shop"), "GET", "/", 200, true)
	assert.EqualValues(t, 1, values(t, registry)["requests_total{code=200,handler=shop,method=GET,route=/}"], "loaded anew, it begins anew")
}

func TestSharedRegisterer(t *testing.T) {
	registry := prometheus.NewRegistry()
	first := prometheus.WrapRegistererWith(prometheus.Labels{"runtime": "1"}, registry)
	second := prometheus.WrapRegistererWith(prometheus.Labels{"runtime": "2"}, registry)
	a, b, c := newHub(t, first), newHub(t, first), newHub(t, second)
	assert.Same(t, a.registration, b.registration)
	for _, hub := range []*Hub{a, b, c} {
		request(hub.Handler("shop"), "GET", "/", 200, true)
	}
	got := values(t, registry)
	assert.EqualValues(t, 2, got["requests_total{code=200,handler=shop,method=GET,route=/,runtime=1}"], "they are counted together")
	assert.EqualValues(t, 1, got["requests_total{code=200,handler=shop,method=GET,route=/,runtime=2}"], "unless a label tells them apart")
	a.Close()
	assert.Len(t, values(t, registry), len(got), "the other has it still")
	b.Close()
	c.Close()
	assert.Empty(t, values(t, registry))

	again := newHub(t, first)
	assert.NotSame(t, a.registration, again.registration)
	again.Close()
}

func TestNamesThatAreTaken(t *testing.T) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(prometheus.NewCounter(prometheus.CounterOpts{Name: "porthole_requests_total", Help: "Others."}))
	hub, err := New(registry, nil)
	assert.ErrorContains(t, err, "register metrics: ")
	assert.Nil(t, hub)
}

// Names come from a configuration, and may be no UTF-8.
func TestNames(t *testing.T) {
	registry := prometheus.NewRegistry()
	hub := newHub(t, registry)
	defer hub.Close()
	request(hub.Handler("a\xffb"), "GET", "/\xfe", 200, true)
	assert.EqualValues(t, 1, values(t, registry)["requests_total{code=200,handler=a\uFFFDb,method=GET,route=/\uFFFD}"])
}

func TestNothingObserves(t *testing.T) {
	hub, err := New(nil, nil)
	require.NoError(t, err)
	assert.Nil(t, hub)
	assert.Nil(t, hub.Handler("shop"))
	hub.Accepted()
	hub.Connections(func() int { return 1 })()
	hub.Handler("shop").Reloaded(true)
	hub.LoadFailed("shop")
	hub.Handler("shop").Close()
	hub.Close()
}

// Many shards, and collections meanwhile.
func TestConcurrency(t *testing.T) {
	registry := prometheus.NewRegistry()
	hub := newHub(t, registry)
	defer hub.Close()
	h := hub.Handler("shop")
	const shards, requests = 8, 500
	var wg sync.WaitGroup
	for i := range shards {
		wg.Go(func() {
			for n := range requests {
				request(h, "GET", fmt.Sprint("/", n%10), 200+n%3, n%2 == 0)
				if n%100 == i {
					other := hub.Handler(fmt.Sprint("other", n))
					request(other, "GET", "/", 200, true)
					_, err := registry.Gather()
					assert.NoError(t, err)
					other.Close()
				}
			}
		})
	}
	wg.Wait()
	var total, cut, observed float64
	for name, v := range values(t, registry) {
		switch {
		case strings.HasPrefix(name, "requests_total"):
			total += v
		case strings.HasPrefix(name, "requests_cut_total"):
			cut += v
		case strings.HasPrefix(name, "request_duration_seconds"):
			observed += v
		case strings.HasPrefix(name, "requests_in_flight"):
			assert.Zero(t, v)
		}
	}
	assert.EqualValues(t, shards*requests, total)
	assert.EqualValues(t, shards*requests/2, cut)
	assert.EqualValues(t, shards*requests, observed)
}

func TestRequestAllocatesNothing(t *testing.T) {
	hub := newHub(t, prometheus.NewRegistry())
	defer hub.Close()
	h := hub.Handler("shop")
	r := shard.Request{Pattern: "/", Method: []byte("GET"), Target: []byte("/"), Traceparent: []byte("x")}
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		x := h.Request(&r)
		_ = x.Fields()
		x.Status(200)
		x.End(true, 1)
	}))
}
