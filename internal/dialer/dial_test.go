package dialer

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/portholehttp/porthole/abi"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// destination is what a test connects to.
type destination struct {
	abi.Destination
	host, local, serverName, roots, cert, key string
}

func (d destination) record() []byte {
	d.HostSize, d.LocalSize, d.ServerNameSize = uint32(len(d.host)), uint32(len(d.local)), uint32(len(d.serverName))
	d.RootsSize, d.CertSize, d.KeySize = uint32(len(d.roots)), uint32(len(d.cert)), uint32(len(d.key))
	return append(abi.Append(nil, &d.Destination), d.host+d.local+d.serverName+d.roots+d.cert+d.key...)
}

// tcp makes the destination of "host:port".
func tcp(t *testing.T, address string) destination {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	n, err := strconv.ParseUint(port, 10, 16)
	require.NoError(t, err)
	return destination{Destination: abi.Destination{Port: uint16(n)}, host: host}
}

// listen returns the address of a listener that greets each connection and closes it.
func listen(t *testing.T, network, address string) string {
	t.Helper()
	ln, err := net.Listen(network, address)
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, "hello")
			_ = c.Close()
		}
	}()
	t.Cleanup(func() {
		_ = ln.Close()
		<-done
	})
	return ln.Addr().String()
}

// free returns an address on which nobody listens.
func free(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, ln.Close())
	return ln.Addr().String()
}

// greeted fails unless c is a connection to listen.
func greeted(t *testing.T, c net.Conn) {
	t.Helper()
	p, err := io.ReadAll(c)
	require.NoError(t, err)
	require.Equal(t, "hello", string(p))
	_ = c.Close() // the peer has closed already, and TLS would say goodbye
}

// judge is a Policy made of functions, which notes what it was asked.
type judge struct {
	destination func(network, host string, port int) error
	address     func(network, address string) error

	mu    sync.Mutex
	asked []string
}

func (j *judge) note(line string) {
	j.mu.Lock()
	j.asked = append(j.asked, line)
	j.mu.Unlock()
}

func (j *judge) Destination(network, host string, port int) error {
	j.note(network + " " + host + " " + strconv.Itoa(port))
	if j.destination == nil {
		return nil
	}
	return j.destination(network, host, port)
}

func (j *judge) Address(network, address string) error {
	j.note(network + " " + address)
	if j.address == nil {
		return nil
	}
	return j.address(network, address)
}

// notLoopback is what a host says of addresses by default.
func notLoopback(_, address string) error {
	if netip.MustParseAddrPort(address).Addr().Unmap().IsLoopback() {
		return errors.New("loopback is not granted")
	}
	return nil
}

func TestDialTCP(t *testing.T) {
	address := listen(t, "tcp", "127.0.0.1:0")
	c, err := Dial(t.Context(), tcp(t, address).record(), nil)
	require.NoError(t, err)
	greeted(t, c)

	_, port, _ := net.SplitHostPort(address)
	j := &judge{}
	d := Dialer{Policy: j, Resolver: fixed(map[string]string{"name.test": "127.0.0.1"}).resolver()}
	c, err = d.Dial(t.Context(), tcp(t, "name.test.:"+port).record())
	require.NoError(t, err)
	greeted(t, c)
	assert.Equal(t, []string{"tcp name.test. " + port, "tcp4 " + address}, j.asked)
}

func TestDialFrom(t *testing.T) {
	to := tcp(t, listen(t, "tcp", "127.0.0.1:0"))
	to.local = "127.0.0.1"
	c, err := Dial(t.Context(), to.record(), nil)
	require.NoError(t, err)
	assert.Equal(t, "127.0.0.1", netip.MustParseAddrPort(c.LocalAddr().String()).Addr().String())
	greeted(t, c)

	to.local = "203.0.113.7" // of nobody (RFC 5737)
	_, err = Dial(t.Context(), to.record(), nil)
	status, text := Reason(err)
	assert.Equal(t, abi.StatusUnavailable, status)
	assert.Equal(t, "EADDRNOTAVAIL bind EADDRNOTAVAIL 203.0.113.7", text)

	to.local = "not an address"
	_, err = Dial(t.Context(), to.record(), nil)
	status, text = Reason(err)
	assert.Equal(t, abi.StatusInvalid, status)
	assert.Equal(t, `ERR_INVALID_IP_ADDRESS Invalid IP address: "not an address"`, text)
}

func TestDialUnix(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	listen(t, "unix", path)
	j := &judge{}
	to := destination{Destination: abi.Destination{Kind: abi.ConnectUnix, Port: 7}, host: path}
	c, err := Dial(t.Context(), to.record(), j)
	require.NoError(t, err)
	greeted(t, c)
	assert.Equal(t, []string{"unix " + path + " 0", "unix " + path}, j.asked)

	to.host = filepath.Join(t.TempDir(), "missing")
	_, err = Dial(t.Context(), to.record(), nil)
	status, text := Reason(err)
	assert.Equal(t, abi.StatusFailed, status)
	assert.Equal(t, "ENOENT connect ENOENT "+to.host, text)

	if runtime.GOOS == "linux" && os.Getuid() != 0 {
		closed := filepath.Join(t.TempDir(), "closed")
		require.NoError(t, os.Mkdir(closed, 0))
		to.host = filepath.Join(closed, "s")
		_, err = Dial(t.Context(), to.record(), nil)
		_, text = Reason(err)
		assert.Equal(t, "EACCES connect EACCES "+to.host, text)
	}
}

