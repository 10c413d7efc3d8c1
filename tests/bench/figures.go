//go:build linux

package main

import (
	"slices"
	"time"

	"github.com/portholehttp/porthole/tests/bench/load"
)

// metric names a figure, unit included.
type metric string

const (
	rate     metric = "requests/s"
	cpu      metric = "CPU µs/request"
	p50      metric = "p50 µs"
	p99      metric = "p99 µs"
	p999     metric = "p99.9 µs"
	resident metric = "RSS MiB"
	firstOK  metric = "first 200 ms"
	coldOK   metric = "cold cache ms"
	down     metric = "down MB/s"
	up       metric = "up MB/s"
	downCPU  metric = "down CPU ms/GB"
	upCPU    metric = "up CPU ms/GB"
	perConn  metric = "KiB/connection"
	perCores metric = "requests/s of full cores"

	// busy is how many CPUs the server had, generator the CPU time of the load in relation to the server's.
	busy      metric = "CPUs had"
	generator metric = "generator's CPU %"

	maxRate metric = "most requests/s"
	offered metric = "offered requests/s"
)

// figures is what one measurement found.
type figures map[metric]float64

// medians are, of each metric that any of the rounds has, over those that have it.
func medians(rounds []figures) figures {
	values := map[metric][]float64{}
	for _, round := range rounds {
		for m, v := range round {
			values[m] = append(values[m], v)
		}
	}
	all := figures{}
	for m, v := range values {
		all[m] = median(v)
	}
	return all
}

// median is the mean of the two in the middle where there are two. It sorts values.
func median(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

// latencies adds the quantiles of a load to f.
func (f figures) latencies(r load.Result) {
	for m, quantile := range map[metric]float64{p50: 50, p99: 99, p999: 99.9} {
		f[m] = float64(r.Latency.ValueAtPercentile(quantile)) / float64(time.Microsecond)
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
