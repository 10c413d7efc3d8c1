package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"time"
)

// figures is one measurement of a subject.
type figures struct {
	rate float64 // requests per second
	cpu  float64 // µs of user and system time per request
	rss  float64 // MiB
}

func run(c config, out io.Writer) error {
	all, missing := subjects(c)
	for _, m := range missing {
		fmt.Fprintln(out, m)
	}
	results := make([][]figures, len(all))
	for round := range c.rounds {
		for i := range all {
			k := (i + round) % len(all)
			f, err := measure(all[k], c)
			if err != nil {
				return fmt.Errorf("%s: %w", all[k].name, err)
			}
			results[k] = append(results[k], f)
		}
	}
	fmt.Fprintf(out, "hello, keep-alive, %d connections, %d CPUs, %s, medians of %d\n\n", c.connections, runtime.NumCPU(), runtime.Version(), c.rounds)
	fmt.Fprintf(out, "| server | requests/s | CPU µs/request | CPU × net/http | RSS MiB |\n|---|---|---|---|---|\n")
	base := 0.0
	for i, s := range all {
		if s.name == "native net/http" {
			base = median(results[i], func(f figures) float64 { return f.cpu })
		}
	}
	for i, s := range all {
		cpu := median(results[i], func(f figures) float64 { return f.cpu })
		fmt.Fprintf(out, "| %s | %.0f | %.1f | %.2f | %.0f |\n", s.name,
			median(results[i], func(f figures) float64 { return f.rate }), cpu, cpu/base,
			median(results[i], func(f figures) float64 { return f.rss }))
	}
	return nil
}

func median(all []figures, of func(figures) float64) float64 {
	values := make([]float64, len(all))
	for i, f := range all {
		values[i] = of(f)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// measure starts a subject, warms it up, and counts requests and its CPU time over c.time.
func measure(s subject, c config) (f figures, err error) {
	p, err := start(s)
	if err != nil {
		return f, err
	}
	defer p.stop()
	l := startLoad(p.address, c.connections)
	defer func() { err = errors.Join(err, l.end()) }()
	time.Sleep(c.time / 2) // the warm-up
	cpu0, err := cpuTime(p.cmd.Process.Pid)
	if err != nil {
		return f, err
	}
	n0, t0 := l.count.Load(), time.Now()
	time.Sleep(c.time)
	n, elapsed := l.count.Load()-n0, time.Since(t0)
	cpu1, err := cpuTime(p.cmd.Process.Pid)
	if err != nil {
		return f, err
	}
	if n == 0 {
		return f, fmt.Errorf("answered nothing in %s", elapsed)
	}
	f.rate = float64(n) / elapsed.Seconds()
	f.cpu = float64((cpu1 - cpu0).Microseconds()) / float64(n)
	f.rss, err = residentMiB(p.cmd.Process.Pid)
	return f, err
}

// cpuTime returns user and system time of a process, from /proc/PID/stat.
func cpuTime(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The second field, the command's name, may hold anything; after its ')' come fields 3 and on.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const userTime, systemTime, clockTick = 14 - 3, 15 - 3, 10 * time.Millisecond
	if len(fields) <= systemTime {
		return 0, fmt.Errorf("/proc/%d/stat: %q", pid, stat)
	}
	var ticks int
	for _, i := range []int{userTime, systemTime} {
		n, err := strconv.Atoi(string(fields[i]))
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * clockTick, nil
}

// residentMiB returns the resident memory of a process, from /proc/PID/statm.
func residentMiB(pid int) (float64, error) {
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(statm)
	if len(fields) < 2 {
		return 0, fmt.Errorf("/proc/%d/statm: %q", pid, statm)
	}
	pages, err := strconv.Atoi(string(fields[1]))
	return float64(pages) * float64(os.Getpagesize()) / (1 << 20), err
}
