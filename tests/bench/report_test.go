//go:build linux

package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(file, got, 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got), "go test -update writes %s anew", file)
}

func sample() *report {
	of := map[string]figures{
		portName:    {rate: 50123.4, cpu: 12.34, p99: 1234.5, resident: 70.2},
		bareName:    {rate: 138000, cpu: 6.5, p99: 900, resident: 2.6},
		netHTTPName: {rate: 73530, cpu: 14.25, p99: 5075},
		"<&>":       {rate: 3, cpu: 120},
	}
	r := &result{
		Name: "hello", Title: "hello, keep-alive & <more>", Notes: []string{"A note."},
		Skipped:  []string{"nginx is not installed: left out."},
		Failures: []string{"FAILED: broken, round 1: it ended"},
		columns:  []column{{metric: rate}, {metric: cpu}, {metric: cpu, over: netHTTPName}, {metric: p99}, {metric: resident}},
	}
	for _, name := range []string{portName, bareName, netHTTPName, "<&>", "broken"} {
		r.Rows = append(r.Rows, row{Subject: name, Medians: of[name], Rounds: []figures{of[name]}})
	}
	for _, t := range []target{
		{subject: portName, metric: cpu, factor: 1.35, than: bareName},
		{subject: portName, metric: cpu, factor: 1, than: netHTTPName},
		{subject: portName, metric: cpu, factor: 1, than: "broken"},
	} {
		r.Targets = append(r.Targets, t.judge(of))
	}
	return &report{Machine: []string{"a machine"}, Cases: []*result{r}}
}

func TestTable(t *testing.T) {
	var out bytes.Buffer
	sample().Cases[0].writeTo(&out)
	golden(t, "table.md", out.Bytes())
}

func TestChart(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, sample().writeChart(&out, []string{"hello", "hello"}))
	golden(t, "chart.svg", out.Bytes())

	assert.ErrorContains(t, sample().writeChart(&out, []string{"idle"}), `no case "idle"`)
	empty := sample()
	empty.Cases[0].Rows = empty.Cases[0].Rows[4:]
	assert.ErrorContains(t, empty.writeChart(&out, []string{"hello"}), "no CPU time")
}

// What is read again from JSON gives the same chart.
func TestReportIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, sample().save(filepath.Join(dir, "report.json")))
	r, err := readReport(filepath.Join(dir, "report.json"))
	require.NoError(t, err)
	require.NoError(t, r.saveChart(filepath.Join(dir, "chart.svg"), "hello,hello"))
	chart, err := os.ReadFile(filepath.Join(dir, "chart.svg"))
	require.NoError(t, err)
	golden(t, "chart.svg", chart)
	assert.Equal(t, sample().Machine, r.Machine)
	assert.Equal(t, sample().Cases[0].Targets, r.Cases[0].Targets)
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{0: "0.00", 1.234: "1.23", 12.34: "12.3", 123.4: "123", 123456: "123456", -12.34: "-12.3"} {
		assert.Equal(t, want, number(v))
	}
}
