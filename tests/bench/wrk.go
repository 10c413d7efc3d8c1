//go:build linux

package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/portholehttp/porthole/tests/bench/load"
)

//go:embed wrk.lua
var wrkScript []byte

// wrkResult is what wrk found, in the terms of its script.
type wrkResult struct {
	requests, errors, otherStatus int64
	elapsed                       time.Duration
	micros                        figures // the latencies
}

// underWrk is what under is, by the load generator that others know: to see that ours makes no difference. It measures whole seconds, and has no
// hooks: the server's CPU time is that of the whole run, connections included, after a run of a second to warm up.
func (s *setup) underWrk(ctx context.Context, srv *server, o load.Options) (figures, error) {
	if o.Rate != 0 || len(o.Requests) != 1 {
		return nil, errors.New("wrk has neither a fixed rate nor several requests: measure this case without -wrk")
	}
	script, raw := filepath.Join(s.out, "wrk.lua"), filepath.Join(s.out, "wrk-request")
	if err := errors.Join(os.WriteFile(script, wrkScript, 0o600), os.WriteFile(raw, o.Requests[0], 0o600)); err != nil {
		return nil, err
	}
	wrk := func(d time.Duration) (wrkResult, error) {
		seconds := strconv.Itoa(max(int(d/time.Second), 1)) + "s"
		cmd := exec.CommandContext(ctx, "wrk", "-t", strconv.Itoa(o.Threads), "-c", strconv.Itoa(o.Connections), "-d", seconds,
			"-s", script, "http://"+o.Address+"/", "--", raw)
		said, err := cmd.CombinedOutput()
		if err != nil {
			return wrkResult{}, fmt.Errorf("wrk: %w: %s", err, said)
		}
		return parseWrk(string(said))
	}
	if _, err := wrk(o.WarmUp); err != nil {
		return nil, err
	}
	before, err := cpuTime(srv.pid)
	if err != nil {
		return nil, err
	}
	r, err := wrk(o.Time)
	if err != nil {
		return nil, err
	}
	after, err := cpuTime(srv.pid)
	if err != nil {
		return nil, err
	}
	return r.figures(after - before), nil
}

// figures adds the CPU time that the server took for all.
func (r wrkResult) figures(spent time.Duration) figures {
	f := figures{
		rate: float64(r.requests) / r.elapsed.Seconds(),
		cpu:  float64(spent.Nanoseconds()) / 1e3 / float64(r.requests),
	}
	for m, v := range r.micros {
		if v > 0 { // wrk's 0 is that it has too few to say
			f[m] = v
		}
	}
	return f
}

// parseWrk reads the line of the script. A run with an error, an answer other than 2xx or 3xx, or without any, is none.
func parseWrk(said string) (r wrkResult, err error) {
	_, line, ok := strings.Cut(said, "bench: ")
	if !ok {
		return r, fmt.Errorf("wrk said: %s", said)
	}
	line, _, _ = strings.Cut(line, "\n")
	values := map[string]int64{}
	for _, field := range strings.Fields(line) {
		name, number, _ := strings.Cut(field, "=")
		if values[name], err = strconv.ParseInt(number, 10, 64); err != nil {
			return r, fmt.Errorf("wrk said: %s: %w", line, err)
		}
	}
	for _, name := range []string{"requests", "micros", "errors", "status", "p50", "p99", "p999"} {
		if _, ok := values[name]; !ok {
			return r, fmt.Errorf("wrk said no %s: %s", name, line)
		}
	}
	r = wrkResult{
		requests:    values["requests"],
		errors:      values["errors"],
		otherStatus: values["status"],
		elapsed:     time.Duration(values["micros"]) * time.Microsecond,
		micros:      figures{p50: float64(values["p50"]), p99: float64(values["p99"]), p999: float64(values["p999"])},
	}
	if r.requests == 0 || r.errors > 0 || r.otherStatus > 0 {
		return r, fmt.Errorf("wrk: %d answers, %d of them no success, %d errors", r.requests, r.otherStatus, r.errors)
	}
	return r, nil
}
