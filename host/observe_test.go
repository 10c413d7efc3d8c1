package host_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	otelcodes "go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/portholehttp/porthole/host"
	"github.com/portholehttp/porthole/host/internal/module/moduletest"
)

// counted returns what is collected under a name, by labels in the order of their names; of a histogram, the count.
func counted(t testing.TB, g prometheus.Gatherer, name string) map[string]float64 {
	t.Helper()
	families, err := g.Gather()
	require.NoError(t, err)
	all := make(map[string]float64)
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetValue())
			}
			all[strings.Join(labels, " ")] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return all
}

// becomes waits until what is collected is as wanted: a response may arrive before it is counted.
func becomes(t testing.TB, g prometheus.Gatherer, name string, want map[string]float64) {
	t.Helper()
	if !assert.EventuallyWithT(t, func(c *assert.CollectT) { assert.Equal(c, want, counted(t, g, name)) }, patience, time.Millisecond) {
		t.FailNow()
	}
}

func observedServer(t testing.TB, rc host.Config, hc host.HandlerConfig, c host.ServerConfig) (s *host.Server, addr string) {
	t.Helper()
	r, _ := newRuntime(t, rc)
	h, err := r.Load(context.Background(), "shop", observed, hc)
	require.NoError(t, err)
	s, err = r.NewServer(h, c)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s, listen(t, s, loopback)
}

// sent is a request of which the head is out and the body, of four bytes, is not.
type sent struct {
	net.Conn
	response *nethttp.Response
}

// begin sends the head of a request, and reads the head of the response.
func begin(t testing.TB, addr, path string) sent {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	require.NoError(t, c.SetDeadline(time.Now().Add(patience)))
	_, err = fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n", path)
	require.NoError(t, err)
	res, err := nethttp.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(t, err)
	return sent{c, res}
}

// Every request is counted once, whatever becomes of it.
func TestRequestsAreCounted(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	_, addr := observedServer(t, host.Config{Metrics: registry}, host.HandlerConfig{}, host.ServerConfig{Shards: 1})
	c := newClient(t, "tcp", addr)
	doWell := func() { // so that a handler that fails next is started again at once
		for range 100 {
			status, _ := get(t, c, "/")
			require.Equal(t, 200, status)
		}
	}
	for range 2 {
		status, _ := get(t, c, "/status/418")
		require.Equal(t, 418, status)
	}
	for range 3 {
		status, _ := get(t, c, "/panic")
		require.Equal(t, 500, status)
		doWell()
	}

	finished := begin(t, addr, "/wait")
	becomes(t, registry, "porthole_requests_in_flight", map[string]float64{"shop": 1})
	_, err := io.WriteString(finished, "body")
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, finished.response.Body)
	require.NoError(t, err)
	require.NoError(t, finished.Close())

	aborted := begin(t, addr, "/wait") // by the client
	require.NoError(t, aborted.Close())
	becomes(t, registry, "porthole_requests_cut_total", map[string]float64{"shop /": 1})

	half := begin(t, addr, "/half") // by the handler's end
	_, err = io.WriteString(half, "body")
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, half.response.Body)
	require.Error(t, err)
	require.NoError(t, half.Close())

	becomes(t, registry, "porthole_requests_in_flight", map[string]float64{"shop": 0})
	assert.Equal(t, map[string]float64{
		"200 shop GET /":  300,
		"418 shop GET /":  2,
		"500 shop GET /":  3,
		"200 shop POST /": 3,
	}, counted(t, registry, "porthole_requests_total"))
	assert.Equal(t, map[string]float64{"shop /": 308}, counted(t, registry, "porthole_request_duration_seconds"))
	assert.Equal(t, map[string]float64{"shop /": 2}, counted(t, registry, "porthole_requests_cut_total"))
	faults := counted(t, registry, "porthole_handler_faults_total")
	assert.EqualValues(t, 4, faults["shop trap"])
	assert.Len(t, faults, 6)
	assert.Greater(t, counted(t, registry, "porthole_handler_fuel_units_total")["shop"], 0.)
	assert.Greater(t, counted(t, registry, "porthole_connections_accepted_total")[""], 2.)
	problems, err := testutil.GatherAndLint(registry)
	require.NoError(t, err)
	assert.Empty(t, problems)
}

