//go:build linux

package main

import (
	"context"
	"os"
)

var startCase = benchCase{
	name:  "start",
	title: "from the start of the process to the first 200",
	notes: []string{
		"It is asked every half millisecond. Files are in the page cache. Porthole keeps compiled modules in a directory, which is empty in the",
		"first start and not in the second; the other hosts of WebAssembly compile at each.",
	},
	columns: []column{{metric: firstOK}, {metric: coldOK}, {metric: resident}},
	targets: []target{{subject: portName, metric: firstOK, plus: 60}, {subject: portName, metric: coldOK, plus: 900}},
	subjects: func(_ context.Context, s *setup) ([]subject, error) {
		a := &all{}
		a.add(s.peer(bareName, "bare"))
		a.add(s.peer(netHTTPName, "nethttp"))
		a.add(s.peer(fastName, "fasthttp"))
		a.maybe(s.node("hello"))
		a.maybe(s.nginx(`return 200 "hello world\n";`, ""))
		a.add(s.guestPeer("http-wasm behind net/http", "httpwasm"))
		a.add(s.guestPeer("Extism behind net/http", "extism"))
		if _, err := a.each(started); err != nil {
			return nil, err
		}
		a.add(s.startedTwice())
		return a.subjects, a.err
	},
}

// started looks at a process that has only just answered.
func started(_ context.Context, srv *server) (figures, error) {
	rss, err := residentBytes(srv.pid)
	return figures{firstOK: milliseconds(srv.firstOK), resident: rss / mebi}, err
}

// startedTwice is Porthole with an empty cache and then, as a second process, with what the first has left there.
func (s *setup) startedTwice() (subject, error) {
	handler, err := s.guest(example("hello"))
	if err != nil {
		return subject{}, err
	}
	var cache string
	with := func(address string) ([]string, error) {
		return s.portholeWith(portName, "--cache-dir", cache, handler).command(address)
	}
	return subject{
		name: portName,
		command: func(address string) (_ []string, err error) {
			if cache, err = os.MkdirTemp(s.out, "cache-*"); err != nil {
				return nil, err
			}
			return with(address)
		},
		measure: func(ctx context.Context, cold *server) (figures, error) {
			cold.stop()
			warm, err := s.start(ctx, subject{command: with})
			if err != nil {
				return nil, err
			}
			defer warm.stop()
			f, err := started(ctx, warm)
			if err != nil {
				return nil, err
			}
			f[coldOK] = milliseconds(cold.firstOK)
			return f, nil
		},
	}, nil
}
