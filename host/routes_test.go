package host_test

import (
	"context"
	"fmt"
	"io"
	nethttp "net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host"
	"github.com/portholehttp/porthole/host/internal/module/moduletest"
)

// saying is a handler that answers with a text of four bytes.
func saying(text string) []byte { return moduletest.AnsweringWith(text).Encode() }

// getHost is get with another Host.
func getHost(t testing.TB, c *nethttp.Client, name, path string) string {
	t.Helper()
	request, err := nethttp.NewRequest("GET", "http://host"+path, nil)
	require.NoError(t, err)
	request.Host = name
	res, err := c.Do(request)
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	if res.StatusCode != 200 {
		return fmt.Sprint(res.StatusCode)
	}
	return string(body)
}

func TestRoutes(t *testing.T) {
	r, _ := newRuntime(t, host.Config{})
	s, err := r.NewServer(nil, host.ServerConfig{Shards: 2})
	require.NoError(t, err)
	c := newClient(t, "tcp", listen(t, s, loopback))
	assert.Equal(t, "404", getHost(t, c, "host", "/"), "there are no routes")

	for pattern, text := range map[string]string{"/": "root", "/api/": "api.", "/api": "api=", "Example.com/": "ex.c", "*.example.com/api/": "sub."} {
		require.NoError(t, s.Handle(pattern, load(t, r, text, saying(text))))
	}
	for _, c2 := range []*nethttp.Client{c, newClient(t, "tcp", listen(t, s, loopback))} { // the other shard
		for _, test := range []struct{ host, path, want string }{
			{"host", "/", "root"}, {"host", "/other?/api/", "root"}, {"host", "/api/x", "api."}, {"host", "/api?x", "api="},
			{"example.com:80", "/api/", "ex.c"}, {"EXAMPLE.COM", "/", "ex.c"}, {"www.example.com", "/api/", "sub."}, {"www.example.com", "/", "root"},
		} {
			assert.Equal(t, test.want, getHost(t, c2, test.host, test.path), "%v", test)
		}
	}
	var patterns []string
	for _, route := range s.Routes() {
		patterns = append(patterns, route.Pattern+" "+route.Handler.Name())
	}
	assert.Equal(t, []string{"*.example.com/api/ sub.", "/ root", "/api api=", "/api/ api.", "Example.com/ ex.c"}, patterns)

	require.NoError(t, s.Remove("/api/"))
	assert.Equal(t, "root", getHost(t, c, "host", "/api/x"))
	require.NoError(t, s.Remove("example.com/"))
	assert.Equal(t, "root", getHost(t, c, "example.com", "/"))
	require.NoError(t, s.Remove("/"))
	assert.Equal(t, "404", getHost(t, c, "example.com", "/"))
	assert.Equal(t, "api=", getHost(t, c, "example.com", "/api"))
}

func TestRoutesAreRefused(t *testing.T) {
	r, _ := newRuntime(t, host.Config{})
	other, _ := newRuntime(t, host.Config{})
	h := load(t, r, "good", saying("good"))
	s, err := r.NewServer(h, host.ServerConfig{Shards: 1})
	require.NoError(t, err)
	c := newClient(t, "tcp", listen(t, s, loopback))

	var fault *host.RouteError
	require.ErrorAs(t, s.Handle("api", h), &fault)
	assert.Equal(t, "api", fault.Pattern)
	require.ErrorAs(t, s.Handle("/", nil), &fault)
	require.ErrorAs(t, s.Remove("/api/"), &fault)
	assert.Equal(t, "there is no such route", fault.Reason)
	require.ErrorAs(t, s.Remove("*/"), &fault)
	require.ErrorAs(t, host.ValidatePattern("*/"), &fault)
	assert.NoError(t, host.ValidatePattern("*.a/"))
	assert.ErrorContains(t, s.Handle("/", load(t, other, "other", saying("othe"))), "another Runtime")

	broken := moduletest.Trapping()
	broken.Function("on_start").Body = broken.Function("on_event").Body
	var ended *host.FaultError
	require.ErrorAs(t, s.Handle("/", load(t, r, "broken", broken.Encode())), &ended)
	assert.Equal(t, "broken", ended.Guest)
	assert.Equal(t, "good", getHost(t, c, "host", "/"), "what was there stays")
	assert.Equal(t, "good", s.Routes()[0].Handler.Name())

	closed := load(t, r, "closed", saying("clos"))
	require.NoError(t, closed.Close())
	require.NoError(t, closed.Close(), "again")
	assert.ErrorIs(t, s.Handle("/", closed), host.ErrHandlerClosed)

	require.NoError(t, h.Close())
	assert.Equal(t, "good", getHost(t, c, "host", "/"), "one that has a route stays")
	require.NoError(t, s.Handle("/", h), "nothing to do")

	require.NoError(t, s.Close())
	assert.ErrorIs(t, s.Handle("/x", load(t, r, "late", saying("late"))), host.ErrServerClosed)
	assert.ErrorIs(t, s.Remove("/"), host.ErrServerClosed)
}