// A connection that a handler has taken over is one request, until it is closed. What the handler answers on it the host does not read.
func TestUpgradesAreCounted(t *testing.T) {
	registry := prometheus.NewRegistry()
	_, addr := observedServer(t, host.Config{Metrics: registry}, host.HandlerConfig{}, host.ServerConfig{Shards: 1})
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	require.NoError(t, c.SetDeadline(time.Now().Add(patience)))
	_, err = io.WriteString(c, "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	require.NoError(t, err)
	r := bufio.NewReader(c)
	res, err := nethttp.ReadResponse(r, nil)
	require.NoError(t, err)
	require.Equal(t, 101, res.StatusCode)
	_, err = io.WriteString(c, "echo\n")
	require.NoError(t, err)
	_, err = r.ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, map[string]float64{"shop": 1}, counted(t, registry, "porthole_requests_in_flight"))
	require.NoError(t, c.Close())
	becomes(t, registry, "porthole_requests_in_flight", map[string]float64{"shop": 0})
	assert.Equal(t, map[string]float64{"none shop GET /": 1}, counted(t, registry, "porthole_requests_total"))
	assert.Equal(t, map[string]float64{"shop /": 0}, counted(t, registry, "porthole_requests_cut_total"))
}

func TestManyRequestsAreCounted(t *testing.T) {
	const clients, requests, shards = 8, 50, 4
	registry := prometheus.NewRegistry()
	s, addr := observedServer(t, host.Config{Metrics: registry}, host.HandlerConfig{}, host.ServerConfig{Shards: shards})
	becomes(t, registry, "porthole_handler_instances", map[string]float64{"shop": shards})
	var wg sync.WaitGroup
	for range clients {
		c := newClient(t, "tcp", addr)
		wg.Go(func() {
			for range requests {
				get(t, c, "/")
			}
		})
	}
	wg.Wait()
	becomes(t, registry, "porthole_requests_total", map[string]float64{"200 shop GET /": clients * requests})
	assert.Equal(t, map[string]float64{"shop /": clients * requests}, counted(t, registry, "porthole_request_duration_seconds"))
	assert.Equal(t, map[string]float64{"shop": shards}, counted(t, registry, "porthole_handler_start_duration_seconds"))
	assert.Equal(t, map[string]float64{"": clients}, counted(t, registry, "porthole_connections_open"))
	require.NoError(t, s.Close())
	assert.Equal(t, map[string]float64{"": 0}, counted(t, registry, "porthole_connections_open"))
	assert.Equal(t, map[string]float64{"shop": 0}, counted(t, registry, "porthole_handler_instances"))
}

func TestFaultsAreCounted(t *testing.T) {
	for _, c := range []struct {
		kind, path string
		limits     host.Limits
	}{
		{"trap", "/panic", host.Limits{}},
		{"exit", "/exit", host.Limits{}},
		{"deadline", "/loop", host.Limits{EventTimeout: 50 * time.Millisecond, MaxExchangeFuel: -1}},
		{"fuel", "/loop", host.Limits{EventTimeout: -1, MaxExchangeFuel: 1 << 24}},
	} {
		t.Run(c.kind, func(t *testing.T) {
			registry := prometheus.NewRegistry()
			_, addr := observedServer(t, host.Config{Metrics: registry}, host.HandlerConfig{Limits: c.limits}, host.ServerConfig{Shards: 1})
			status, _ := get(t, newClient(t, "tcp", addr), c.path)
			assert.Equal(t, 500, status)
			becomes(t, registry, "porthole_requests_total", map[string]float64{"500 shop GET /": 1})
			want := map[string]float64{"shop trap": 0, "shop exit": 0, "shop deadline": 0, "shop fuel": 0, "shop memory": 0, "shop misuse": 0}
			want["shop "+c.kind] = 1
			assert.Equal(t, want, counted(t, registry, "porthole_handler_faults_total"))
		})
	}
}

// Those that wait for an instance, and those that are turned away.
func TestQueueIsCounted(t *testing.T) {
	registry := prometheus.NewRegistry()
	_, addr := observedServer(t, host.Config{Metrics: registry}, host.HandlerConfig{
		Isolation: host.Pooled,
		Limits:    host.Limits{MaxInstances: 1, MaxQueuedRequests: 1},
	}, host.ServerConfig{Shards: 1})
	busy := begin(t, addr, "/wait")
	answered := make(chan int, 1)
	waiting := newClient(t, "tcp", addr)
	go func() {
		status, _ := get(t, waiting, "/")
		answered <- status
	}()
	becomes(t, registry, "porthole_requests_queued", map[string]float64{"shop": 1})
	status, _ := get(t, newClient(t, "tcp", addr), "/")
	assert.Equal(t, 503, status)
	becomes(t, registry, "porthole_requests_in_flight", map[string]float64{"shop": 2})
	assert.Equal(t, map[string]float64{"503 shop GET /": 1}, counted(t, registry, "porthole_requests_total"))

	_, err := io.WriteString(busy, "body")
	require.NoError(t, err)
	assert.Equal(t, 200, <-answered)
	require.NoError(t, busy.Close())
	becomes(t, registry, "porthole_requests_total", map[string]float64{"503 shop GET /": 1, "200 shop GET /": 1, "200 shop POST /": 1})
	assert.Equal(t, map[string]float64{"shop": 0}, counted(t, registry, "porthole_requests_queued"))
}

