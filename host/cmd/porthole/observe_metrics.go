package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	nethttp "net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metricsAddress is the value of --metrics-listen.
type metricsAddress string

func (*metricsAddress) Type() string     { return "address" }
func (a *metricsAddress) String() string { return string(*a) }

func (a *metricsAddress) Set(s string) error {
	if _, port, err := net.SplitHostPort(s); err != nil || port == "" || strings.HasPrefix(s, unixPrefix) {
		return errors.New("want host:port")
	}
	*a = metricsAddress(s)
	return nil
}

// metricsPage serves /metrics and /healthz. It has a server of its own, in which nothing of a guest runs, so that it answers whatever guests
// are at.
type metricsPage struct {
	registry *prometheus.Registry
	ready    atomic.Bool
	address  net.Addr
	server   nethttp.Server
	ended    chan struct{}
}

func openMetricsPage(address string, log *slog.Logger) (*metricsPage, error) {
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("--metrics-listen: %w", err)
	}
	p := &metricsPage{registry: prometheus.NewRegistry(), address: ln.Addr(), ended: make(chan struct{})}
	p.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	errorLog := slog.NewLogLogger(log.Handler(), slog.LevelWarn)
	mux := nethttp.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(p.registry, promhttp.HandlerOpts{
		Registry: p.registry, ErrorLog: errorLog, ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4,
	}))
	mux.HandleFunc("GET /healthz", p.health)
	p.server = nethttp.Server{
		Handler:      mux,
		ReadTimeout:  10 * time.Second,
		WriteTimeout: 30 * time.Second,
		IdleTimeout:  2 * time.Minute,

		MaxHeaderBytes: 16 << 10,
		ErrorLog:       errorLog,
	}
	go func() {
		defer close(p.ended)
		if err := p.server.Serve(ln); !errors.Is(err, nethttp.ErrServerClosed) {
			log.Error("metrics are not served any more", "address", ln.Addr().String(), "reason", err)
		}
	}()
	return p, nil
}

func (p *metricsPage) health(w nethttp.ResponseWriter, _ *nethttp.Request) {
	if !p.ready.Load() {
		nethttp.Error(w, "not accepting requests", nethttp.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n")) // whoever asked may be gone
}

// close cuts who is being answered. It may be called for nil.
func (p *metricsPage) close() {
	if p == nil {
		return
	}
	_ = p.server.Close() // whatever becomes of its listener, the process ends
	<-p.ended
}
