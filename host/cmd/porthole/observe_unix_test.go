//go:build unix

package main

import (
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/module/moduletest"
)

// While requests in flight are finished, a balancer learns that there should be no more.
func TestHealthWhileDraining(t *testing.T) {
	p := serveWith(t, moduletest.Answering(), "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--drain-timeout", "0")
	base := strings.TrimSuffix(strings.TrimPrefix(p.line("metrics on "), "metrics on "), "/metrics")
	c, r := p.begin()
	inFlight := func() bool {
		status, text := page(t, base+"/metrics")
		return status == 200 && strings.Contains(ours(text), "porthole_requests_in_flight{handler=\"handler\"} 1\n")
	}
	require.Eventually(t, inFlight, tooLong, 10*time.Millisecond)
	p.signal(syscall.SIGTERM)
	p.line("finishing requests in flight")
	require.Eventually(t, func() bool {
		status, _ := page(t, base+"/healthz")
		return status == 503
	}, tooLong, 10*time.Millisecond)
	assert.True(t, inFlight())
	_, err := io.WriteString(c, "12345")
	require.NoError(t, err)
	status, _ := response(t, r)
	assert.Equal(t, 200, status)
	assert.Zero(t, p.exitCode())
}

// What was traced is sent before the process ends.
func TestSpansAreSent(t *testing.T) {
	b := newBackend(t)
	p := serveWith(t, moduletest.Answering(), "--listen", "127.0.0.1:0", "--otlp-endpoint", b.URL)
	status, _ := p.get(0)
	require.Equal(t, 200, status)
	p.signal(syscall.SIGTERM)
	assert.Zero(t, p.exitCode())
	require.NotEmpty(t, b.requests)
	resource := (<-b.requests).GetResourceSpans()[0]
	about := make(map[string]string)
	for _, a := range resource.GetResource().GetAttributes() {
		about[a.GetKey()] = a.GetValue().GetStringValue()
	}
	assert.Equal(t, "porthole", about["service.name"])
	spans := resource.GetScopeSpans()[0].GetSpans()
	require.Len(t, spans, 1)
	assert.Equal(t, "GET /", spans[0].GetName())
}

// A collector that answers nothing does not hold up the end for long, and a signal not at all; that spans were lost is said.
func TestSpansOfADeafCollector(t *testing.T) {
	deaf, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, deaf.Close()) }()
	p := serveWith(t, moduletest.Answering(), "--listen", "127.0.0.1:0", "--otlp-endpoint", "http://"+deaf.Addr().String())
	status, _ := p.get(0)
	require.Equal(t, 200, status)
	p.signal(syscall.SIGTERM)
	p.line("spans were lost")
	assert.Zero(t, p.exitCode())
}
