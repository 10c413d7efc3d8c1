//go:build linux

package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// column is a metric of each subject, or its ratio to that of one of them.
type column struct {
	metric metric
	over   string // the subject that is 1.00; "": the figure itself
}

func (c column) String() string {
	if c.over == "" {
		return string(c.metric)
	}
	// A ratio has no unit.
	name, _, _ := strings.Cut(string(c.metric), " µs")
	return name + " × " + c.over
}

// cell is empty where nothing was measured.
func (c column) cell(of map[string]figures, subject string) string {
	value, ok := of[subject][c.metric]
	if !ok {
		return ""
	}
	if c.over == "" {
		return number(value)
	}
	base, ok := of[c.over][c.metric]
	if !ok || base == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", value/base)
}

// number has three digits where there are not more before the point.
func number(v float64) string {
	switch {
	case v >= 100 || v <= -100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10 || v <= -10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.2f", v)
	}
}

// writeTo prints a result as Markdown whose source is aligned as well.
func (r *result) writeTo(out io.Writer) {
	fmt.Fprintf(out, "\n## %s: %s\n", r.Name, r.Title)
	for _, note := range r.Notes {
		fmt.Fprintf(out, "%s\n", note)
	}
	of := r.medians()
	rows := [][]string{{"server"}}
	for _, c := range r.columns {
		rows[0] = append(rows[0], c.String())
	}
	for _, row := range r.Rows {
		cells := []string{row.Subject}
		for _, c := range r.columns {
			cells = append(cells, c.cell(of, row.Subject))
		}
		rows = append(rows, cells)
	}
	fmt.Fprintln(out)
	writeTable(out, rows)
	if len(r.Targets) > 0 {
		rows = [][]string{{"target", "measured", ""}}
		for _, v := range r.Targets {
			rows = append(rows, []string{v.Target, v.Measured, v.word()})
		}
		fmt.Fprintln(out)
		writeTable(out, rows)
	}
	for _, message := range append(r.Skipped, r.Failures...) {
		fmt.Fprintf(out, "\n%s\n", message)
	}
}

func (v verdict) word() string {
	switch {
	case !v.Known:
		return "unknown"
	case v.Met:
		return "met"
	default:
		return "NOT MET"
	}
}

// writeTable has its first row as head, its first column to the left and the others to the right.
func writeTable(out io.Writer, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell), 2)
		}
	}
	line := func(row []string) {
		for i, cell := range row {
			space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				cell += space
			} else {
				cell = space + cell
			}
			fmt.Fprintf(out, "| %s ", cell)
		}
		fmt.Fprintln(out, "|")
	}
	line(rows[0])
	for i, width := range widths {
		rule := strings.Repeat("-", width)
		if i > 0 {
			rule = rule[1:] + ":"
		}
		fmt.Fprintf(out, "| %s ", rule)
	}
	fmt.Fprintln(out, "|")
	for _, row := range rows[1:] {
		line(row)
	}
}
