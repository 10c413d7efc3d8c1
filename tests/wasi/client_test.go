package wasi

import (
	"crypto/tls"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host"
	"github.com/portholehttp/porthole/tests/internal/authority"
)

// origin is a server for the program to talk to.
func origin(t *testing.T, handler nethttp.HandlerFunc) (s *httptest.Server, port string) {
	t.Helper()
	s = httptest.NewServer(handler)
	t.Cleanup(s.Close)
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	require.NoError(t, err)
	return s, port
}

func hello(w nethttp.ResponseWriter, _ *nethttp.Request) {
	_, _ = io.WriteString(w, "hello") // the program tells if it is missing
}

// got is what the program prints of a response.
func got(text string) string {
	return fmt.Sprintf("200 %d %08x\n", len(text), crc32.ChecksumIEEE([]byte(text)))
}

func connecting(rules ...string) host.ProgramConfig {
	return host.ProgramConfig{Grants: host.Grants{Connect: rules}}
}

func TestGet(t *testing.T) {
	s, port := origin(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		_ = nethttp.NewResponseController(w).EnableFullDuplex() // HTTP/1.1 can
		_, _ = io.Copy(w, r.Body)                               // as above
		_, _ = io.WriteString(w, "hello")
	})
	for _, size := range []int{0, 8 << 20} {
		p := start(t, program, connecting("127.0.0.1:"+port), "get", "-upload", fmt.Sprint(size), s.URL)
		assert.Equal(t, got(strings.Repeat("\x00", size)+"hello"), p.output())
		assert.Zero(t, p.code)
	}
}

// All 1,000 requests are under way at the same time, or none is answered.
func TestGetThousand(t *testing.T) {
	const n = 1000
	var all sync.WaitGroup
	all.Add(n)
	s, port := origin(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		all.Done()
		all.Wait()
		hello(w, r)
	})
	p := start(t, program, connecting("127.0.0.1:"+port), "get", "-n", fmt.Sprint(n), s.URL)
	assert.Equal(t, strings.Repeat(got("hello"), n), p.output())
	assert.Zero(t, p.code)
}

func TestClientTimeout(t *testing.T) {
	s, port := origin(t, func(_ nethttp.ResponseWriter, r *nethttp.Request) { <-r.Context().Done() })
	p := start(t, program, connecting("127.0.0.1:"+port), "get", "-timeout", "50ms", s.URL)
	assert.Empty(t, p.output())
	assert.Equal(t, 1, p.code)
	assert.Contains(t, p.errors(), "Client.Timeout exceeded")
}

func TestGetUnixSocket(t *testing.T) {
	path := filepath.Join(scratch, "get.sock")
	listener, err := net.Listen("unix", path)
	require.NoError(t, err)
	s := httptest.NewUnstartedServer(nethttp.HandlerFunc(hello))
	require.NoError(t, s.Listener.Close())
	s.Listener = listener
	s.Start()
	defer s.Close()
	p := start(t, program, connecting("unix:"+scratch+"/*"), "get", "-at", "unix:"+path, "http://any/")
	assert.Equal(t, got("hello"), p.output())
	p = start(t, program, connecting("unix:"+scratch), "get", "-at", "unix:"+path, "http://any/")
	assert.Empty(t, p.output())
	assert.Contains(t, p.errors(), "connect: Permission denied")
}

func TestGetTLS(t *testing.T) {
	a := authority.New(t)
	s := httptest.NewUnstartedServer(nethttp.HandlerFunc(hello))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{loopbackPair(t, a)}}
	s.StartTLS()
	defer s.Close()
	c := connecting("127.0.0.1:*")
	c.Env = []string{"ROOTS=" + a.PEM()}
	p := start(t, program, c, "get", s.URL)
	assert.Equal(t, got("hello"), p.output(), p.errors())
}

// A name is resolved by the host, for a library that asks it by sock_getaddrinfo and for one that asks a name server. Its
// addresses are reached by the rules of the name.
func TestNames(t *testing.T) {
	_, port := origin(t, hello)
	resolver := names{
		"localhost":     {"127.0.0.1"},
		"private.test":  {"127.0.0.1"},
		"rebound.test":  {"127.0.0.1"},
		"unlisted.test": {"127.0.0.1"},
	}
	for name, build := range map[string]*built{"system calls": bySystemCalls, "name server": program} {
		t.Run(name, func(t *testing.T) {
			for _, c := range []struct{ title, rules, host, denied string }{
				{"a name", "localhost:" + port, "localhost", ""},
				{"a name and its address", "private.test:" + port + " 127.0.0.1:" + port, "private.test", ""},
				{"every name", "*:* 127.0.0.0/8:*", "private.test", ""},
				{"its address is not that of a name that was not resolved", "localhost:" + port, "127.0.0.1", `connecting to "127.0.0.1:`},
				{"another port", "localhost:1", "localhost", `connecting to "localhost:` + port + `"`},
				{"loopback by another name", "rebound.test:" + port, "rebound.test", `connecting to the loopback address "127.0.0.1:`},
				{"loopback by every name", "*:*", "rebound.test", `connecting to the loopback address "127.0.0.1:`},
				{"another name", "private.test:*", "unlisted.test", `resolving "unlisted.test:*"`},
			} {
				t.Run(c.title, func(t *testing.T) {
					config := connecting(strings.Fields(c.rules)...)
					config.Resolver = resolver
					p := start(t, build, config, "get", "http://"+c.host+":"+port)
					out := p.output()
					if c.denied == "" {
						assert.Equal(t, got("hello"), out)
						assert.Empty(t, p.refusals())
						return
					}
					assert.Empty(t, out)
					if assert.NotEmpty(t, p.refusals()) {
						assert.Contains(t, p.refusals()[0], c.denied)
					}
				})
			}
			config := connecting("*:*")
			config.Resolver = resolver
			p := start(t, build, config, "get", "http://missing.test:"+port)
			assert.Empty(t, p.output())
			assert.Regexp(t, "no such host|No such file", p.errors())
		})
	}
}
