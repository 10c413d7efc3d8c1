//go:build linux

package main

import (
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/tests/bench/load"
)

func TestMedians(t *testing.T) {
	assert.Equal(t, figures{cpu: 2, rate: 15, p99: 7}, medians([]figures{
		{cpu: 3, rate: 10},
		{cpu: 1, rate: 20},
		{cpu: 2, p99: 7},
	}))
	assert.Empty(t, medians(nil))
}

func TestLatencies(t *testing.T) {
	h := hdrhistogram.New(1, int64(time.Minute), 5)
	for i := range 1000 {
		require.NoError(t, h.RecordValue(int64(i+1)*1000))
	}
	f := figures{}
	f.latencies(load.Result{Latency: h})
	assert.InDelta(t, 500, f[p50], 0.1)
	assert.InDelta(t, 990, f[p99], 0.1)
	assert.InDelta(t, 999, f[p999], 0.1)
}
