//go:build linux

package main

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/portholehttp/porthole/tests/bench/load"
)

const idleConnections = 10_000

var idleCase = benchCase{
	name:  "idle",
	title: "10,000 idle keep-alive connections, each after a request",
	notes: []string{
		"Memory that only the process has (Private of /proc/PID/smaps_rollup), with the connections less without them. That of the kernel,",
		"such as the buffers of sockets, is nobody's in particular and not in it.",
	},
	columns: []column{{metric: perConn}, {metric: perConn, over: netHTTPName}, {metric: resident}},
	targets: []target{{subject: portName, metric: perConn, plus: 3}},
	subjects: func(_ context.Context, s *setup) ([]subject, error) {
		return s.hellos().each(idle)
	},
}

// idle opens the connections and sees what they take.
func idle(ctx context.Context, srv *server) (f figures, err error) {
	before, err := settled(ctx, srv.pid)
	if err != nil {
		return nil, err
	}
	conns, err := load.OpenIdle(ctx, srv.address, idleConnections, get(srv.address, "/"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conns.Close()) }()
	after, err := settled(ctx, srv.pid)
	if err != nil {
		return nil, err
	}
	rss, err := residentBytes(srv.pid)
	return figures{perConn: (after - before) / 1024 / idleConnections, resident: rss / mebi}, err
}

// settled is the private memory of a process once it has not changed by more than a hundredth for a second, or after ten.
func settled(ctx context.Context, pid int) (float64, error) {
	const (
		interval = 100 * time.Millisecond
		quiet    = 10
		most     = 100
	)
	last, same := 0.0, 0
	for range most {
		now, err := privateBytes(pid)
		if err != nil {
			return 0, err
		}
		if math.Abs(now-last) > last/100 {
			last, same = now, 0
		} else if same++; same == quiet {
			return now, nil
		}
		select {
		case <-time.After(interval):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	return last, nil
}
