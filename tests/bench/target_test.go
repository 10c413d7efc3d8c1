//go:build linux

package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTargets(t *testing.T) {
	of := map[string]figures{
		"a": {cpu: 6, rate: 300},
		"b": {cpu: 10, rate: 100},
		"c": {cpu: 0},
	}
	for _, test := range []struct {
		target target
		want   verdict
	}{
		{target{subject: "a", metric: cpu, factor: 0.6, than: "b"},
			verdict{Target: "a: CPU µs/request ≤ 0.6 × b", Measured: "0.60 ×", Value: 0.6, Met: true, Known: true}},
		{target{subject: "a", metric: cpu, factor: 0.59, than: "b"},
			verdict{Target: "a: CPU µs/request ≤ 0.59 × b", Measured: "0.60 ×", Value: 0.6, Known: true}},
		{target{subject: "a", metric: rate, atLeast: true, factor: 3, than: "b"},
			verdict{Target: "a: requests/s ≥ 3 × b", Measured: "3.00 ×", Value: 3, Met: true, Known: true}},
		{target{subject: "b", metric: rate, atLeast: true, factor: 1, than: "a"},
			verdict{Target: "b: requests/s ≥ 1 × a", Measured: "0.33 ×", Value: 1.0 / 3, Known: true}},
		{target{subject: "b", metric: cpu, factor: 1, than: "a", plus: 4},
			verdict{Target: "b: CPU µs/request ≤ a + 4", Measured: "a + 4.0", Value: 4, Met: true, Known: true}},
		{target{subject: "b", metric: cpu, factor: 1, than: "a", plus: 3},
			verdict{Target: "b: CPU µs/request ≤ a + 3", Measured: "a + 4.0", Value: 4, Known: true}},
		{target{subject: "a", metric: cpu, plus: 6},
			verdict{Target: "a: CPU µs/request ≤ 6", Measured: "6.0", Value: 6, Met: true, Known: true}},
		{target{subject: "a", metric: p99, plus: 6},
			verdict{Target: "a: p99 µs ≤ 6", Measured: "not measured"}},
		{target{subject: "a", metric: cpu, factor: 1, than: "nobody"},
			verdict{Target: "a: CPU µs/request ≤ 1 × nobody", Measured: "not measured"}},
		{target{subject: "a", metric: cpu, factor: 1, than: "c"},
			verdict{Target: "a: CPU µs/request ≤ 1 × c", Measured: "not measured"}},
	} {
		assert.Equal(t, test.want, test.target.judge(of))
	}
}
