package observe

import (
	"context"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/portholehttp/porthole/host/internal/shard"
)

// BenchmarkRequest is the whole of what is observed of one request.
func BenchmarkRequest(b *testing.B) {
	sampled := func(s sdktrace.Sampler) trace.TracerProvider {
		return sdktrace.NewTracerProvider(sdktrace.WithSampler(s), sdktrace.WithSpanProcessor(discard{}))
	}
	for _, c := range []struct {
		name     string
		provider trace.TracerProvider
		parent   string
	}{
		{"metrics", nil, ""},
		{"noop", noop.NewTracerProvider(), ""},
		{"unsampled", sampled(sdktrace.NeverSample()), ""},
		{"unsampled-parent", sampled(sdktrace.ParentBased(sdktrace.NeverSample())), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"},
		{"sampled", sampled(sdktrace.AlwaysSample()), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
	} {
		b.Run(c.name, func(b *testing.B) {
			hub, err := New(prometheus.NewRegistry(), c.provider)
			if err != nil {
				b.Fatal(err)
			}
			defer hub.Close()
			h := hub.Handler("hello")
			r := shard.Request{Pattern: "/api/", Method: []byte("GET"), Target: []byte("/api/things?n=1"), Host: []byte("example.com:8080"), Traceparent: []byte(c.parent)}
			b.ReportAllocs()
			for b.Loop() {
				x := h.Request(&r)
				_ = x.Fields()
				x.Status(200)
				x.End(true, 1000)
			}
		})
	}
}

// discard is a processor that exports nothing.
type discard struct{}

func (discard) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (discard) OnEnd(sdktrace.ReadOnlySpan)                     {}
func (discard) Shutdown(context.Context) error                  { return nil }
func (discard) ForceFlush(context.Context) error                { return nil }
