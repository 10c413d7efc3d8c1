//go:build linux

package main

import (
	"context"
	"fmt"
	"strconv"
)

var shardsCase = benchCase{
	name:  "shards",
	title: "hello, 2 shards against 1",
	notes: []string{
		"The generator of the load takes one of the cores itself where there are only two, so requests/s cannot double. What is compared is how",
		"many requests a second of CPU time pays for, times as many cores as there are shards: what they would serve if they had a core each.",
	},
	columns: []column{{metric: perCores}, {metric: perCores, over: oneShard}, {metric: cpu}, {metric: rate}, {metric: p99}},
	targets: []target{{subject: shardsName(2), metric: perCores, atLeast: true, factor: 1.8, than: oneShard}},
	subjects: func(_ context.Context, s *setup) ([]subject, error) {
		a := &all{}
		for _, n := range []int{1, 2} {
			a.add(s.sharded(n))
		}
		return a.subjects, a.err
	},
}

func shardsName(n int) string {
	if n == 1 {
		return oneShard
	}
	return fmt.Sprintf("porthole, %d shards", n)
}

// sharded is hello with n shards.
func (s *setup) sharded(n int) (subject, error) {
	sub, err := s.portholeServing(shardsName(n), example("hello"), "--shards", strconv.Itoa(n))
	sub.measure = func(ctx context.Context, srv *server) (figures, error) {
		f, err := s.hello(ctx, srv)
		if err != nil {
			return nil, err
		}
		f[perCores] = float64(n) * 1e6 / f[cpu]
		return f, nil
	}
	return sub, err
}
