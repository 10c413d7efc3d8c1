package wasi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	nethttp "net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host"
	"github.com/portholehttp/porthole/tests/internal/authority"
)

// serving is a program that listens where it is granted.
var serving = host.Grants{Listen: []string{"127.0.0.1:*"}}

// serveProgram starts the server and returns where it listens.
func serveProgram(t *testing.T, c host.ProgramConfig, address string) (p *process, at string) {
	t.Helper()
	p = start(t, program, c, "serve", address)
	return p, p.line()
}

// newClient returns a client whose connections end with the test.
func newClient(t *testing.T, transport *nethttp.Transport) *nethttp.Client {
	t.Cleanup(transport.CloseIdleConnections)
	return &nethttp.Client{Transport: transport, Timeout: patience}
}

func body(t *testing.T, response *nethttp.Response, err error) string {
	t.Helper()
	require.NoError(t, err)
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return string(text)
}

func TestServe(t *testing.T) {
	p, at := serveProgram(t, host.ProgramConfig{Grants: serving}, "127.0.0.1:0")
	client := newClient(t, &nethttp.Transport{})
	var peer string
	for range 3 { // on one connection
		response, err := client.Get("http://" + at + "/")
		text := body(t, response, err)
		assert.Regexp(t, `\Ahello 127\.0\.0\.1:\d+\n\z`, text)
		assert.Contains(t, []string{"", text}, peer, "the connection is kept")
		peer = text
	}
	large := bytes.Repeat([]byte("porthole"), 1<<20)
	response, err := client.Post("http://"+at+"/echo", "", bytes.NewReader(large))
	assert.True(t, body(t, response, err) == string(large))

	response, err = client.Get("http://" + at + "/exit")
	body(t, response, err)
	assert.Equal(t, "finished\n", p.output())
	assert.NoError(t, p.err)
	assert.Equal(t, 7, p.code)
	assert.Empty(t, p.refusals())
}

// A header that does not come in time ends the connection: the deadline is a clock of poll_oneoff.
func TestServerTimeout(t *testing.T) {
	_, at := serveProgram(t, host.ProgramConfig{Grants: serving}, "127.0.0.1:0")
	c, err := net.Dial("tcp", at)
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.SetDeadline(time.Now().Add(patience)))
	_, err = io.WriteString(c, "GET / HTTP/1.1\r\n")
	require.NoError(t, err)
	_, err = io.ReadAll(c)
	assert.NoError(t, err, "the server closes it")
}

// All 1,000 are in the handler at the same time, or none is answered.
func TestServeThousand(t *testing.T) {
	const n = 1000
	_, at := serveProgram(t, host.ProgramConfig{Grants: serving}, "127.0.0.1:0")
	client := newClient(t, &nethttp.Transport{MaxIdleConnsPerHost: n})
	for range 2 { // the second time on kept connections
		var all sync.WaitGroup
		for range n {
			all.Go(func() {
				response, err := client.Get("http://" + at + "/meet?n=" + strconv.Itoa(n))
				if !assert.NoError(t, err) {
					return
				}
				text, err := io.ReadAll(response.Body)
				assert.NoError(t, err)
				assert.Equal(t, "met\n", string(text))
				_ = response.Body.Close()
			})
		}
		all.Wait()
	}
}

func TestServeUnixSocket(t *testing.T) {
	path := filepath.Join(scratch, "serve.sock")
	grants := host.Grants{Listen: []string{"unix:" + path}}
	for range 2 { // the path is free again when the program has ended
		p, at := serveProgram(t, host.ProgramConfig{Grants: grants}, "unix:"+path)
		assert.Equal(t, path, at)
		client := newClient(t, &nethttp.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		}})
		response, err := client.Get("http://any/")
		assert.Equal(t, "hello \n", body(t, response, err))
		response, err = client.Get("http://any/exit")
		body(t, response, err)
		assert.Equal(t, "finished\n", p.output())
		assert.NoFileExists(t, path)
	}
}

func TestServeTLS(t *testing.T) {
	a := authority.New(t)
	cert, key := texts(t, loopbackPair(t, a))
	_, at := serveProgram(t, host.ProgramConfig{Grants: serving, Env: []string{"CERT=" + cert, "KEY=" + key}}, "127.0.0.1:0")
	client := newClient(t, &nethttp.Transport{TLSClientConfig: trusting(a)})
	large := strings.Repeat("porthole", 1<<17)
	response, err := client.Post("https://"+at+"/echo", "", strings.NewReader(large))
	assert.True(t, body(t, response, err) == large)
}

func TestListenIsDenied(t *testing.T) {
	for _, c := range []struct{ address, rule string }{
		{"127.0.0.1:0", "127.0.0.1:8080"},
		{":8080", "127.0.0.1:8080"},
		{"unix:" + filepath.Join(scratch, "denied.sock"), "unix:" + filepath.Join(scratch, "other.sock")},
	} {
		p := start(t, program, host.ProgramConfig{Grants: host.Grants{Listen: []string{c.rule}}}, "serve", c.address)
		assert.Empty(t, p.output())
		assert.Equal(t, 1, p.code)
		assert.NoError(t, p.err)
		assert.Contains(t, p.errors(), "bind: Permission denied")
		require.Len(t, p.refusals(), 1)
		assert.Contains(t, p.refusals()[0], `needs the grant "listen"`)
	}
}

// The end of the context ends a program that waits.
func TestInterrupt(t *testing.T) {
	p, _ := serveProgram(t, host.ProgramConfig{Grants: serving}, "127.0.0.1:0")
	cause := errors.New("enough")
	p.cancel(cause)
	assert.Empty(t, p.output())
	assert.ErrorIs(t, p.err, cause)
}
