//go:build linux

package main

import "context"

// subject is a server, and how it is measured in a case.
type subject struct {
	name    string
	command func(address string) ([]string, error) // what listens there; called for each process anew
	measure func(ctx context.Context, s *server) (figures, error)
}

// The names of the subjects that others are compared with.
const (
	bareName    = "bare epoll loop"
	baresName   = "bare epoll loops, one per CPU"
	portName    = "porthole"
	oneShard    = "porthole, 1 shard"
	freshName   = "porthole, a fresh sandbox per request"
	netHTTPName = "native net/http"
	fastName    = "native fasthttp"
	nodeName    = "Node"
)

// all collects subjects until one cannot be had.
type all struct {
	subjects []subject
	err      error
}

func (a *all) add(sub subject, err error) {
	if err != nil && a.err == nil {
		a.err = err
	}
	if a.err == nil {
		a.subjects = append(a.subjects, sub)
	}
}

// maybe adds one that this machine may not have.
func (a *all) maybe(sub subject, ok bool, err error) {
	if ok || err != nil {
		a.add(sub, err)
	}
}

// each gives all subjects the same measure.
func (a *all) each(measure func(ctx context.Context, srv *server) (figures, error)) ([]subject, error) {
	for i := range a.subjects {
		a.subjects[i].measure = measure
	}
	return a.subjects, a.err
}

// hellos are the servers of the hello exchange.
func (s *setup) hellos() *all {
	a := &all{}
	a.add(s.portholeServing(portName, example("hello")))
	a.add(s.portholeServing(oneShard, example("hello"), "--shards", "1"))
	a.add(s.peer(bareName, "bare"))
	a.add(s.peer(baresName, "bare", "-loops", "0"))
	a.add(s.peer(netHTTPName, "nethttp"))
	a.add(s.peer(fastName, "fasthttp"))
	a.maybe(s.node("hello"))
	a.maybe(s.nginx(`return 200 "hello world\n";`, ""))
	return a
}
