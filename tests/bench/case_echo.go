//go:build linux

package main

import "context"

var echoCase = benchCase{
	name:    "echo",
	title:   "POST of 16 KB of JSON, echoed",
	notes:   []string{"All but fasthttp, which has the whole body first, stream it back."},
	columns: []column{{metric: rate}, {metric: cpu}, {metric: cpu, over: netHTTPName}, {metric: p50}, {metric: p99}, {metric: p999}, {metric: resident}},
	targets: []target{{subject: portName, metric: cpu, factor: 1, than: netHTTPName}},
	subjects: func(_ context.Context, s *setup) ([]subject, error) {
		return s.echoes().each(func(ctx context.Context, srv *server) (figures, error) {
			return s.under(ctx, srv, s.load(srv, 16<<10, post(srv.address, 16<<10)))
		})
	},
}

// echoes are the servers that send a body back.
func (s *setup) echoes() *all {
	a := &all{}
	a.add(s.portholeServing(portName, example("echo")))
	a.add(s.portholeServing(oneShard, example("echo"), "--shards", "1"))
	a.add(s.peer(netHTTPName, "nethttp", "-serve", "echo"))
	a.add(s.peer(fastName, "fasthttp", "-serve", "echo"))
	a.maybe(s.node("echo"))
	return a
}
