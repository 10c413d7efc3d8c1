//go:build linux

package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// benchCase is something that servers are compared in.
type benchCase struct {
	name, title string
	notes       []string // how it is measured
	columns     []column
	targets     []target
	subjects    func(ctx context.Context, s *setup) ([]subject, error)
}

// result is what became of a case.
type result struct {
	Name     string    `json:"name"`
	Title    string    `json:"title"`
	Notes    []string  `json:"notes,omitempty"`
	Rows     []row     `json:"rows"`
	Targets  []verdict `json:"targets,omitempty"`
	Skipped  []string  `json:"skipped,omitempty"`  // servers that this machine does not have
	Failures []string  `json:"failures,omitempty"` // what went wrong

	columns []column
}

// row is a subject and what was measured of it.
type row struct {
	Subject string    `json:"server"`
	Medians figures   `json:"medians"`
	Rounds  []figures `json:"rounds"`
}

func (r *result) medians() map[string]figures {
	of := map[string]figures{}
	for _, row := range r.Rows {
		of[row.Subject] = row.Medians
	}
	return of
}

// run measures all subjects in each round, beginning with another in each. A process is started for every measurement, so that none finds
// what another has left. What fails is noted, and the rest goes on.
func (c benchCase) run(ctx context.Context, s *setup) *result {
	s.skipped = map[string]struct{}{}
	defer s.stopBeside()
	r := &result{Name: c.name, Title: c.title, Notes: c.notes, columns: c.columns}
	subjects, err := c.subjects(ctx, s)
	if err != nil {
		r.Failures = append(r.Failures, fmt.Sprintf("FAILED: %v", err))
		return r
	}
	rounds := make([][]figures, len(subjects))
	starts := s.rehearse(ctx, r, subjects)
	for round := range s.rounds {
		for i := range subjects {
			k := (i + round) % len(subjects)
			if !starts[k] || ctx.Err() != nil {
				continue
			}
			f, err := s.measure(ctx, subjects[k])
			if err != nil {
				r.Failures = append(r.Failures, fmt.Sprintf("FAILED: %s, round %d: %v", subjects[k].name, round+1, err))
				continue
			}
			rounds[k] = append(rounds[k], f)
		}
	}
	if err := ctx.Err(); err != nil {
		r.Failures = append(r.Failures, fmt.Sprintf("FAILED: ended before it was through: %v", err))
	}
	for i, sub := range subjects {
		r.Rows = append(r.Rows, row{Subject: sub.name, Medians: medians(rounds[i]), Rounds: rounds[i]})
	}
	of := r.medians()
	for _, t := range c.targets {
		r.Targets = append(r.Targets, t.judge(of))
	}
	r.Skipped = slices.Sorted(maps.Keys(s.skipped))
	return r
}

// rehearse starts each subject once, so that whatever it keeps for the next time is there, such as compiled modules, and says which do start.
func (s *setup) rehearse(ctx context.Context, r *result, subjects []subject) []bool {
	starts := make([]bool, len(subjects))
	for i, sub := range subjects {
		if ctx.Err() != nil {
			break
		}
		srv, err := s.start(ctx, sub)
		if err != nil {
			r.Failures = append(r.Failures, fmt.Sprintf("FAILED: %s does not start: %v", sub.name, err))
			continue
		}
		srv.stop()
		starts[i] = true
	}
	return starts
}

// measureTimeout is far more than a measurement takes, by the default times.
const measureTimeout = 5 * time.Minute

// measure is one measurement, in a process of its own.
func (s *setup) measure(ctx context.Context, sub subject) (figures, error) {
	srv, err := s.start(ctx, sub)
	if err != nil {
		return nil, err
	}
	defer srv.stop()
	ctx, cancel := context.WithTimeout(ctx, measureTimeout)
	defer cancel()
	f, err := sub.measure(ctx, srv)
	if err != nil {
		return nil, srv.failure(err)
	}
	return f, nil
}

// start runs a subject on an address of its own, and on the CPUs that servers have.
func (s *setup) start(ctx context.Context, sub subject) (*server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	command, err := sub.command(address)
	if err != nil {
		return nil, err
	}
	if s.serverCPUs != "" {
		command = append([]string{"taskset", "--cpu-list", s.serverCPUs}, command...)
	}
	return startServer(ctx, command, address)
}
