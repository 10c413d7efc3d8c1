//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/portholehttp/porthole/tests/bench/load"
)

// setup is what a run has for all of its cases.
type setup struct {
	options
	builder
	origin  string              // address of the upstream of proxies; "": not chosen yet
	beside  []*server           // what runs throughout the present case
	skipped map[string]struct{} // why a server was left out of the present case
}

// options are the flags.
type options struct {
	rounds      int
	time        time.Duration
	connections int
	threads     int
	porthole    string
	serverCPUs  string
	wrk         bool
	size        int64
}

// skip notes why a server cannot be measured on this machine.
func (s *setup) skip(why string) { s.skipped[why] = struct{}{} }

// load is what most cases send: requests, one at a time on each connection, as fast as they are answered, each with a body of so many bytes.
func (s *setup) load(srv *server, body int, requests ...[]byte) load.Options {
	return load.Options{
		Body:        int64(body),
		Address:     srv.address,
		Connections: s.connections,
		Threads:     s.threads,
		Requests:    requests,
		WarmUp:      s.time / 2,
		Time:        s.time,
	}
}

// under sends a load and returns its figures, those of the server's process included.
func (s *setup) under(ctx context.Context, srv *server, o load.Options) (figures, error) {
	measure := underOurs
	if s.wrk {
		measure = s.underWrk
	}
	f, err := measure(ctx, srv, o)
	if err != nil {
		return nil, err
	}
	rss, err := residentBytes(srv.pid)
	f[resident] = rss / mebi
	return f, err
}

func underOurs(ctx context.Context, srv *server, o load.Options) (figures, error) {
	var (
		times [2]time.Duration // of the server
		own   [2]time.Duration // of this process
		errs  [2]error
	)
	o.Mark = func(begin bool) {
		i := 1
		if begin {
			i = 0
		}
		var err error
		times[i], errs[i] = cpuTime(srv.pid)
		own[i], err = cpuTime(os.Getpid())
		errs[i] = errors.Join(errs[i], err)
	}
	r, err := load.Run(ctx, o)
	if err != nil {
		return nil, err
	}
	if r.Unanswered > 0 {
		return nil, fmt.Errorf("%d of %d requests were not answered in time", r.Unanswered, r.Unanswered+r.Requests)
	}
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	f := figures{
		rate:      float64(r.Requests) / r.Elapsed.Seconds(),
		cpu:       float64((times[1] - times[0]).Nanoseconds()) / 1e3 / float64(r.Requests),
		busy:      (times[1] - times[0]).Seconds() / r.Elapsed.Seconds(),
		generator: 100 * float64(own[1]-own[0]) / float64(times[1]-times[0]),
	}
	f.latencies(r)
	return f, nil
}

const mebi = 1 << 20
