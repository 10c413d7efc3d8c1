//go:build linux

package main

import (
	"context"
	"fmt"
	"math"

	"github.com/portholehttp/porthole/tests/bench/load"
)

var tailColumns = []column{
	{metric: offered}, {metric: p50}, {metric: p99}, {metric: p999}, {metric: p999, over: netHTTPName}, {metric: cpu},
}

var tailTargets = []target{{subject: portName, metric: p999, factor: 1, than: netHTTPName}}

const tailNote = "Requests come at a fixed rate whatever the server does; latency counts from when each was to be sent."

var tailCase = benchCase{
	name:    "tail",
	title:   "hello, each server at half of its own maximum",
	notes:   []string{tailNote, "The maximum is measured before, in the same process."},
	columns: append([]column{{metric: maxRate}}, tailColumns...),
	targets: tailTargets,
	subjects: func(_ context.Context, s *setup) ([]subject, error) {
		return s.hellos().each(func(ctx context.Context, srv *server) (figures, error) {
			most, err := s.most(ctx, srv)
			if err != nil {
				return nil, err
			}
			f, err := s.atRate(ctx, srv, most/2)
			if err != nil {
				return nil, err
			}
			f[maxRate] = most
			return f, nil
		})
	},
}

var tailSameCase = benchCase{
	name:    "tail-same",
	title:   "hello, all servers at the same rate",
	notes:   []string{tailNote, "It is half of the least of their maxima, each measured once, before."},
	columns: tailColumns,
	targets: tailTargets,
	subjects: func(ctx context.Context, s *setup) ([]subject, error) {
		a := s.hellos()
		if a.err != nil {
			return nil, a.err
		}
		least := math.Inf(1)
		for _, sub := range a.subjects {
			sub.measure = func(ctx context.Context, srv *server) (figures, error) {
				most, err := s.most(ctx, srv)
				return figures{maxRate: most}, err
			}
			f, err := s.measure(ctx, sub)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", sub.name, err)
			}
			least = min(least, f[maxRate])
		}
		return a.each(func(ctx context.Context, srv *server) (figures, error) { return s.atRate(ctx, srv, least/2) })
	},
}

// most is how many requests a second a server answers.
func (s *setup) most(ctx context.Context, srv *server) (float64, error) {
	r, err := load.Run(ctx, s.loadHello(srv))
	if err != nil {
		return 0, err
	}
	return float64(r.Requests) / r.Elapsed.Seconds(), nil
}

// atRate sends so many requests a second. A server that does not keep up has failed.
func (s *setup) atRate(ctx context.Context, srv *server, requests float64) (figures, error) {
	o := s.loadHello(srv)
	o.Rate = requests
	f, err := s.under(ctx, srv, o)
	if err != nil {
		return nil, err
	}
	f[offered] = requests
	return f, nil
}
