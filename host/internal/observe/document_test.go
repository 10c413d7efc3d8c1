package observe

import (
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/portholehttp/porthole/host/internal/shard"
)

// table returns the rows of the table in docs/observability.md whose first column has this title, by that column, without backquotes.
func table(t *testing.T, title string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../../../docs/observability.md")
	require.NoError(t, err)
	rows := make(map[string][]string)
	inside := false
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		switch {
		case len(cells) < 3 || cells[0] != "":
			inside = false
			continue
		case strings.TrimSpace(cells[1]) == title:
			inside = true
			continue
		case !inside || strings.HasPrefix(cells[1], "-"):
			continue
		}
		for i := range cells {
			cells[i] = strings.ReplaceAll(strings.TrimSpace(cells[i]), "`", "")
		}
		assert.NotContains(t, rows, cells[1], "twice")
		rows[cells[1]] = cells[2 : len(cells)-1]
	}
	require.NotEmpty(t, rows, "no table %q", title)
	return rows
}

func TestMetricsAreDocumented(t *testing.T) {
	registry := prometheus.NewRegistry()
	hub := newHub(t, registry)
	defer hub.Close()
	request(hub.Handler("shop"), "GET", "/", 200, true)
	families, err := registry.Gather()
	require.NoError(t, err)
	got := make(map[string][]string)
	for _, f := range families {
		var labels []string
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}
		got[f.GetName()] = []string{strings.ToLower(f.GetType().String()), strings.Join(labels, ", "), f.GetHelp()}
	}
	want := table(t, "metric")
	for _, row := range want {
		row[1] = strings.Join(slices.Sorted(slices.Values(strings.Split(row[1], ", "))), ", ")
	}
	assert.Equal(t, want, got)
}

func TestLabelsAreDocumented(t *testing.T) {
	labels := table(t, "label")
	kinds := make([]string, len(faultKinds))
	for i, kind := range faultKinds {
		kinds[i] = string(kind)
	}
	assert.Equal(t, strings.Join(kinds, ", "), labels["kind"][0])
	assert.Equal(t, strings.Join(methods[:otherMethod], ", ")+"; other for all others", labels["method"][0])
	for _, code := range codes {
		if _, err := strconv.Atoi(code); err != nil && !slices.Contains([]string{"2xx", "3xx", "4xx"}, code) {
			assert.Contains(t, labels["code"][0], code)
		}
	}
	used := make(map[string]bool)
	for _, row := range table(t, "metric") {
		for label := range strings.SplitSeq(row[1], ", ") {
			if label != "" {
				used[label] = true
			}
		}
	}
	assert.ElementsMatch(t, slices.Collect(maps.Keys(used)), slices.Collect(maps.Keys(labels)))
}

func TestAttributesAreDocumented(t *testing.T) {
	seen := make(map[string]bool)
	note := func(s sdktrace.ReadOnlySpan, _ map[string]string) {
		for key := range attributes(s) {
			seen[key] = true
		}
	}
	note(traced(t, shard.Request{Method: []byte("BREW"), Target: []byte("/"), Host: []byte("h:1")}, 500, true))
	assert.ElementsMatch(t, slices.Collect(maps.Keys(table(t, "attribute"))), slices.Collect(maps.Keys(seen)))
}
