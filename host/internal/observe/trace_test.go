package observe

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	otelcodes "go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/portholehttp/porthole/host/internal/shard"
)

const (
	parent  = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	traceID = "0af7651916cd43dd8448eb211c80319c"
	spanID  = "b7ad6b7169203331"
)

// traced makes an exchange and returns its span and the fields the handler got.
func traced(t *testing.T, r shard.Request, status int, complete bool, options ...sdktrace.TracerProviderOption) (sdktrace.ReadOnlySpan, map[string]string) {
	t.Helper()
	recorder := tracetest.NewSpanRecorder()
	hub, err := New(nil, sdktrace.NewTracerProvider(append(options, sdktrace.WithSpanProcessor(recorder))...))
	require.NoError(t, err)
	defer hub.Close()
	if r.Method == nil {
		r.Method = []byte("GET")
	}
	if r.Pattern == "" {
		r.Pattern = "/"
	}
	x := hub.Handler("shop").Request(&r)
	fields := make(map[string]string)
	for _, f := range x.Fields() {
		fields[f.Name] = f.Value
	}
	if status != 0 {
		x.Status(status)
	}
	x.End(complete, 0)
	if len(recorder.Ended()) == 0 {
		return nil, fields
	}
	require.Len(t, recorder.Ended(), 1)
	return recorder.Ended()[0], fields
}

func attributes(s sdktrace.ReadOnlySpan) map[string]any {
	all := make(map[string]any)
	for _, a := range s.Attributes() {
		all[string(a.Key)] = a.Value.AsInterface()
	}
	return all
}

func TestSpan(t *testing.T) {
	s, _ := traced(t, shard.Request{
		Pattern: "example.com/api/", Method: []byte("POST"), Target: []byte("/api/things?secret=1"), Host: []byte("example.com:8080"),
	}, 201, true)
	assert.Equal(t, "POST /api/", s.Name())
	assert.Equal(t, trace.SpanKindServer, s.SpanKind())
	assert.Equal(t, scope, s.InstrumentationScope().Name)
	assert.Equal(t, map[string]any{
		"http.request.method": "POST", "http.route": "/api/", "http.response.status_code": int64(201), "url.path": "/api/things",
		"server.address": "example.com", "server.port": int64(8080), "porthole.handler": "shop",
	}, attributes(s))
	assert.Equal(t, sdktrace.Status{Code: otelcodes.Unset}, s.Status())
	assert.False(t, s.Parent().IsValid())
	assert.False(t, s.EndTime().Before(s.StartTime()))
}

// A sampler decides by what a span begins with.
func TestSpanBeginsWithItsAttributes(t *testing.T) {
	var seen []string
	_, _ = traced(t, shard.Request{Target: []byte("/x"), Host: []byte("h:1")}, 200, true, sdktrace.WithSampler(sampler(func(p sdktrace.SamplingParameters) {
		for _, a := range p.Attributes {
			seen = append(seen, string(a.Key))
		}
	})))
	assert.ElementsMatch(t, []string{"http.request.method", "http.route", "url.path", "server.address", "server.port", "porthole.handler"}, seen)
}

type sampler func(sdktrace.SamplingParameters)

func (s sampler) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	s(p)
	return sdktrace.SamplingResult{Decision: sdktrace.Drop}
}
func (s sampler) Description() string { return "test" }

func TestSpanStatus(t *testing.T) {
	for _, c := range []struct {
		status    int
		complete  bool
		code      otelcodes.Code
		errorType any
	}{
		{404, true, otelcodes.Unset, nil},
		{499, true, otelcodes.Unset, nil},
		{500, true, otelcodes.Error, "500"},
		{503, true, otelcodes.Error, "503"},
		{200, false, otelcodes.Error, "cut"},
		{500, false, otelcodes.Error, "cut"},
		{0, false, otelcodes.Error, "cut"},
	} {
		s, _ := traced(t, shard.Request{}, c.status, c.complete)
		assert.Equal(t, c.code, s.Status().Code, "%+v", c)
		assert.Equal(t, c.errorType, attributes(s)["error.type"], "%+v", c)
		_, has := attributes(s)["http.response.status_code"]
		assert.Equal(t, c.status != 0, has)
	}
}

func TestParent(t *testing.T) {
	s, fields := traced(t, shard.Request{Traceparent: []byte(parent), Tracestate: []byte("a=1,b=2")}, 200, true)
	assert.Equal(t, traceID, s.SpanContext().TraceID().String())
	assert.Equal(t, traceID, s.Parent().TraceID().String())
	assert.Equal(t, spanID, s.Parent().SpanID().String())
	assert.True(t, s.Parent().IsRemote())
	assert.Equal(t, "a=1,b=2", s.SpanContext().TraceState().String())
	assert.Equal(t, map[string]string{
		"traceparent": "00-" + traceID + "-" + s.SpanContext().SpanID().String() + "-01",
		"tracestate":  "a=1,b=2",
	}, fields)
	assert.NotEqual(t, spanID, s.SpanContext().SpanID().String())
}

