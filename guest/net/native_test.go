//go:build !wasip1

package net

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	stdnet "net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/guest/internal/port"
	"github.com/portholehttp/porthole/guest/timers"
)

// These tests run the engine on real sockets. The other side is a function of its own goroutine.

// deadline is when a test has failed that waits.
const deadline = 20 * time.Second

// peer serves one connection.
func peer(t *testing.T, ln stdnet.Listener, serve func(c stdnet.Conn)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := ln.Accept()
		if !assert.NoError(t, err) {
			return
		}
		defer c.Close()
		assert.NoError(t, c.SetDeadline(time.Now().Add(deadline)))
		serve(c)
	}()
	t.Cleanup(func() { <-done; _ = ln.Close() })
}

func listen(t *testing.T, serve func(c stdnet.Conn)) (number int) {
	ln, err := stdnet.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	peer(t, ln, serve)
	return ln.Addr().(*stdnet.TCPAddr).Port
}

// journal logs the events of a socket, with data put together.
type journal struct {
	events []string
	data   []byte
}

func follow(s *Socket) *journal {
	j := &journal{}
	add := func(format string, args ...any) { j.events = append(j.events, fmt.Sprintf(format, args...)) }
	s.OnConnect(func() { add("connect") })
	s.OnData(func(chunk []byte) { j.data = append(j.data, chunk...) })
	s.OnEnd(func() { add("end") })
	s.OnFinish(func() { add("finish") })
	s.OnError(func(err error) { add("error %s", code(err)) })
	s.OnClose(func(hadError bool) { add("close %v", hadError) })
	return j
}

func TestNativeConnect(t *testing.T) {
	number := listen(t, func(c stdnet.Conn) {
		_, err := io.Copy(c, c) // until the client's end
		assert.NoError(t, err)
	})
	s := Connect(number, "127.0.0.1")
	j := follow(s)
	s.WriteString("hello ")
	s.OnConnect(func() {
		assert.Equal(t, "127.0.0.1", s.RemoteAddress())
		assert.Equal(t, number, s.RemotePort())
		assert.Equal(t, "127.0.0.1", s.LocalAddress())
		assert.NotZero(t, s.LocalPort())
		assert.Nil(t, s.GetPeerCertificate())
		s.SetNoDelay(false)
		s.SetKeepAlive(true, time.Minute)
		s.EndString("world")
	})
	port.Run()
	assert.Equal(t, "hello world", string(j.data))
	assert.Equal(t, []string{"connect", "finish", "end", "close false"}, j.events)
}

func TestNativeEndsAfterThePeer(t *testing.T) {
	answer := make(chan []byte, 1)
	number := listen(t, func(c stdnet.Conn) {
		_, err := io.WriteString(c, "all")
		assert.NoError(t, err)
		assert.NoError(t, c.(*stdnet.TCPConn).CloseWrite())
		rest, err := io.ReadAll(c)
		assert.NoError(t, err)
		answer <- rest
	})
	s := Connect(number, "localhost")
	j := follow(s)
	s.OnEnd(func() { s.WriteString("bye") })
	port.Run()
	assert.Equal(t, "bye", string(<-answer))
	assert.Equal(t, "all", string(j.data))
	assert.Equal(t, []string{"connect", "end", "finish", "close false"}, j.events)
}

func TestNativeConnectFails(t *testing.T) {
	ln, err := stdnet.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	number := ln.Addr().(*stdnet.TCPAddr).Port
	require.NoError(t, ln.Close())
	for code, open := range map[string]func() *Socket{
		"ECONNREFUSED":        func() *Socket { return Connect(number, "127.0.0.1") },
		"ENOTFOUND":           func() *Socket { return Connect(number, "no-such-host.invalid") },
		"ENOENT":              func() *Socket { return ConnectPath(filepath.Join(t.TempDir(), "none")) },
		"ERR_SOCKET_BAD_PORT": func() *Socket { return Connect(1<<20, "127.0.0.1") },
		"ERR_INVALID_IP_ADDRESS": func() *Socket {
			return ConnectWith(ConnectOptions{Host: "127.0.0.1", Port: number, LocalAddress: "here"})
		},
	} {
		s := open()
		s.WriteString("kept in vain")
		j := follow(s)
		port.Run()
		if code == "ENOTFOUND" && len(j.events) > 0 && j.events[0] == "error EAI_AGAIN" {
			continue // a machine without a resolver
		}
		assert.Equal(t, []string{"error " + code, "close true"}, j.events)
	}
}

func TestNativeDestroyWhileConnecting(t *testing.T) {
	s := Connect(9, "192.0.2.1") // nobody answers
	j := follow(s)
	s.Destroy()
	port.Run()
	assert.Equal(t, []string{"close false"}, j.events)
}