func TestRefused(t *testing.T) {
	address := free(t)
	_, err := Dial(t.Context(), tcp(t, address).record(), nil)
	status, text := Reason(err)
	assert.Equal(t, abi.StatusFailed, status)
	assert.Equal(t, "ECONNREFUSED connect ECONNREFUSED "+address, text)
}

func TestUnresolved(t *testing.T) {
	d := Dialer{Resolver: fixed(map[string]string{"broken.test": ""}).resolver()}
	for host, want := range map[string]string{
		"missing.test.": "ENOTFOUND getaddrinfo ENOTFOUND missing.test.",
		"broken.test.":  "EAI_AGAIN getaddrinfo EAI_AGAIN broken.test.",
		"a b":           "ENOTFOUND getaddrinfo ENOTFOUND a b",
	} {
		_, err := d.Dial(t.Context(), tcp(t, host+":80").record())
		status, text := Reason(err)
		assert.Equal(t, abi.StatusFailed, status, host)
		assert.Equal(t, want, text)
	}
}

func TestDeniedDestination(t *testing.T) {
	j := &judge{destination: func(string, string, int) error { return errors.New("no such grant") }}
	d := Dialer{Policy: j, Resolver: &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		t.Error("a name was resolved")
		return nil, errors.New("no")
	}}}
	_, err := d.Dial(t.Context(), tcp(t, "name.test.:80").record())
	status, text := Reason(err)
	assert.Equal(t, abi.StatusDenied, status)
	assert.Equal(t, "EACCES no such grant", text)
}

// TestRebinding resolves a name to an address that is allowed, and the second time to one that is not. What counts is what
// is connected to.
func TestRebinding(t *testing.T) {
	_, port, _ := net.SplitHostPort(listen(t, "tcp", "127.0.0.1:0"))
	j := &judge{address: notLoopback}
	n := &names{lists: map[string][][]netip.Addr{"rebinding.test": {
		{netip.MustParseAddr("203.0.113.7")},
		{netip.MustParseAddr("127.0.0.1")},
	}}}
	d := Dialer{Policy: j, Resolver: n.resolver()}
	to := tcp(t, "rebinding.test.:"+port).record()

	over, cancel := context.WithCancel(t.Context())
	j.address = func(network, address string) error {
		assert.Equal(t, "203.0.113.7:"+port, address)
		cancel() // that address is nobody's
		return notLoopback(network, address)
	}
	_, err := d.Dial(over, to)
	require.Error(t, err)
	status, _ := Reason(err)
	require.NotEqual(t, abi.StatusDenied, status, "it was let through")

	j.address = notLoopback
	_, err = d.Dial(t.Context(), to)
	status, text := Reason(err)
	assert.Equal(t, abi.StatusDenied, status)
	assert.Equal(t, "EACCES loopback is not granted", text)
}

// TestSeveralAddresses has one address of a name denied; the other is connected to.
func TestSeveralAddresses(t *testing.T) {
	address := listen(t, "tcp", "127.0.0.1:0")
	_, port, _ := net.SplitHostPort(address)
	j := &judge{address: func(_, asked string) error {
		if asked != address {
			return errors.New("not that one")
		}
		return nil
	}}
	d := Dialer{Policy: j, Resolver: fixed(map[string]string{"both.test": "::1 127.0.0.2 127.0.0.1"}).resolver()}
	c, err := d.Dial(t.Context(), tcp(t, "both.test.:"+port).record())
	require.NoError(t, err)
	greeted(t, c)
}

func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d := Dialer{Resolver: &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	}}}
	_, err := d.Dial(ctx, tcp(t, "name.test.:80").record())
	require.Error(t, err)
}

func TestTimeout(t *testing.T) {
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	_, err := Dial(ctx, tcp(t, "127.0.0.1:80").record(), nil)
	status, text := Reason(err)
	assert.Equal(t, abi.StatusFailed, status)
	assert.Equal(t, "ETIMEDOUT connect ETIMEDOUT 127.0.0.1:80", text)
}

func TestInvalidDestination(t *testing.T) {
	for _, record := range [][]byte{nil, tcp(t, "a:0").record(), append(tcp(t, "a:1").record(), 'x')} {
		_, err := Dial(t.Context(), record, &judge{destination: func(string, string, int) error {
			t.Error("judged although it is not valid")
			return nil
		}})
		status, text := Reason(err)
		assert.Equal(t, abi.StatusInvalid, status)
		assert.True(t, strings.HasPrefix(text, "ERR_INVALID_ARG_VALUE "))
	}
}

func TestUnknownReason(t *testing.T) {
	status, text := Reason(errors.New("what nobody expects"))
	assert.Equal(t, abi.StatusFailed, status)
	assert.Equal(t, "UNKNOWN what nobody expects", text)
	_, text = Reason(context.Canceled)
	assert.Equal(t, "ECANCELED connect ECANCELED", text)
}
