package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// otlpEndpoint is the value of --otlp-endpoint.
type otlpEndpoint string

func (*otlpEndpoint) Type() string     { return "url" }
func (e *otlpEndpoint) String() string { return string(*e) }

func (e *otlpEndpoint) Set(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return errors.New("want http://HOST:PORT or https://HOST:PORT")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("want a URL without user, query and fragment; OTEL_EXPORTER_OTLP_HEADERS can hold credentials")
	case u.Path == "" || u.Path == "/":
		u.Path = "/v1/traces" // what is said once for all signals has none
	}
	*e = otlpEndpoint(u.String())
	return nil
}

// spans sends spans to a collector, in batches. What the collector does not take in time is dropped, so that nobody waits for it.
type spans struct {
	provider *sdktrace.TracerProvider
	log      *slog.Logger
}

func openSpans(ctx context.Context, endpoint string, log *slog.Logger) (*spans, error) {
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("spans were lost", "reason", err) }))
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(endpoint))
	if err != nil {
		return nil, fmt.Errorf("--otlp-endpoint: %w", err)
	}
	about, err := resource.New(ctx,
		resource.WithAttributes(semconv.ServiceName("porthole"), semconv.ServiceVersion(ownVersion())),
		resource.WithTelemetrySDK(),
		resource.WithFromEnv(), // last, so that it is what counts
	)
	if err != nil {
		return nil, fmt.Errorf("--otlp-endpoint: %w", err)
	}
	return &spans{sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about)), log}, nil
}

// close sends what has not been sent, until ctx ends. It may be called for nil.
func (s *spans) close(ctx context.Context) {
	if s == nil {
		return
	}
	if err := s.provider.Shutdown(ctx); err != nil {
		s.log.Warn("spans were lost", "reason", err)
	}
}
