//go:build linux

package main

import (
	"bytes"
	"cmp"
	"fmt"
	"html"
	"io"
	"slices"
	"strings"
)

// The chart's measures, in pixels.
const (
	chartWidth = 760
	barLeft    = 290
	barRight   = 90 // room for the value
	barHeight  = 16
	rowHeight  = 25
	panelTop   = 46 // the title of a panel
	panelSpace = 18 // below a panel
)

// One set of colors, legible on white and on dark. A media query would ask the browser, and a page may have another theme than that.
const chartStyle = `<style>
text { font: 13px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #757d87 }
.title { font-size: 15px; font-weight: 600 }
.name { text-anchor: end }
.bar { fill: #8c959f }
.own { fill: #2f81f7 }
</style>
`

// saveChart draws the cases with these names.
func (r *report) saveChart(file, names string) error {
	return toFile(file, func(out io.Writer) error { return r.writeChart(out, strings.Split(names, ",")) })
}

// writeChart draws the CPU time per request of each server, the least first, as bars: a panel for each case. The same report gives the same bytes.
func (r *report) writeChart(out io.Writer, names []string) error {
	var panels bytes.Buffer
	height := 0
	for _, name := range names {
		i := slices.IndexFunc(r.Cases, func(c *result) bool { return c.Name == name })
		if i < 0 {
			return fmt.Errorf("chart: no case %q was measured", name)
		}
		if len(r.Cases[i].bars()) == 0 {
			return fmt.Errorf("chart: of case %q no CPU time per request was measured", name)
		}
		height = r.Cases[i].writePanel(&panels, height)
	}
	_, err := fmt.Fprintf(out, `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="%[2]d" viewBox="0 0 %[1]d %[2]d" role="img" aria-label="CPU time per request">`+"\n%s%s</svg>\n",
		chartWidth, height, chartStyle, panels.Bytes())
	return err
}

// bars are the rows that have one, the shortest first.
func (r *result) bars() []row {
	rows := slices.DeleteFunc(slices.Clone(r.Rows), func(row row) bool { return row.Medians[cpu] <= 0 })
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.Medians[cpu], b.Medians[cpu]) })
	return rows
}

// writePanel begins at y and returns where the next may.
func (r *result) writePanel(out *bytes.Buffer, y int) int {
	rows := r.bars()
	most := rows[len(rows)-1].Medians[cpu]
	fmt.Fprintf(out, `<text class="title" x="12" y="%d">%s</text>`+"\n", y+22, html.EscapeString(r.Title))
	fmt.Fprintf(out, `<text x="12" y="%d">µs of CPU per request: less is better</text>`+"\n", y+40)
	y += panelTop
	for _, row := range rows {
		class := "bar"
		if strings.HasPrefix(row.Subject, portName) {
			class = "bar own"
		}
		value := row.Medians[cpu]
		width := max(value/most*(chartWidth-barLeft-barRight), 1)
		fmt.Fprintf(out, `<text class="name" x="%d" y="%d">%s</text>`, barLeft-10, y+18, html.EscapeString(row.Subject))
		fmt.Fprintf(out, `<rect class="%s" x="%d" y="%d" width="%.1f" height="%d" rx="2"/>`, class, barLeft, y+5, width, barHeight)
		fmt.Fprintf(out, `<text x="%.1f" y="%d">%s</text>`+"\n", barLeft+width+8, y+18, number(value))
		y += rowHeight
	}
	return y + panelSpace
}