func TestNativeReset(t *testing.T) {
	ready := make(chan struct{})
	number := listen(t, func(c stdnet.Conn) {
		<-ready
		assert.NoError(t, c.(*stdnet.TCPConn).SetLinger(0))
	})
	s := Connect(number, "127.0.0.1", func() { close(ready) })
	j := follow(s)
	port.Run()
	assert.Equal(t, []string{"connect", "error ECONNRESET", "close true"}, j.events)
}

func TestNativeUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	ln, err := stdnet.Listen("unix", path)
	require.NoError(t, err)
	peer(t, ln, func(c stdnet.Conn) { _, _ = io.Copy(c, c) })
	s := ConnectPath(path, func() {})
	j := follow(s)
	s.EndString("over unix")
	port.Run()
	assert.Equal(t, "over unix", string(j.data))
}

// Both directions at once, more than any buffer takes.
func TestNativeBackPressure(t *testing.T) {
	const total = 16 << 20
	number := listen(t, func(c stdnet.Conn) { _, _ = io.Copy(c, c) })
	s := Connect(number, "127.0.0.1")
	piece := bytes.Repeat([]byte("0123456789abcdef"), 4<<10)
	var sent, received, drains, pauses int
	more := func() {
		for sent < total {
			sent += len(piece)
			if !s.Write(piece) {
				return
			}
		}
		s.End()
	}
	s.OnDrain(func() { drains++; more() })
	s.OnData(func(chunk []byte) {
		received += len(chunk)
		if received/(1<<20) > pauses { // now and then
			pauses++
			s.Pause()
			timers.SetTimeout(0, s.Resume)
		}
	})
	closed := false
	s.OnClose(func(hadError bool) { closed = !hadError })
	more()
	port.Run()
	assert.Equal(t, total, received)
	assert.NotZero(t, drains)
	assert.NotZero(t, pauses)
	assert.True(t, closed)
}

func TestNativeLargeWriteInOneCall(t *testing.T) {
	body := strings.Repeat("0123456789abcdef", 1<<18)
	number := listen(t, func(c stdnet.Conn) { _, _ = io.Copy(c, c) })
	s := Connect(number, "127.0.0.1")
	j := follow(s)
	s.EndString(body)
	port.Run()
	assert.True(t, body == string(j.data))
	assert.Equal(t, []string{"connect", "finish", "end", "close false"}, j.events)
}

func TestNativeTimeout(t *testing.T) {
	ended := make(chan struct{})
	number := listen(t, func(c stdnet.Conn) {
		_, _ = io.ReadAll(c)
		close(ended)
	})
	s := Connect(number, "127.0.0.1")
	j := follow(s)
	s.OnConnect(func() { // from then on: to connect may take longer
		s.SetTimeout(5*time.Millisecond, func() {
			j.events = append(j.events, "timeout")
			s.End()
		})
	})
	port.Run()
	<-ended
	assert.Equal(t, []string{"connect", "timeout"}, j.events[:2])
}

func TestNativeTLS(t *testing.T) {
	cert, authority := certificate(t)
	serve := func(c stdnet.Conn) {
		secure := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}})
		_, _ = io.Copy(secure, secure)
		_ = secure.Close()
	}
	s := ConnectTLS(ConnectOptions{Host: "127.0.0.1", Port: listen(t, serve), ServerName: "example.org", CA: authority})
	j := follow(s)
	s.OnConnect(func() { s.EndString("secret") })
	s.OnData(func([]byte) {
		assert.True(t, s.VerifyPeer())
		if c := s.GetPeerCertificate(); assert.NotNil(t, c) {
			assert.Equal(t, cert.Certificate[0], c.Raw)
			assert.Equal(t, "CN=test", c.Subject)
			assert.Equal(t, []string{"DNS:example.org"}, c.SubjectAltNames)
			assert.Equal(t, "2A", c.SerialNumber)
			assert.Equal(t, 2040, c.ValidTo.Year())
			assert.Len(t, c.Fingerprint256, 32*3-1)
		}
	})
	port.Run()
	assert.Equal(t, "secret", string(j.data))
	assert.Equal(t, "close false", j.events[len(j.events)-1])

	s = ConnectTLS(ConnectOptions{Host: "127.0.0.1", Port: listen(t, serve), ServerName: "example.org"})
	j = follow(s)
	port.Run()
	assert.Len(t, j.events, 2)
	assert.Equal(t, "close true", j.events[1], "who is that?")
}

// certificate returns one for example.org that vouches for itself.
func certificate(t *testing.T) (tls.Certificate, []byte) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(42), Subject: pkix.Name{CommonName: "test"}, DNSNames: []string{"example.org"},
		NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
