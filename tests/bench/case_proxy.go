//go:build linux

package main

import (
	"context"
	"net"
)

const reverseProxyName = "native httputil.ReverseProxy"

var proxyCase = benchCase{
	name:  "proxy",
	title: "a reverse proxy in front of the bare loop, connections to it pooled",
	columns: []column{
		{metric: rate}, {metric: cpu}, {metric: cpu, over: reverseProxyName}, {metric: p50}, {metric: p99}, {metric: p999}, {metric: resident},
	},
	targets: []target{{subject: portName, metric: cpu, factor: 0.8, than: reverseProxyName}},
	subjects: func(ctx context.Context, s *setup) ([]subject, error) {
		origin, err := s.peer(bareName, "bare")
		if err != nil {
			return nil, err
		}
		a, err := s.proxies(ctx, origin)
		if err != nil {
			return nil, err
		}
		return a.each(func(ctx context.Context, srv *server) (figures, error) {
			return s.under(ctx, srv, s.loadHello(srv))
		})
	},
}

var proxyStreamCase = benchCase{
	name:  "proxy-stream",
	title: "large bodies through a reverse proxy in front of net/http",
	columns: []column{
		{metric: down}, {metric: down, over: reverseProxyName}, {metric: downCPU},
		{metric: up}, {metric: up, over: reverseProxyName}, {metric: upCPU}, {metric: resident},
	},
	subjects: func(ctx context.Context, s *setup) ([]subject, error) {
		origin, err := s.peer(netHTTPName, "nethttp", "-serve", "transfer")
		if err != nil {
			return nil, err
		}
		a, err := s.proxies(ctx, origin)
		if err != nil {
			return nil, err
		}
		return a.each(s.transfer)
	},
}

// proxies all pass requests to origin, which it starts.
func (s *setup) proxies(ctx context.Context, origin subject) (*all, error) {
	address, err := s.originAddress()
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	handler, err := s.guest(example("proxy"), "main.port="+port)
	if err != nil {
		return nil, err
	}
	if err := s.runBeside(ctx, origin, address); err != nil {
		return nil, err
	}
	a := &all{}
	a.add(s.portholeWith(portName, "--allow-connect", address, handler), nil)
	a.add(s.portholeWith(oneShard, "--shards", "1", "--allow-connect", address, handler), nil)
	a.add(s.peer(reverseProxyName, "nethttp", "-serve", "proxy", "-upstream", address))
	a.maybe(s.nginx(
		`proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; client_max_body_size 0; proxy_request_buffering off;`,
		`upstream origin { server `+address+`; keepalive 256; keepalive_requests 1000000000; }`,
	))
	return a, nil
}
