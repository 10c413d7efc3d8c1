package observe

import (
	"context"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	otelcodes "go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/portholehttp/porthole/host/internal/shard"
)

// scope is the name of what makes the spans (instrumentation scope).
const scope = "github.com/portholehttp/porthole/host"

// handlerKey is an attribute of our own: the handler's name.
const handlerKey = attribute.Key("porthole.handler")

// errorCut is the error.type of an exchange that was cut. That of a response of 500 and above is its status.
const errorCut = "cut"

// tracer starts a span for each request, as the semantic conventions for HTTP servers have it.
type tracer struct{ trace.Tracer }

func newTracer(p trace.TracerProvider) *tracer {
	if p == nil {
		return nil
	}
	return &tracer{p.Tracer(scope, trace.WithSchemaURL(semconv.SchemaURL))}
}

var spanKind = trace.WithSpanKind(trace.SpanKindServer)

// start starts the span of a request, and sets fields to the header fields that make spans of the handler's, or of whom it calls, the
// children of it. A provider that makes no spans of its own leaves the client's fields as they are.
func (t *tracer) start(r *shard.Request, s *spanStart, fields *[]shard.Field) trace.Span {
	c := &carrier{parent: r.Traceparent, state: r.Tracestate}
	ctx, span := t.Start(propagation.TraceContext{}.Extract(context.Background(), c), s.name, spanKind, s.attributes(r))
	if span.SpanContext().IsValid() {
		*fields = c.inject(ctx)
	}
	return span
}

// endSpan ends the span of an exchange. status is 0 if there was no response.
func endSpan(s trace.Span, status int, complete bool) {
	defer s.End()
	if !s.IsRecording() {
		return
	}
	if status != 0 {
		s.SetAttributes(semconv.HTTPResponseStatusCode(status))
	}
	switch {
	case !complete:
		s.SetAttributes(semconv.ErrorTypeKey.String(errorCut))
		s.SetStatus(otelcodes.Error, "the exchange was cut")
	case status >= 500:
		s.SetAttributes(semconv.ErrorTypeKey.String(strconv.Itoa(status)))
		s.SetStatus(otelcodes.Error, "")
	}
}
