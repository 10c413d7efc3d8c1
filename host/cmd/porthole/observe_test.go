package main

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/portholehttp/porthole/host/internal/module/moduletest"
)

// page gets a page of the metrics listener.
func page(t *testing.T, url string) (int, string) {
	t.Helper()
	client := &nethttp.Client{Timeout: tooLong, Transport: &nethttp.Transport{DisableKeepAlives: true}}
	res, err := client.Get(url)
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode, string(body)
}

// ours are the lines of a metrics page that are about Porthole.
func ours(page string) string {
	var b strings.Builder
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "porthole_") {
			b.WriteString(line)
		}
	}
	return b.String()
}

func TestMetricsPage(t *testing.T) {
	p := serveWith(t, moduletest.Answering(), "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0")
	url := strings.TrimPrefix(p.line("metrics on "), "metrics on ")
	for range 3 {
		status, _ := p.get(0)
		require.Equal(t, 200, status)
	}
	// A request is counted a moment after its client has the response.
	var status int
	var text string
	require.Eventually(t, func() bool {
		status, text = page(t, url)
		return status != 200 || strings.Contains(text, "\nporthole_request_duration_seconds_count{handler=\"handler\",route=\"/\"} 3\n")
	}, tooLong, 10*time.Millisecond)
	assert.Equal(t, 200, status)
	for _, want := range []string{
		"\nporthole_connections_accepted_total 3\n",
		"\nporthole_requests_total{code=\"200\",handler=\"handler\",method=\"GET\",route=\"/\"} 3\n",
		"\nporthole_request_duration_seconds_count{handler=\"handler\",route=\"/\"} 3\n",
		"\nporthole_handler_instances{handler=\"handler\"} 1\n",
		"\ngo_goroutines ",
	} {
		assert.True(t, strings.Contains(text, want), "no %q in\n%s", want, ours(text))
	}
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	require.NoError(t, err)
	for _, problem := range problems {
		assert.NotContains(t, problem.Metric, "porthole", problem.Text)
	}

	base := strings.TrimSuffix(url, "/metrics")
	status, text = page(t, base+"/healthz")
	assert.Equal(t, 200, status)
	assert.Equal(t, "ok\n", text)
	status, _ = page(t, base+"/")
	assert.Equal(t, 404, status, "requests to it are not the handler's")
	res, err := nethttp.Post(url, "text/plain", strings.NewReader("x"))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Equal(t, 405, res.StatusCode)

	c := p.dial(0)
	_, err = fmt.Fprint(c, "GET /metrics HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
	require.NoError(t, err)
	_, body := response(t, bufio.NewReader(c))
	assert.Equal(t, "hi\r\n", body, "the public listener has the handler's pages only")
}

// A client that asks and reads nothing, or sends no request, keeps nobody else from asking.
func TestMetricsPageIsBounded(t *testing.T) {
	p := serveWith(t, moduletest.Answering(), "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0")
	url := strings.TrimPrefix(p.line("metrics on "), "metrics on ")
	address := strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/metrics")
	for range 20 {
		c, err := net.Dial("tcp", address)
		require.NoError(t, err)
		defer func() { require.NoError(t, c.Close()) }()
		_, err = io.WriteString(c, "GET /metrics HTTP/1.1\r\nHost: h\r\n")
		require.NoError(t, err)
	}
	status, _ := page(t, url)
	assert.Equal(t, 200, status)
}

func TestMetricsListenFails(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, taken.Close()) }()
	_, stderr, code := porthole(t, "serve", "--cache-dir", cacheDir, "--metrics-listen", taken.Addr().String(), handlerFile(t, moduletest.Answering()))
	assert.Equal(t, 1, code)
	assert.Regexp(t, `\Aporthole: --metrics-listen: listen tcp .*\n\z`, stderr)
}