// What is no trace context is as none, W3C Trace Context §3.2 and §3.3.
func TestInvalidParent(t *testing.T) {
	for _, invalid := range []string{
		"", "x", "00", parent[:54], parent + "-00", parent + "," + parent, "01" + parent[2:] + "," + parent, "ff" + parent[2:],
		strings.ToUpper(parent), "00-" + strings.Repeat("0", 32) + parent[35:], parent[:36] + strings.Repeat("0", 16) + "-01", " " + parent,
		strings.Repeat("0", 10000),
	} {
		s, fields := traced(t, shard.Request{Traceparent: []byte(invalid), Tracestate: []byte("a=1")}, 200, true)
		assert.False(t, s.Parent().IsValid(), "%.80q", invalid)
		assert.Contains(t, fields["traceparent"], s.SpanContext().SpanID().String())
		state, has := fields["tracestate"]
		assert.True(t, has && state == "", "the client's tracestate is for its traceparent")
	}
}

func TestInvalidTracestate(t *testing.T) {
	s, fields := traced(t, shard.Request{Traceparent: []byte(parent), Tracestate: []byte("a=1,,=")}, 200, true)
	assert.Equal(t, spanID, s.Parent().SpanID().String(), "it is no reason to drop the parent")
	state, has := fields["tracestate"]
	assert.True(t, has && state == "")
}

// A request that is not sampled has a context too, which says so to whom the handler calls.
func TestNotSampled(t *testing.T) {
	s, fields := traced(t, shard.Request{Traceparent: []byte(parent[:53] + "00")}, 200, true)
	assert.Nil(t, s)
	assert.Regexp(t, "^00-"+traceID+"-[0-9a-f]{16}-00$", fields["traceparent"])
	assert.NotContains(t, fields["traceparent"], spanID)
	assert.NotContains(t, fields, "tracestate")
}

func TestFieldsAreTheClientsIfNothingTraces(t *testing.T) {
	for _, p := range []trace.TracerProvider{nil, noop.NewTracerProvider()} {
		hub, err := New(nil, p)
		require.NoError(t, err)
		if hub == nil {
			continue
		}
		x := hub.Handler("shop").Request(&shard.Request{Pattern: "/", Method: []byte("GET"), Traceparent: []byte("x"), Tracestate: []byte("y")})
		assert.Empty(t, x.Fields())
		x.End(true, 0)
		hub.Close()
	}
}

// An attribute that is no UTF-8 costs the exporter a whole batch.
func TestHostileText(t *testing.T) {
	long := strings.Repeat("a", 5000)
	s, _ := traced(t, shard.Request{
		Pattern: "/\xff", Method: []byte("BR\xffW" + long), Target: []byte("/\xff" + long), Host: []byte("\xfe" + long),
	}, 200, true)
	assert.Equal(t, "HTTP /\uFFFD", s.Name())
	a := attributes(s)
	assert.Equal(t, "_OTHER", a["http.request.method"])
	assert.Equal(t, "/\uFFFD"+long[:maxAttribute-2], a["url.path"])
	assert.Equal(t, "\uFFFD"+long[:maxAttribute-1], a["server.address"])
	assert.Equal(t, "BR\uFFFDW"+long[:maxAttribute-4], a["http.request.method_original"])
}

func TestTargets(t *testing.T) {
	for target, path := range map[string]any{
		"/": "/", "/a/b?c=d?e": "/a/b", "/?": "/", "*": "*", "//host/x": "//host/x", "/a://b/c": "/a://b/c",
		"http://h/x?y": "/x", "http://h:1/x": "/x", "http://h": nil, "http://h?y": nil, "https://u@h/?://": "/",
		"h:443": nil, "": nil, "://": nil, "?": nil,
	} {
		s, _ := traced(t, shard.Request{Target: []byte(target)}, 200, true)
		assert.Equal(t, path, attributes(s)["url.path"], "%q", target)
	}
}

func TestHosts(t *testing.T) {
	for field, want := range map[string][2]any{
		"h": {"h", nil}, "h:80": {"h", int64(80)}, "[::1]": {"::1", nil}, "[::1]:8080": {"::1", int64(8080)},
		"h:": {"h", nil}, "h:99999": {"h", nil}, "h:x": {"h", nil}, "a:b:c": {"a:b:c", nil}, "": {nil, nil},
	} {
		s, _ := traced(t, shard.Request{Host: []byte(field)}, 200, true)
		a := attributes(s)
		assert.Equal(t, want, [2]any{a["server.address"], a["server.port"]}, "%q", field)
	}
}
