package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/pflag"

	"github.com/portholehttp/porthole/host"
)

// observing is what `porthole serve` tells those who run it: log lines, metrics and spans.
type observing struct {
	format  logFormat
	level   logLevel
	metrics metricsAddress
	otlp    otlpEndpoint

	page  *metricsPage // nil: not asked for
	spans *spans       // nil: not asked for
}

const observeHelp = `Logs go to standard error, as lines of key=value or, with --log-format json, as an object
each. --metrics-listen opens a listener of its own, which should not be public, for
  /metrics  counters and histograms in the format of Prometheus
  /healthz  200 while requests are accepted, 503 before and after
and --otlp-endpoint sends spans to a collector of OpenTelemetry, at URL/v1/traces unless
the URL has a path. The environment variables of OpenTelemetry apply, such as
OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER and OTEL_EXPORTER_OTLP_HEADERS.`

func (o *observing) flags(f *pflag.FlagSet) {
	f.Var(&o.metrics, "metrics-listen", "where to serve /metrics and /healthz, apart from the handler (default nowhere)")
	f.Var(&o.otlp, "otlp-endpoint", "where to send spans, by OTLP over HTTP (default nowhere)")
	f.Var(&o.format, "log-format", "text or json")
	f.Var(&o.level, "log-level", "the least that is logged: debug, info, warn or error")
}

func (o *observing) logger(w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.Level(o.level)}
	if o.format == logJSON {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// announce writes where something is, whatever the level of what is logged.
func (o *observing) announce(w io.Writer, what, where string) {
	if o.format == logJSON {
		slog.New(slog.NewJSONHandler(w, nil)).Info(what, "address", where)
		return
	}
	fmt.Fprintf(w, "%s on %s\n", what, where)
}

// start opens what the flags ask for, and has c use it.
func (o *observing) start(ctx context.Context, c *host.Config) (err error) {
	if o.metrics != "" {
		if o.page, err = openMetricsPage(string(o.metrics), c.Logger); err != nil {
			return err
		}
		c.Metrics = o.page.registry
	}
	if o.otlp != "" {
		if o.spans, err = openSpans(ctx, string(o.otlp), c.Logger); err != nil {
			return err
		}
		c.TracerProvider = o.spans.provider
	}
	return nil
}

// ready says whether requests are accepted.
func (o *observing) ready(yes bool) {
	if o.page != nil {
		o.page.ready.Store(yes)
	}
}

// stop sends the last spans and closes the page. Sending takes flushTime at most, ends at a signal, unless that is the one that came before
// (sameSignal), and is not tried if cut is set.
func (o *observing) stop(ctx context.Context, signals <-chan os.Signal, cut bool) {
	defer o.page.close()
	ctx, cancel := context.WithTimeout(ctx, flushTime)
	defer cancel()
	if cut {
		cancel()
	}
	begin, sent := time.Now(), make(chan struct{})
	go func() {
		defer close(sent)
		o.spans.close(ctx)
	}()
	for {
		select {
		case <-sent:
			return
		case <-signals:
			if time.Since(begin) >= sameSignal {
				cancel()
			}
		}
	}
}

// flushTime is how long it may take to send the last spans.
const flushTime = 2 * time.Second
