package tests

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host"
	"github.com/portholehttp/porthole/tests/internal/raw"
	"github.com/portholehttp/porthole/tests/internal/subject"
)

// scenario is one conversation on a connection of its own.
type scenario struct {
	name    string
	options subject.Options
	send    string // {key} is a word that no other run has
	end     bool   // the client ends its sending side behind it
	open    bool   // more of the last message would follow: nothing else may be sent
	whole   bool   // it cannot be sent byte for byte: that takes too long
	want    []want
	closes  bool // the server closes the connection then; otherwise it goes on with the next request
}

// want is a response.
type want struct {
	status     int
	framing    raw.Framing
	body       string
	method     string            // of the request; "" is GET
	connection string            // "" is close on the last response of a connection, and otherwise keep-alive
	fields     map[string]string // further ones; "" for one that must not be there
	trailers   map[string]string
	cut        bool // the connection ends in the middle of it
}

func ok(body string) want      { return want{status: 200, framing: raw.Length, body: body} }
func chunked(body string) want { return want{status: 200, framing: raw.Chunked, body: body} }
func until(body string) want   { return want{status: 200, framing: raw.Close, body: body} }
func refused(status int) want  { return want{status: status, framing: raw.Length} }

var proceed = want{status: 100, framing: raw.None}

const probe = "GET /probe HTTP/1.1\r\nHost: probe\r\n\r\n"

// get is a request without a body; lines are further field lines.
func get(target string, lines ...string) string { return message("GET", target, "", lines...) }

// post is a request with a body and a Content-Length, unless lines say otherwise.
func post(target, body string, lines ...string) string {
	if len(lines) == 0 {
		lines = []string{"Content-Length: " + strconv.Itoa(len(body))}
	}
	return message("POST", target, body, lines...)
}

func message(method, target, body string, lines ...string) string {
	return method + " " + target + " HTTP/1.1\r\nHost: test\r\n" + strings.Join(append(lines, ""), "\r\n") + "\r\n" + body
}

// chunkedPost is a request with a chunked body as it stands, after further field lines.
func chunkedPost(target, body string, lines ...string) string {
	return post(target, body, append(lines, "Transfer-Encoding: chunked")...)
}

// old turns a request into one of HTTP/1.0.
func old(request string) string { return strings.Replace(request, " HTTP/1.1\r\n", " HTTP/1.0\r\n", 1) }

// keyCount makes keys different.
var keyCount atomic.Int64

func newKey() string { return "k" + strconv.FormatInt(keyCount.Add(1), 10) }

func withKey(text, key string) string { return strings.ReplaceAll(text, "{key}", key) }

// run has the conversation twice: all bytes at once and the next request right behind them, and byte for byte.
func (s *scenario) run(t *testing.T, addr string) {
	t.Run("at once", func(t *testing.T) {
		t.Parallel()
		c := raw.Dial(t, addr)
		text := withKey(s.send, newKey())
		if !s.end && !s.open {
			text += probe
		}
		c.Send(text)
		s.expect(t, c)
	})
	if s.whole {
		return
	}
	t.Run("bytes", func(t *testing.T) {
		t.Parallel()
		c := raw.Dial(t, addr)
		c.SendBytes(withKey(s.send, newKey()))
		s.expect(t, c)
	})
}

// expect reads the responses.
func (s *scenario) expect(t *testing.T, c *raw.Conn) {
	if s.end {
		c.CloseWrite()
	}
	for i := range s.want {
		w := s.want[i]
		if w.connection == "" {
			w.connection = "keep-alive"
			if s.closes && i == len(s.want)-1 {
				w.connection = "close"
			}
		}
		r, err := c.Next(w.method)
		require.NoError(t, err, "response %d", i)
		w.check(t, r)
	}
	if s.closes {
		c.Closed()
		return
	}
	if strings.HasSuffix(t.Name(), "bytes") {
		c.Send(probe)
	}
	assert.Equal(t, "probe", c.Response("GET").Body)
}

func (w *want) check(t *testing.T, r *raw.Response) {
	t.Helper()
	require.Equal(t, w.status, r.Status, "%v", r)
	assert.Equal(t, "HTTP/1.1", r.Version, "%v", r) // also to HTTP/1.0: RFC 9110 §2.5
	assert.Equal(t, !w.cut, r.Complete, "%v", r)
	assert.Equal(t, w.framing, r.Framing, "%v", r)
	if w.body != r.Body {
		t.Errorf("the body is %s, want %s", raw.Abridged(r.Body), raw.Abridged(w.body))
	}
	for name, value := range w.fields {
		assert.Equal(t, value, r.Get(name), "%s in %v", name, r)
	}
	for name, value := range w.trailers {
		assert.Equal(t, value, r.Trailer(name), "trailer %s in %v", name, r)
	}
	if w.status < 200 {
		return
	}
	if w.connection != "any" {
		assert.Equal(t, w.connection, r.Get("Connection"), "%v", r)
	}
	date, err := time.Parse("Mon, 02 Jan 2006 15:04:05 GMT", r.Get("Date"))
	if assert.NoError(t, err, "%v", r) {
		assert.WithinDuration(t, time.Now(), date, time.Minute)
	}
}

// farm keeps one server for each set of options.
type farm struct {
	t       *testing.T
	subject *subject.Subject
	mu      sync.Mutex
	servers map[string]*subject.Server // by their options, written out
}

// server returns the server with these options.
func (f *farm) server(o subject.Options) *subject.Server {
	f.mu.Lock()
	defer f.mu.Unlock()
	if o.KeepAliveTimeout == 0 {
		o.KeepAliveTimeout = time.Minute // so that a connection that closes was closed for a better reason
	}
	key := fmt.Sprintf("%+v", o)
	s := f.servers[key]
	if s == nil {
		s = f.subject.Start(f.t, o)
		f.servers[key] = s
	}
	return s
}

// eachOfOurs runs a test for the native and the sandboxed server. Servers of the farm are closed behind it, and it fails
// if one of them cannot let go of a connection.
func eachOfOurs(t *testing.T, test func(*testing.T, *farm)) {
	for i := range subject.Ours {
		s := &subject.Ours[i]
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			f := &farm{t: t, subject: s, servers: map[string]*subject.Server{}}
			t.Cleanup(func() {
				for _, s := range f.servers {
					s.Close(t)
				}
			})
			test(t, f)
		})
	}
}

func TestScenarios(t *testing.T) {
	groups := map[string][]scenario{
		"persistence": persistence,
		"framing":     framing,
		"bodies":      bodies,
		"pipelining":  pipelining,
		"expect":      expectations,
		"upgrade":     upgrades,
		"half-close":  halfClose,
		"limits":      limits,
		"timeouts":    timeouts,
		"lenient":     leniencies,
		"refused":     refusals(),
	}
	eachOfOurs(t, func(t *testing.T, f *farm) {
		for group, scenarios := range groups {
			t.Run(group, func(t *testing.T) {
				for _, s := range scenarios {
					t.Run(s.name, func(t *testing.T) { s.run(t, f.server(s.options).Addr) })
				}
			})
		}
	})
}

// On a Unix socket it is the same.
func TestUnixSocket(t *testing.T) {
	eachOfOurs(t, func(t *testing.T, f *farm) {
		for _, s := range slices.Concat(persistence, pipelining, halfClose) {
			s.options.Unix = true
			t.Run(s.name, func(t *testing.T) { s.run(t, f.server(s.options).Addr) })
		}
	})
}

// with is a set of options that differs from the default in one thing.
func with(change func(*host.ServerConfig)) (o subject.Options) {
	change(&o.ServerConfig)
	return o
}
