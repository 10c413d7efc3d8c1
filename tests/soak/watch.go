package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"
)

// held is what the process has at one time.
type held struct {
	rss, heap   int // MiB
	descriptors int
	goroutines  int
}

func look() (h held, err error) {
	debug.FreeOSMemory() // what is free would make noise
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return h, err
	}
	_, rest, ok := bytes.Cut(status, []byte("VmRSS:"))
	fields := bytes.Fields(rest)
	if !ok || len(fields) == 0 {
		return h, errors.New("/proc/self/status: no VmRSS")
	}
	kib, err := strconv.Atoi(string(fields[0]))
	if err != nil {
		return h, err
	}
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return h, err
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return held{kib >> 10, int(m.HeapAlloc >> 20), len(open), runtime.NumGoroutine()}, nil
}

// Growth that is allowed between the second and the last third of the time: noise of traffic that is random.
const (
	slackMiB        = 48
	slackOfCounts   = 1.25
	slackOfCountsBy = 64
)

// watch prints what the process holds until the time is over, and judges it.
func watch(c config, t *traffic) error {
	fmt.Printf("%8s %8s %8s %8s %10s  %s\n", "time", "RSS MiB", "heap MiB", "files", "goroutines", "requests")
	begin := time.Now()
	var seen []held
	tick := time.NewTicker(c.every)
	defer tick.Stop()
	for range tick.C {
		h, err := look()
		if err != nil {
			return err
		}
		seen = append(seen, h)
		elapsed := time.Since(begin).Round(time.Second)
		fmt.Printf("%8s %8d %8d %8d %10d  %s\n", elapsed, h.rss, h.heap, h.descriptors, h.goroutines, t)
		if elapsed >= c.time {
			break
		}
	}
	return judge(seen)
}

// judge compares the least of the second third with the least of the last: a leak raises what is always there, traffic comes and goes.
func judge(seen []held) error {
	third := len(seen) / 3
	if third == 0 {
		return errors.New("too short to judge: -time must be at least three times -every")
	}
	first, last := least(seen[third:2*third]), least(seen[len(seen)-third:])
	var errs []error
	grown := func(what string, from, to int, most float64) {
		if float64(to) > most {
			errs = append(errs, fmt.Errorf("%s grew from %d to %d", what, from, to))
		}
	}
	grown("resident memory, MiB,", first.rss, last.rss, float64(first.rss+slackMiB))
	grown("the heap, MiB,", first.heap, last.heap, float64(first.heap+slackMiB))
	grown("descriptors", first.descriptors, last.descriptors, float64(first.descriptors)*slackOfCounts+slackOfCountsBy)
	grown("goroutines", first.goroutines, last.goroutines, float64(first.goroutines)*slackOfCounts+slackOfCountsBy)
	return errors.Join(errs...)
}

func least(seen []held) held {
	m := seen[0]
	for _, h := range seen {
		m = held{min(m.rss, h.rss), min(m.heap, h.heap), min(m.descriptors, h.descriptors), min(m.goroutines, h.goroutines)}
	}
	return m
}
