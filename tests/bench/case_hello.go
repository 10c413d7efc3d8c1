//go:build linux

package main

import (
	"bytes"
	"context"
	"slices"

	"github.com/portholehttp/porthole/tests/bench/load"
)

var loadColumns = []column{
	{metric: rate}, {metric: cpu}, {metric: cpu, over: netHTTPName}, {metric: cpu, over: bareName}, {metric: cpu, over: baresName},
	{metric: p50}, {metric: p99}, {metric: p999}, {metric: resident},
}

var quickColumns = []column{{metric: rate}, {metric: cpu}, {metric: cpu, over: netHTTPName}, {metric: p50}, {metric: p99}, {metric: resident}}

const (
	helloBody     = "hello world\n" // of the answers of all servers
	pipelineDepth = 16
)

var helloCase = benchCase{
	name:    "hello",
	title:   "hello, keep-alive",
	columns: append(slices.Clone(loadColumns), column{metric: firstOK}),
	notes: []string{
		"One shard is to be compared with the bare loop, one shard per CPU with as many bare loops: each further thread shares the CPUs with the load,",
		"sleeps and is woken more often, and finds less to do each time.",
	},
	targets: []target{
		{subject: oneShard, metric: cpu, factor: 1.35, than: bareName},
		{subject: portName, metric: cpu, factor: 1.35, than: baresName},
		{subject: portName, metric: cpu, factor: 1.35, than: bareName},
		{subject: portName, metric: cpu, factor: 1, than: fastName},
		{subject: portName, metric: cpu, factor: 0.6, than: netHTTPName},
		{subject: portName, metric: cpu, factor: 0.7, than: nodeName},
	},
	subjects: func(_ context.Context, s *setup) ([]subject, error) {
		a := s.hellos()
		a.add(s.guestPeer("http-wasm behind net/http", "httpwasm"))
		a.add(s.guestPeer("Extism behind net/http", "extism"))
		return a.each(s.hello)
	},
}

// hello asks for /.
func (s *setup) hello(ctx context.Context, srv *server) (figures, error) {
	f, err := s.under(ctx, srv, s.loadHello(srv))
	if err != nil {
		return nil, err
	}
	f[firstOK] = milliseconds(srv.firstOK)
	return f, nil
}

// loadHello asks for /, or for something else that is answered with the hello body.
func (s *setup) loadHello(srv *server, requests ...[]byte) load.Options {
	if len(requests) == 0 {
		requests = [][]byte{get(srv.address, "/")}
	}
	return s.load(srv, len(helloBody), requests...)
}

var pipelinedCase = benchCase{
	name:    "pipelined",
	title:   "hello, pipelined 16 deep",
	notes:   []string{"Latencies are of 16 requests."},
	columns: loadColumns,
	targets: []target{{subject: portName, metric: rate, atLeast: true, factor: 3, than: netHTTPName}},
	subjects: func(_ context.Context, s *setup) ([]subject, error) {
		return s.hellos().each(func(ctx context.Context, srv *server) (figures, error) {
			o := s.loadHello(srv)
			o.Requests, o.Depth = [][]byte{bytes.Repeat(get(srv.address, "/"), pipelineDepth)}, pipelineDepth
			return s.under(ctx, srv, o)
		})
	},
}

var headersCase = benchCase{
	name:    "headers",
	title:   "20 header fields, 1 KB of request head",
	columns: loadColumns,
	targets: []target{{subject: portName, metric: cpu, factor: 0.8, than: netHTTPName}},
	subjects: func(_ context.Context, s *setup) ([]subject, error) {
		return s.hellos().each(func(ctx context.Context, srv *server) (figures, error) {
			return s.under(ctx, srv, s.loadHello(srv, getWithFields(srv.address, 20, 1024)))
		})
	},
}

var freshCase = benchCase{
	name:    "fresh",
	title:   "hello, a fresh sandbox per request",
	columns: quickColumns,
	targets: []target{{subject: freshName, metric: cpu, factor: 1, than: netHTTPName, plus: 20}},
	subjects: func(_ context.Context, s *setup) ([]subject, error) {
		a := &all{}
		a.add(s.portholeServing(freshName, example("hello"), "--isolation", "fresh"))
		a.add(s.portholeServing(portName, example("hello")))
		a.add(s.peer(netHTTPName, "nethttp"))
		return a.each(s.hello)
	},
}

// quickCase is what `make bench` prints.
var quickCase = benchCase{
	name:    "quick",
	title:   "hello, keep-alive, a few servers",
	columns: quickColumns,
	subjects: func(_ context.Context, s *setup) ([]subject, error) {
		a := &all{}
		a.add(s.portholeServing(portName, example("hello")))
		a.add(s.portholeServing(oneShard, example("hello"), "--shards", "1"))
		a.add(s.portholeServing(freshName, example("hello"), "--isolation", "fresh"))
		a.add(s.peer(netHTTPName, "nethttp"))
		a.maybe(s.node("hello"))
		return a.each(s.hello)
	},
}
