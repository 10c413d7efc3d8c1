//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/portholehttp/porthole/tests/bench/load"
)

// A load that is to leave the cores to the server.
const (
	freeDepth = 256                  // requests that each connection sends in one piece
	freeNap   = 2 * time.Millisecond // in which a server does not get through what all connections have sent
)

var shardsFreeCase = benchCase{
	name:  "shards-free",
	title: "hello, 2 loops against 1, by a load that leaves the cores to the servers",
	notes: []string{
		fmt.Sprintf("Each connection sends %d requests in one piece, made before; only the bytes of the answers are counted; and the generator sleeps for %s", freeDepth, freeNap),
		"before it looks for them. So it takes a few per cent of what the server takes, and the shards have nearly a core each, where there are two.",
		"How many they had in fact is in the table.",
	},
	columns: append([]column{{metric: rate}, {metric: rate, over: oneShard}}, shardsFreeColumns...),
	targets: []target{{subject: shardsName(2), metric: rate, atLeast: true, factor: 1.8, than: oneShard}},
	subjects: func(_ context.Context, s *setup) ([]subject, error) {
		a := &all{}
		for _, n := range []int{1, 2} {
			a.add(s.portholeServing(shardsName(n), example("hello"), "--shards", fmt.Sprint(n)))
		}
		for _, n := range []int{1, 2} {
			a.add(s.peer(threadsName(fastName, n), "fasthttp", "-procs", fmt.Sprint(n)))
		}
		return a.each(func(ctx context.Context, srv *server) (figures, error) { return s.under(ctx, srv, s.loadFree(srv)) })
	},
}

var shardsFreeColumns = []column{
	{metric: rate, over: threadsName(fastName, 1)}, {metric: busy}, {metric: generator}, {metric: cpu},
}

// threadsName is for a peer with so many threads.
func threadsName(name string, n int) string { return fmt.Sprintf("%s, GOMAXPROCS=%d", name, n) }

// loadFree is loadHello in batches.
func (s *setup) loadFree(srv *server) load.Options {
	o := s.loadHello(srv, bytes.Repeat(get(srv.address, "/"), freeDepth))
	o.Depth, o.Counted, o.Nap = freeDepth, true, freeNap
	return o
}
