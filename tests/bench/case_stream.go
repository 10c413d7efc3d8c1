//go:build linux

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/portholehttp/porthole/tests/bench/load"
)

var streamColumns = []column{
	{metric: down}, {metric: down, over: netHTTPName}, {metric: downCPU},
	{metric: up}, {metric: up, over: netHTTPName}, {metric: upCPU}, {metric: resident},
}

var streamCase = benchCase{
	name:    "stream",
	title:   "a large download, then a large upload, each on a connection of its own",
	notes:   []string{"1 GiB unless -size says otherwise. The client looks at no byte of a body; the memory is that after the upload."},
	columns: streamColumns,
	targets: []target{
		{subject: portName, metric: down, atLeast: true, factor: 0.8, than: netHTTPName},
		{subject: portName, metric: up, atLeast: true, factor: 0.8, than: netHTTPName},
	},
	subjects: func(_ context.Context, s *setup) ([]subject, error) {
		a := &all{}
		a.add(s.portholeServing(portName, "./handlers/transfer"))
		a.add(s.peer(netHTTPName, "nethttp", "-serve", "transfer"))
		a.maybe(s.node("transfer"))
		return a.each(s.transfer)
	},
}

// transfer moves s.size bytes down, and up.
func (s *setup) transfer(ctx context.Context, srv *server) (figures, error) {
	const mega, giga = 1e6, 1e9
	f := figures{}
	move := func(speed, spent metric, do func() (time.Duration, error)) error {
		before, err := cpuTime(srv.pid)
		if err != nil {
			return err
		}
		took, err := do()
		if err != nil {
			return fmt.Errorf("%s: %w", speed, err)
		}
		after, err := cpuTime(srv.pid)
		if err != nil {
			return err
		}
		f[speed] = float64(s.size) / mega / took.Seconds()
		f[spent] = milliseconds(after-before) / (float64(s.size) / giga)
		return nil
	}
	err := move(down, downCPU, func() (time.Duration, error) {
		return load.Download(ctx, srv.address, fmt.Sprintf("/%d", s.size), s.size)
	})
	if err != nil {
		return nil, err
	}
	err = move(up, upCPU, func() (time.Duration, error) { return load.Upload(ctx, srv.address, "/", s.size) })
	if err != nil {
		return nil, err
	}
	rss, err := residentBytes(srv.pid)
	f[resident] = rss / mebi
	return f, err
}
