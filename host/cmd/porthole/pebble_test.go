package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	bigendian "encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/portholehttp/porthole/host/internal/certtest"
)

// pebbleModule is an authority for tests that speaks ACME as Let's Encrypt does.
const pebbleModule = "github.com/letsencrypt/pebble/v2/cmd/pebble@v2.10.1"

// buildPebble builds it, or skips the test if it cannot be had.
func buildPebble(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	dir := t.TempDir()
	cmd := exec.CommandContext(ctx, "go", "install", pebbleModule)
	cmd.Dir = dir // it is no part of this module
	cmd.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		if os.Getenv("PORTHOLE_REQUIRE_PEERS") != "" {
			t.Fatalf("PORTHOLE_REQUIRE_PEERS is set: %v\n%s", err, out)
		}
		t.Skipf("pebble cannot be built: %v (set PORTHOLE_REQUIRE_PEERS to make that a failure)\n%s", err, out)
	}
	name := "pebble"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(dir, name)
}

// pebble is an authority of a test, of which the address is known before it runs: its clients are kept waiting until then.
type pebble struct {
	t       *testing.T
	front   net.Listener  // what clients know
	started chan struct{} // closed when address can be connected to
	address string
	roots   *x509.CertPool // of the certificates that it issues
	own     *certtest.Authority
	over    chan struct{}
}

func newPebble(t *testing.T) *pebble {
	t.Helper()
	front, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &pebble{t: t, front: front, started: make(chan struct{}), own: certtest.NewAuthority(t), over: make(chan struct{})}
	var forwarding sync.WaitGroup
	forwarding.Go(func() {
		for {
			c, err := front.Accept()
			if err != nil {
				return
			}
			forwarding.Go(func() { p.forward(c) })
		}
	})
	t.Cleanup(func() {
		close(p.over)
		_ = front.Close()
		forwarding.Wait()
	})
	return p
}

// directory is its URL.
func (p *pebble) directory() string { return "https://" + p.front.Addr().String() + "/dir" }

// forward connects a client to the authority once that is there.
func (p *pebble) forward(c net.Conn) {
	defer func() { _ = c.Close() }()
	select {
	case <-p.started:
	case <-p.over:
		return
	}
	to, err := net.Dial("tcp", p.address)
	if err != nil {
		return
	}
	var back sync.WaitGroup
	back.Go(func() {
		_, _ = io.Copy(c, to)
		_ = c.Close()
	})
	_, _ = io.Copy(to, c)
	_ = to.Close()
	back.Wait()
}

// run starts it. Whatever name a certificate is wanted for, it connects to tlsPort of this machine. stop ends it.
func (p *pebble) run(binary string, tlsPort int) (stop func()) {
	p.t.Helper()
	for range 5 { // somebody may have taken the ports
		if stop := p.try(binary, tlsPort); stop != nil {
			close(p.started)
			return stop
		}
	}
	require.Fail(p.t, "pebble does not start")
	return nil
}

func (p *pebble) try(binary string, tlsPort int) (stop func()) {
	p.t.Helper()
	cert, key := certtest.Files(p.t, p.own.Issue(p.t, "pebble.test"))
	management := freeAddress(p.t)
	p.address = freeAddress(p.t)
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": p.address, "managementListenAddress": management, "certificate": cert, "privateKey": key,
		"httpPort": 1, "tlsPort": tlsPort, "retryAfter": map[string]int{"authz": 1, "order": 1},
	}})
	require.NoError(p.t, err)
	ctx, cancel := context.WithTimeout(context.Background(), tooLong)
	cmd := exec.CommandContext(ctx, binary, "-strict", "-config", file(p.t, "pebble.json", config), "-dnsserver", serveDNS(p.t))
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1")
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	require.NoError(p.t, cmd.Start())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // it is killed, or says why on log
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		<-ended
	})
	p.t.Cleanup(func() {
		stop()
		if p.t.Failed() {
			p.t.Log(log.String())
		}
	})
	for _, address := range []string{management, p.address} {
		if !reachable(address, ended) {
			stop()
			return nil
		}
	}
	p.fetchRoots(management)
	return stop
}

// fetchRoots asks for what has signed its certificates.
func (p *pebble) fetchRoots(management string) {
	p.t.Helper()
	client := &nethttp.Client{Timeout: tooLong, Transport: &nethttp.Transport{TLSClientConfig: &tls.Config{RootCAs: p.own.Pool()}, DisableKeepAlives: true}}
	res, err := client.Get("https://" + management + "/roots/0")
	require.NoError(p.t, err)
	text, err := io.ReadAll(res.Body)
	require.NoError(p.t, err)
	require.NoError(p.t, res.Body.Close())
	p.roots = x509.NewCertPool()
	require.True(p.t, p.roots.AppendCertsFromPEM(text))
}

// freeAddress returns one that nobody listened on a moment ago.
func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, ln.Close()) }()
	return ln.Addr().String()
}

// reachable waits until another process listens, or has ended. All that can be done for that is to try.
func reachable(address string, ended <-chan struct{}) bool {
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		if c, err := net.Dial("tcp", address); err == nil {
			return c.Close() == nil
		}
		select {
		case <-again.C:
		case <-ended:
			return false
		}
	}
}

// serveDNS runs a name server, over TCP, that knows one address, 127.0.0.1, for all names.
func serveDNS(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer func() { _ = c.Close() }()
				for answerDNS(c) == nil {
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		serving.Wait() // who asks has ended
	})
	return ln.Addr().String()
}

// answerDNS answers one query (RFC 1035 §4.2.2).
func answerDNS(c net.Conn) error {
	var size [2]byte
	if _, err := io.ReadFull(c, size[:]); err != nil {
		return err
	}
	query := make([]byte, bigendian.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(c, query); err != nil {
		return err
	}
	answer, err := resolve(query)
	if err != nil {
		return err
	}
	_, err = c.Write(append(bigendian.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
	return err
}

func resolve(query []byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(query); err != nil {
		return nil, err
	}
	m.Response, m.Additionals = true, nil
	for _, q := range m.Questions {
		if q.Type == dnsmessage.TypeA {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: 1},
				Body:   &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}},
			})
		}
	}
	return m.Pack()
}

// portOf is the port of the i-th address.
func (p *process) portOf(i int) int {
	p.t.Helper()
	_, port, err := net.SplitHostPort(p.addresses[i][len("https://"):])
	require.NoError(p.t, err)
	n, err := strconv.Atoi(port)
	require.NoError(p.t, err, fmt.Sprint(p.addresses))
	return n
}