func TestResetsAreCounted(t *testing.T) {
	registry := prometheus.NewRegistry()
	_, addr := observedServer(t, host.Config{Metrics: registry}, host.HandlerConfig{
		Isolation: host.Fresh, Limits: host.Limits{MaxInstances: 1},
	}, host.ServerConfig{Shards: 1})
	c := newClient(t, "tcp", addr)
	for range 4 {
		get(t, c, "/")
	}
	becomes(t, registry, "porthole_handler_resets_total", map[string]float64{"shop": 4})
	assert.Equal(t, map[string]float64{"shop": 1}, counted(t, registry, "porthole_handler_start_duration_seconds"))
}

// New versions of a handler are counted with the old ones; a handler that is gone is not counted at all.
func TestReloadsAreCounted(t *testing.T) {
	registry := prometheus.NewRegistry()
	r, _ := newRuntime(t, host.Config{Metrics: registry})
	s, err := r.NewServer(nil, host.ServerConfig{Shards: 1})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	c := newClient(t, "tcp", listen(t, s, loopback))
	good, bad := moduletest.Answering().Encode(), moduletest.Handler()
	bad.Function("on_start").Body = []byte{0x00} // traps

	var last *host.Handler
	const versions = 20
	for range versions {
		h := load(t, r, "shop", good)
		require.NoError(t, s.Handle("/", h))
		require.NoError(t, s.Handle("/also/", h))
		if last != nil {
			require.NoError(t, last.Close())
		}
		last = h
		get(t, c, "/")
	}
	_, err = r.Load(context.Background(), "shop", []byte("no module"), host.HandlerConfig{})
	require.Error(t, err)
	refused := load(t, r, "shop", bad.Encode())
	require.Error(t, s.Handle("/", refused))
	require.NoError(t, refused.Close())
	_, err = r.Load(context.Background(), "another", []byte("no module"), host.HandlerConfig{})
	require.Error(t, err)

	assert.Equal(t, map[string]float64{"shop ok": versions - 1, "shop failed": 2}, counted(t, registry, "porthole_handler_reloads_total"))
	becomes(t, registry, "porthole_requests_total", map[string]float64{"200 shop GET /": versions})
	becomes(t, registry, "porthole_handler_instances", map[string]float64{"shop": 1})

	require.NoError(t, s.Handle("/", load(t, r, "another", good)))
	require.NoError(t, s.Remove("/also/"))
	require.NoError(t, last.Close())
	becomes(t, registry, "porthole_handler_instances", map[string]float64{"another": 1})
	assert.Equal(t, map[string]float64{"another ok": 0, "another failed": 0}, counted(t, registry, "porthole_handler_reloads_total"))
	require.NoError(t, s.Close())
	require.NoError(t, r.Close(context.Background()))
	n, err := testutil.GatherAndCount(registry)
	require.NoError(t, err)
	assert.Zero(t, n)
}

// Two Runtimes of one registry.
func TestSharedRegistry(t *testing.T) {
	registry := prometheus.NewRegistry()
	for range 2 {
		_, addr := observedServer(t, host.Config{Metrics: registry}, host.HandlerConfig{}, host.ServerConfig{Shards: 1})
		get(t, newClient(t, "tcp", addr), "/")
	}
	becomes(t, registry, "porthole_requests_total", map[string]float64{"200 shop GET /": 2})
}

func TestMetricsThatAreTaken(t *testing.T) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(prometheus.NewCounter(prometheus.CounterOpts{Name: "porthole_requests_total", Help: "Others."}))
	_, err := host.New(context.Background(), host.Config{Metrics: registry, CacheDir: cacheDir})
	assert.ErrorContains(t, err, "register metrics: ")
}

const (
	traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	traceID     = "0af7651916cd43dd8448eb211c80319c"
)