func TestLogFormat(t *testing.T) {
	p := startServe(t, "--listen", "127.0.0.1:0", "--log-format", "json", "--log-level", "error", handlerFile(t, moduletest.Trapping()))
	var line struct{ Level, Msg, Handler, Address string }
	require.NoError(t, json.Unmarshal([]byte(p.line("listening")), &line), "it comes whatever the level")
	p.addresses = []string{line.Address}
	status, _ := p.get(0)
	require.Equal(t, 500, status)
	require.NoError(t, json.Unmarshal([]byte(p.line("handler ended")), &line))
	assert.Equal(t, "ERROR", line.Level)
	assert.Equal(t, "handler", line.Handler)
}

func TestLogLevel(t *testing.T) {
	p := serveWith(t, moduletest.Trapping(), "--listen", "127.0.0.1:0", "--log-level", "error")
	status, _ := p.get(0)
	require.Equal(t, 500, status)
	assert.Contains(t, p.line("level="), "level=ERROR", "nothing less came before")
}

func TestObserveFlags(t *testing.T) {
	for _, c := range []struct{ flag, value, want string }{
		{"otlp-endpoint", "http://localhost:4318", "http://localhost:4318/v1/traces"},
		{"otlp-endpoint", "https://otlp.example.com/", "https://otlp.example.com/v1/traces"},
		{"otlp-endpoint", "https://otlp.example.com/in/traces", "https://otlp.example.com/in/traces"},
		{"metrics-listen", "127.0.0.1:9090", "127.0.0.1:9090"},
		{"metrics-listen", ":9090", ":9090"},
		{"log-format", "json", "json"},
		{"log-level", "warn", "warn"},
	} {
		f := newServe().Flags().Lookup(c.flag)
		require.NoError(t, f.Value.Set(c.value))
		assert.Equal(t, c.want, f.Value.String())
	}
	for _, c := range []struct{ flag, value, want string }{
		{"otlp-endpoint", "localhost:4318", "want http://HOST:PORT or https://HOST:PORT"},
		{"otlp-endpoint", "grpc://localhost", "want http://HOST:PORT or https://HOST:PORT"},
		{"otlp-endpoint", "http://:4318", "want http://HOST:PORT or https://HOST:PORT"},
		{"otlp-endpoint", "http://h\x00", "want http://HOST:PORT or https://HOST:PORT"},
		{"otlp-endpoint", "http://u:p@h", "want a URL without user, query and fragment; OTEL_EXPORTER_OTLP_HEADERS can hold credentials"},
		{"otlp-endpoint", "http://h/?key=x", "want a URL without user, query and fragment; OTEL_EXPORTER_OTLP_HEADERS can hold credentials"},
		{"metrics-listen", "9090", "want host:port"},
		{"metrics-listen", "unix:/x", "want host:port"},
		{"log-format", "xml", "want text or json"},
		{"log-level", "trace", "want debug, info, warn or error"},
		{"log-level", "INFO+1", "want debug, info, warn or error"},
	} {
		assert.EqualError(t, newServe().Flags().Lookup(c.flag).Value.Set(c.value), c.want, "%q", c.value)
	}
}

// backend is a collector of OpenTelemetry.
type backend struct {
	*httptest.Server
	requests chan *collector.ExportTraceServiceRequest
}

func newBackend(t *testing.T) *backend {
	t.Helper()
	b := &backend{requests: make(chan *collector.ExportTraceServiceRequest, 10)}
	b.Server = httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		var from io.Reader = r.Body
		if r.Header.Get("Content-Encoding") == "gzip" {
			unpacked, err := gzip.NewReader(r.Body)
			if !assert.NoError(t, err) {
				return
			}
			from = unpacked
		}
		data, err := io.ReadAll(from)
		assert.NoError(t, err)
		assert.Equal(t, "/v1/traces", r.URL.Path)
		request := &collector.ExportTraceServiceRequest{}
		if assert.NoError(t, proto.Unmarshal(data, request)) {
			b.requests <- request
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(b.Close)
	return b
}
