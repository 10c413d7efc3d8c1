//go:build linux

package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// growth is how cost grows with what there is more of.
var growth = []benchCase{connectionsSeries, fieldsSeries, bodySeries, handlersSeries, shardsSeries}

var seriesColumns = []column{{metric: rate}, {metric: cpu}, {metric: p50}, {metric: p99}, {metric: resident}}

// series adds Porthole and net/http for each size. What they serve is the same for all.
func (s *setup) series(sizes []int, unit, handler, peer string, measure func(ctx context.Context, srv *server, size int) (figures, error)) ([]subject, error) {
	a := &all{}
	for _, size := range sizes {
		first := len(a.subjects)
		a.add(s.portholeServing(fmt.Sprintf("porthole, %d %s", size, unit), example(handler)))
		a.add(s.peer(fmt.Sprintf("net/http, %d %s", size, unit), "nethttp", "-serve", peer))
		if a.err != nil {
			return nil, a.err
		}
		for i := range a.subjects[first:] {
			a.subjects[first+i].measure = func(ctx context.Context, srv *server) (figures, error) { return measure(ctx, srv, size) }
		}
	}
	return a.subjects, nil
}

var connectionsSeries = benchCase{
	name:    "series-connections",
	title:   "hello, as connections grow that all ask without a pause",
	columns: seriesColumns,
	subjects: func(_ context.Context, s *setup) ([]subject, error) {
		sizes, err := s.affordable([]int{10, 100, 1000, 10_000, 20_000})
		if err != nil {
			return nil, err
		}
		return s.series(sizes, "connections", "hello", "hello", func(ctx context.Context, srv *server, size int) (figures, error) {
			o := s.loadHello(srv)
			o.Connections = size
			return s.under(ctx, srv, o)
		})
	},
}

// affordable has as many connections in place of more than a process may have files open, less some that it has for other ends.
func (s *setup) affordable(connections []int) ([]int, error) {
	const others = 200
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return nil, err
	}
	most := int(min(limit.Cur, math.MaxInt32)) - others
	within := slices.Clone(connections)
	for i, n := range within {
		if n > most {
			s.skip(fmt.Sprintf("%d connections instead of %d: a process may have %d files open (ulimit -n).", most, n, limit.Cur))
			within[i] = most
		}
	}
	return slices.Compact(within), nil
}

var fieldsSeries = benchCase{
	name:    "series-headers",
	title:   "hello, as header fields grow that are 50 bytes each",
	columns: seriesColumns,
	subjects: func(_ context.Context, s *setup) ([]subject, error) {
		return s.series([]int{2, 10, 20, 50, 100}, "fields", "hello", "hello", func(ctx context.Context, srv *server, size int) (figures, error) {
			return s.under(ctx, srv, s.loadHello(srv, getWithFields(srv.address, size, size*50)))
		})
	},
}

var bodySeries = benchCase{
	name:    "series-body",
	title:   "POST, as the body grows that is echoed",
	columns: seriesColumns,
	subjects: func(_ context.Context, s *setup) ([]subject, error) {
		return s.series([]int{1 << 10, 16 << 10, 128 << 10, 1 << 20}, "bytes", "echo", "echo", func(ctx context.Context, srv *server, size int) (figures, error) {
			return s.under(ctx, srv, s.load(srv, size, post(srv.address, size)))
		})
	},
}

var handlersSeries = benchCase{
	name:    "series-handlers",
	title:   "hello, as handlers grow that are loaded and asked in turn, in one shard",
	notes:   []string{"They are the same module under so many names, which is compiled once."},
	columns: append([]column{{metric: firstOK}}, seriesColumns...),
	subjects: func(_ context.Context, s *setup) ([]subject, error) {
		hello, err := s.guest(example("hello"))
		if err != nil {
			return nil, err
		}
		var subjects []subject
		for _, size := range []int{1, 10, 100, 1000} {
			args := []string{"--shards", "1"}
			for i := range size {
				name := fmt.Sprintf("%s-%d-of-%d.wasm", strings.TrimSuffix(hello, ".wasm"), i, size)
				if err := os.Link(hello, name); err != nil {
					return nil, err
				}
				args = append(args, "--route", fmt.Sprintf("/%d/=%s", i, name))
			}
			sub := s.portholeWith(fmt.Sprintf("porthole, %d handlers", size), append(args, hello)...)
			sub.measure = func(ctx context.Context, srv *server) (figures, error) {
				requests := make([][]byte, size)
				for i := range requests {
					requests[i] = get(srv.address, fmt.Sprintf("/%d/", i))
				}
				f, err := s.under(ctx, srv, s.loadHello(srv, requests...))
				if err != nil {
					return nil, err
				}
				f[firstOK] = milliseconds(srv.firstOK)
				return f, nil
			}
			subjects = append(subjects, sub)
		}
		return subjects, nil
	},
}

var shardsSeries = benchCase{
	name:    "series-shards",
	title:   "hello, as shards grow",
	notes:   shardsCase.notes,
	columns: append([]column{{metric: perCores}, {metric: perCores, over: oneShard}}, seriesColumns...),
	subjects: func(_ context.Context, s *setup) ([]subject, error) {
		a := &all{}
		for n := 1; n <= 4; n++ {
			a.add(s.sharded(n))
		}
		return a.subjects, a.err
	},
}