// tracedServer starts a server whose spans are in the exporter as soon as they have ended.
func tracedServer(t testing.TB) (addr string, e *tracetest.InMemoryExporter) {
	e = tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(e))
	_, addr = observedServer(t, host.Config{TracerProvider: provider}, host.HandlerConfig{}, host.ServerConfig{Shards: 1})
	return addr, e
}

// span waits for the one span there is, and takes it away.
func span(t testing.TB, e *tracetest.InMemoryExporter) tracetest.SpanStub {
	t.Helper()
	require.Eventually(t, func() bool { return len(e.GetSpans()) > 0 }, patience, time.Millisecond)
	spans := e.GetSpans()
	require.Len(t, spans, 1)
	e.Reset()
	return spans[0]
}

// getWith is get with fields, each a line.
func getWith(t testing.TB, addr, path string, fields ...string) string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close()) }()
	require.NoError(t, c.SetDeadline(time.Now().Add(patience)))
	_, err = fmt.Fprintf(c, "GET %s HTTP/1.1\r\n%s\r\n\r\n", path, strings.Join(append(fields, "Host: example.com:80", "Connection: close"), "\r\n"))
	require.NoError(t, err)
	res, err := nethttp.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return string(body)
}

// The span is a child of the client's, and the handler can make children of the span.
func TestTraceContext(t *testing.T) {
	addr, e := tracedServer(t)
	for _, c := range []struct {
		title  string
		fields []string
		child  bool
		state  string
	}{
		{"no parent", nil, false, ""},
		{"parent", []string{"traceparent: " + traceparent}, true, ""},
		{"parent and state", []string{"Traceparent: " + traceparent, "X: y", "Tracestate: a=1,b=2"}, true, "a=1,b=2"},
		{"state in two fields", []string{"traceparent: " + traceparent, "tracestate: a=1", "tracestate: b=2"}, true, "a=1,b=2"},
		{"two parents", []string{"traceparent: " + traceparent, "tracestate: a=1", "TraceParent: " + traceparent}, false, ""},
		{"invalid parent", []string{"traceparent: 00-x", "tracestate: a=1"}, false, ""},
		{"state alone", []string{"tracestate: a=1"}, false, ""},
	} {
		t.Run(c.title, func(t *testing.T) {
			got := getWith(t, addr, "/fields?x", c.fields...)
			s := span(t, e)
			want := "traceparent: 00-" + s.SpanContext.TraceID().String() + "-" + s.SpanContext.SpanID().String() + "-01\n"
			if c.state != "" {
				want += "tracestate: " + c.state + "\n"
			}
			assert.ElementsMatch(t, strings.SplitAfter(want, "\n"), strings.SplitAfter(strings.ToLower(got), "\n"), "what the handler got")
			assert.Equal(t, c.child, s.Parent.IsValid())
			if c.child {
				assert.Equal(t, traceID, s.SpanContext.TraceID().String())
				assert.Equal(t, "b7ad6b7169203331", s.Parent.SpanID().String())
			}
			assert.Equal(t, "GET /", s.Name)
			attributes := make(map[string]any)
			for _, a := range s.Attributes {
				attributes[string(a.Key)] = a.Value.AsInterface()
			}
			assert.Equal(t, map[string]any{
				"http.request.method": "GET", "http.route": "/", "http.response.status_code": int64(200), "url.path": "/fields",
				"server.address": "example.com", "server.port": int64(80), "porthole.handler": "shop",
			}, attributes)
		})
	}
}

func TestSpansOfFailures(t *testing.T) {
	addr, e := tracedServer(t)
	get(t, newClient(t, "tcp", addr), "/panic")
	s := span(t, e)
	assert.Equal(t, otelcodes.Error, s.Status.Code)
	assert.Contains(t, s.Attributes, semconv.ErrorTypeKey.String("500"))

	aborted := begin(t, addr, "/wait")
	require.NoError(t, aborted.Close())
	s = span(t, e)
	assert.Equal(t, otelcodes.Error, s.Status.Code)
	assert.Contains(t, s.Attributes, semconv.ErrorTypeKey.String("cut"))
	assert.Contains(t, s.Attributes, semconv.HTTPResponseStatusCode(200))
}

func TestTraceFieldsAreTheClientsWithoutAProvider(t *testing.T) {
	_, addr := observedServer(t, host.Config{}, host.HandlerConfig{}, host.ServerConfig{Shards: 1})
	assert.Equal(t, "traceparent: x\ntracestate: y\n", getWith(t, addr, "/fields", "traceparent: x", "tracestate: y"))
}