// A request that began on the old version is finished by it, while the new one serves others.
func TestReplacedFinishesItsRequests(t *testing.T) {
	r, _ := newRuntime(t, host.Config{})
	old := load(t, r, "old", faulty)
	s, err := r.NewServer(old, host.ServerConfig{Shards: 1})
	require.NoError(t, err)
	addr := listen(t, s, loopback)
	conn, finish := inFlight(t, "tcp", addr)
	require.NoError(t, s.Handle("/", load(t, r, "new", saying("new."))))
	require.NoError(t, old.Close())
	for range 3 {
		assert.Equal(t, "new.", getHost(t, newClient(t, "tcp", addr), "host", "/"))
	}
	finish()
	answer := make([]byte, 1000)
	n, err := io.ReadAtLeast(conn, answer, len("HTTP/1.1 200 OK"))
	require.NoError(t, err)
	assert.Contains(t, string(answer[:n]), "HTTP/1.1 200 OK")
}

// A load runs while the handler is replaced every 100 ms: no request fails.
func TestReplaceLosesNothing(t *testing.T) {
	const clients = 8
	times := 50
	if testing.Short() {
		times = 10
	}
	r, log := newRuntime(t, host.Config{})
	current := load(t, r, "v0", saying("v0.."))
	s, err := r.NewServer(current, host.ServerConfig{Shards: 2})
	require.NoError(t, err)
	addr := listen(t, s, loopback)

	stop := make(chan struct{})
	var running sync.WaitGroup
	seen := make([]map[string]int, clients)
	for i := range clients {
		seen[i] = make(map[string]int)
		c := newClient(t, "tcp", addr)
		running.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				res, err := c.Get("http://host/")
				if !assert.NoError(t, err) {
					return
				}
				body, err := io.ReadAll(res.Body)
				assert.NoError(t, err)
				assert.NoError(t, res.Body.Close())
				assert.Equal(t, 200, res.StatusCode)
				seen[i][string(body)]++
			}
		})
	}
	ticks := time.NewTicker(100 * time.Millisecond)
	defer ticks.Stop()
	for i := range times {
		<-ticks.C
		next := load(t, r, fmt.Sprintf("v%d", i+1), saying(fmt.Sprintf("v%-3d", i+1)))
		require.NoError(t, s.Handle("/", next))
		require.NoError(t, current.Close())
		current = next
	}
	close(stop)
	running.Wait()
	all := make(map[string]int)
	total := 0
	for _, m := range seen {
		for text, n := range m {
			assert.True(t, strings.HasPrefix(text, "v"), "%q", text)
			all[text] += n
			total += n
		}
	}
	t.Logf("%d requests, %d versions", total, len(all))
	assert.Greater(t, len(all), times/2, "nearly all versions have served")
	assert.NotContains(t, log.String(), "level=ERROR")
}

// Requests wait for an instance, for a while and so many.
func TestRequestsQueue(t *testing.T) {
	r, _ := newRuntime(t, host.Config{})
	h := loadWith(t, r, "pooled", faulty, host.HandlerConfig{
		Isolation: host.Pooled,
		Limits:    host.Limits{MaxInstances: 1, MaxQueuedRequests: 1},
	})
	s, err := r.NewServer(h, host.ServerConfig{Shards: 1})
	require.NoError(t, err)
	addr := listen(t, s, loopback)
	_, finish := inFlight(t, "tcp", addr) // the instance is busy
	// Of two more one has no place.
	results := make(chan int, 2)
	for range 2 {
		go func() {
			res, err := newClient(t, "tcp", addr).Get("http://host/")
			if !assert.NoError(t, err) {
				results <- 0
				return
			}
			_ = res.Body.Close()
			results <- res.StatusCode
		}()
	}
	assert.Equal(t, 503, <-results)
	finish()
	assert.Equal(t, 200, <-results)

	h = loadWith(t, r, "impatient", faulty, host.HandlerConfig{
		Isolation: host.Pooled,
		Limits:    host.Limits{MaxInstances: 1, QueueTimeout: time.Millisecond},
	})
	require.NoError(t, s.Handle("/", h))
	_, finish = inFlight(t, "tcp", addr)
	status, _ := get(t, newClient(t, "tcp", addr), "/")
	assert.Equal(t, 503, status)
	finish()
}

func TestFreshKeepsNothing(t *testing.T) {
	s, _ := newServer(t, faulty, host.HandlerConfig{Isolation: host.Fresh}, host.ServerConfig{})
	c := newClient(t, "tcp", listen(t, s, loopback))
	for range 20 {
		status, count := get(t, c, "/count")
		assert.Equal(t, 200, status)
		assert.Equal(t, "1", count)
		get(t, c, "/stuck") // leaves a goroutine behind
	}
}

