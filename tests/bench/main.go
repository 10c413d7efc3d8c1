//go:build linux

// Command bench measures Porthole side by side with servers that people run today: in one run, in rotating order, each in a process of its
// own, over loopback. It prints a table for each case, and Porthole's targets beside what was measured.
//
//	go run . [-case hello,echo] [-series] [-rounds 5] [-time 2s] [-json FILE] [-chart FILE] -porthole ../../bin/porthole
//
// Requests per second depend on what else the machine does, the load generator included; CPU time per request, of the server's
// process, user and system, much less. Ratios between rows of one table are what to quote. Where there are cores to spare, give the
// servers some of their own:
//
//	taskset -c 1 go run . -server-cpus 0
//
// All cases take about twenty minutes by default, and so do the series. The peers are below peers: those of Go are built by the run, Node and nginx are
// those of the machine, and left out with a line that says so where it has none. Whether the load generator, package load, is to be
// trusted can be seen by -wrk.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	s := &setup{}
	flag.IntVar(&s.rounds, "rounds", 5, "how often each server is measured; medians are printed")
	flag.DurationVar(&s.time, "time", 2*time.Second, "how long each measurement takes, after a warm-up of half of it")
	flag.IntVar(&s.connections, "connections", 64, "keep-alive connections")
	flag.IntVar(&s.threads, "threads", 1, "of the load generator")
	flag.StringVar(&s.porthole, "porthole", "../../bin/porthole", "the porthole command")
	flag.StringVar(&s.serverCPUs, "server-cpus", "", "which CPUs the servers run on, as taskset has them; the load's are those of this command")
	flag.BoolVar(&s.wrk, "wrk", false, "let wrk be the load where it can, for at least a second each: a check of the generator")
	flag.Int64Var(&s.size, "size", 1<<30, "bytes of a large transfer")
	names := flag.String("case", "", "which cases, separated by commas; all but quick: "+strings.Join(caseNames(cases), ", "))
	series := flag.Bool("series", false, "how cost grows, instead of the cases")
	jsonFile := flag.String("json", "", "file to write the figures to")
	chartFile := flag.String("chart", "", "file to write the chart to, as SVG")
	chartCases := flag.String("chart-case", helloCase.name, "the cases that the chart has, separated by commas")
	chartFrom := flag.String("chart-from", "", "file of figures to draw the chart of, instead of measuring")
	flag.Parse()
	if *chartFrom != "" {
		r, err := readReport(*chartFrom)
		if err != nil {
			return err
		}
		return r.saveChart(*chartFile, *chartCases)
	}
	chosen, err := choose(*names, *series)
	if err != nil {
		return err
	}
	if err := raiseFileLimit(); err != nil {
		return err
	}
	s.builder = builder{module: ".", built: map[string]string{}}
	if s.out, err = os.MkdirTemp("", "porthole-bench-*"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(s.out)) }()

	r := &report{Machine: s.machine()}
	fmt.Println(strings.Join(r.Machine, "\n"))
	failed := 0
	for _, c := range chosen {
		result := c.run(ctx, s)
		result.writeTo(os.Stdout)
		r.Cases = append(r.Cases, result)
		failed += len(result.Failures)
	}
	if *jsonFile != "" {
		err = r.save(*jsonFile)
	}
	if *chartFile != "" {
		err = errors.Join(err, r.saveChart(*chartFile, *chartCases))
	}
	if failed > 0 {
		err = errors.Join(err, fmt.Errorf("%d measurement(s) failed: see FAILED above", failed))
	}
	return err
}

// cases are in the order in which they are printed.
var cases = []benchCase{
	quickCase, helloCase, pipelinedCase, headersCase, echoCase, streamCase, proxyCase, proxyStreamCase,
	freshCase, idleCase, shardsCase, shardsFreeCase, startCase, tailCase, tailSameCase,
}

func caseNames(cases []benchCase) (names []string) {
	for _, c := range cases {
		names = append(names, c.name)
	}
	return names
}

// choose returns the cases with these names, in the order of the names.
func choose(names string, series bool) ([]benchCase, error) {
	if names == "" && series {
		return growth, nil
	}
	if names == "" {
		return slices.DeleteFunc(slices.Clone(cases), func(c benchCase) bool { return c.name == quickCase.name }), nil
	}
	var chosen []benchCase
	known := append(slices.Clone(cases), growth...)
	for name := range strings.SplitSeq(names, ",") {
		i := slices.Index(caseNames(known), name)
		if i < 0 {
			return nil, fmt.Errorf("no case %q: there are %s", name, strings.Join(caseNames(known), ", "))
		}
		chosen = append(chosen, known[i])
	}
	return chosen, nil
}

// wantedFiles is enough for the most connections of a case.
const wantedFiles = 32 << 10

// raiseFileLimit lets this process, and those that it starts, have as many connections as it can: that is not more than wanted, and without
// privileges not more than the hard limit.
func raiseFileLimit() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	if unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: wantedFiles, Max: max(limit.Max, wantedFiles)}) == nil {
		return nil
	}
	limit.Cur = limit.Max
	return unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
}
