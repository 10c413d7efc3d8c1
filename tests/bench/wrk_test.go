//go:build linux

package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const wrkSaid = `Running 1s test @ http://127.0.0.1:8080/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   610.28us    1.02ms  20.54ms   95.57%
  100000 requests in 2.00s, 12.00MB read
Requests/sec:  50000.00
`

func TestWrk(t *testing.T) {
	r, err := parseWrk(wrkSaid + "bench: requests=100000 micros=2000000 errors=0 status=0 p50=500 p99=1500 p999=9000\n")
	require.NoError(t, err)
	assert.Equal(t, figures{rate: 50000, cpu: 10, p50: 500, p99: 1500, p999: 9000}, r.figures(time.Second))

	r.micros[p999] = 0
	assert.NotContains(t, r.figures(time.Second), p999)
}

func TestWrkThatFailed(t *testing.T) {
	for said, want := range map[string]string{
		"": "wrk said",
		"unable to connect to 127.0.0.1:8080 Connection refused\n":            "Connection refused",
		"bench: requests=10 micros=1 errors=0 status=3 p50=1 p99=1 p999=1\n":  "10 answers, 3 of them no success, 0 errors",
		"bench: requests=10 micros=1 errors=2 status=0 p50=1 p99=1 p999=1\n":  "2 errors",
		"bench: requests=0 micros=1 errors=0 status=0 p50=1 p99=1 p999=1\n":   "0 answers",
		"bench: requests=10 micros=1 errors=0 status=0 p50=1 p99=1\n":         "no p999",
		"bench: requests=ten micros=1 errors=0 status=0 p50=1 p99=1 p999=1\n": "ten",
	} {
		_, err := parseWrk(wrkSaid + said)
		assert.ErrorContains(t, err, want)
	}
}