// A handler that never returns is ended in time, with 500. Another shard has gone on meanwhile.
func TestEndlessHandler(t *testing.T) {
	for _, c := range []struct {
		path   string
		limits host.Limits
		reason string
	}{
		{"/endless", host.Limits{EventTimeout: 300 * time.Millisecond}, "longer than it may"},
		{"/endless", host.Limits{EventTimeout: -1, MaxExchangeFuel: 1e6}, "more than it may"},
	} {
		s, log := newServer(t, faulty, host.HandlerConfig{Limits: c.limits}, host.ServerConfig{Shards: 2})
		addr := listen(t, s, loopback)
		one, other := newClient(t, "tcp", addr), newClient(t, "tcp", addr) // connections are dealt in turn
		get(t, one, "/")
		get(t, other, "/")
		done := make(chan int, 1)
		go func() {
			res, err := one.Get("http://host" + c.path)
			if !assert.NoError(t, err) {
				done <- 0
				return
			}
			_ = res.Body.Close()
			done <- res.StatusCode
		}()
		served := 0
		for ended := false; !ended; served++ {
			status, _ := get(t, other, "/")
			assert.Equal(t, 200, status)
			select {
			case status := <-done:
				assert.Equal(t, 500, status)
				ended = true
			default:
			}
		}
		assert.Positive(t, served)
		status, _ := get(t, one, "/")
		assert.Equal(t, 200, status, "a fresh instance")
		assert.Contains(t, log.String(), c.reason)
	}
}

// Close ends a server whose handler computes for ever, without a limit too.
func TestCloseEndsAnEndlessHandler(t *testing.T) {
	s, log := newServer(t, faulty, host.HandlerConfig{Limits: host.Limits{EventTimeout: -1, MaxExchangeFuel: -1}}, host.ServerConfig{})
	c := newClient(t, "tcp", listen(t, s, loopback))
	done := make(chan struct{})
	go func() {
		defer close(done)
		if res, err := c.Get("http://host/endless"); err == nil {
			_ = res.Body.Close()
		}
	}()
	log.await(t, "line=endless")
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	assert.ErrorIs(t, s.Shutdown(ctx), context.DeadlineExceeded)
	require.NoError(t, s.Close())
	<-done
}

// A handler sees the environment and the arguments that it was granted, and nothing of the process's.
func TestEnvironmentIsGranted(t *testing.T) {
	s, _ := newServer(t, faulty, host.HandlerConfig{Grants: host.Grants{
		Env: map[string]string{"B": "2", "A": "1=one"}, Args: []string{"x", "y z"},
	}}, host.ServerConfig{})
	_, seen := get(t, newClient(t, "tcp", listen(t, s, loopback)), "/environment")
	assert.Equal(t, "A=1=one B=2 guest x y z", seen)
	s, _ = newServer(t, faulty, host.HandlerConfig{}, host.ServerConfig{})
	_, seen = get(t, newClient(t, "tcp", listen(t, s, loopback)), "/environment")
	assert.Equal(t, "guest", seen)
}

func TestHostModulesNeedAGrant(t *testing.T) {
	r, _ := newRuntime(t, host.Config{HostModules: []host.HostModule{{Name: "shop"}}})
	_, err := r.Load(context.Background(), "greeter", greeter, host.HandlerConfig{})
	var denied *host.ImportError
	require.ErrorAs(t, err, &denied)
	assert.Equal(t, "shop", denied.Module)
	assert.ErrorContains(t, err, "import shop.visits needs a grant: host.Grants.HostModules")
	_, err = r.Load(context.Background(), "greeter", greeter, host.HandlerConfig{Grants: host.Grants{HostModules: []string{"*"}}})
	assert.ErrorContains(t, err, "import shop.visits: there is no such module")

	r, _ = newRuntime(t, host.Config{})
	_, err = r.Load(context.Background(), "greeter", greeter, host.HandlerConfig{Grants: host.Grants{HostModules: []string{"*"}}})
	assert.ErrorContains(t, err, "import shop.visits: there is no such module")
}

// Replacements are counted, and attempts that changed nothing; a first version and another route are none.
func TestReplacementsAreCounted(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	r, _ := newRuntime(t, host.Config{Metrics: registry})
	s, err := r.NewServer(load(t, r, "shop", saying("one.")), host.ServerConfig{Shards: 1})
	require.NoError(t, err)
	require.NoError(t, s.Handle("/", load(t, r, "shop", saying("two."))))
	require.NoError(t, s.Handle("/other/", load(t, r, "shop", saying("3..."))))
	broken := moduletest.Trapping()
	broken.Function("on_start").Body = broken.Function("on_event").Body
	for range 2 {
		require.Error(t, s.Handle("/", load(t, r, "shop", broken.Encode())))
	}
	require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP porthole_handler_reloads_total Attempts to replace the handler by a new version.
# TYPE porthole_handler_reloads_total counter
porthole_handler_reloads_total{handler="shop",result="failed"} 2
porthole_handler_reloads_total{handler="shop",result="ok"} 1
`), "porthole_handler_reloads_total"))
}
