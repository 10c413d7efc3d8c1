//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// report is a whole run, and what its JSON file holds.
type report struct {
	Machine []string  `json:"machine"` // lines for people
	Cases   []*result `json:"cases"`
}

// machine says where and how was measured.
func (s *setup) machine() []string {
	servers := fmt.Sprintf("Servers and load share %d CPUs; servers of Go have GOMAXPROCS=%[1]d, Porthole as many shards unless it says otherwise.", runtime.NumCPU())
	if s.serverCPUs != "" {
		servers = fmt.Sprintf("Servers have CPU %s, the load %d CPU(s). GOMAXPROCS and shards are as many as the servers' CPUs, unless they say otherwise.", s.serverCPUs, runtime.NumCPU())
	}
	generator := "thread(s) of the generator"
	if s.wrk {
		generator = "thread(s) of wrk"
	}
	return append([]string{
		fmt.Sprintf("%s, %s, %s %s/%s", cpuModel(), kernel(), runtime.Version(), runtime.GOOS, runtime.GOARCH),
		servers,
		fmt.Sprintf("Load: %d connections, %d %s, medians of %d round(s) of %s.", s.connections, s.threads, generator, s.rounds, s.time),
	}, s.versions()...)
}

// cpuModel is what the machine has, also where this process may not use all of it.
func cpuModel() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return err.Error()
	}
	model, count := "CPU", 0
	for line := range strings.Lines(string(info)) {
		name, value, _ := strings.Cut(line, ":")
		switch strings.TrimSpace(name) {
		case "processor":
			count++
		case "model name":
			model = strings.TrimSpace(value)
		}
	}
	return fmt.Sprintf("%d × %s", count, model)
}

func kernel() string {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return err.Error()
	}
	return "Linux " + unix.ByteSliceToString(name.Release[:])
}

func (r *report) write(out io.Writer) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

func readReport(file string) (*report, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	r := &report{}
	if err := json.Unmarshal(data, r); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}

// save writes the report to a file.
func (r *report) save(file string) error { return toFile(file, r.write) }

// toFile creates a file of what is written.
func toFile(file string, write func(io.Writer) error) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
