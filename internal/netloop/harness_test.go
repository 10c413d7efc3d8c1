package netloop

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/internal/tlsconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// portable has the loops of all tests do without a poller. TestPortable runs the suite again with it.
var portable = os.Getenv(portableKey) != ""

const portableKey = "NETLOOP_PORTABLE"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestPortable runs all tests with what the loop does on other systems.
func TestPortable(t *testing.T) {
	if portable || newPoller() == nil {
		t.Skip("it is what the other tests do already")
	}
	again := exec.Command(os.Args[0], "-test.timeout=5m")
	again.Env = append(os.Environ(), portableKey+"=1")
	out, err := again.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// hooks is a Handler made of functions; those that are nil ignore their event.
type hooks struct {
	accept   func(s, listener Handle)
	connect  func(s Handle, err error)
	data     func(s Handle, p []byte)
	end      func(s Handle)
	writable func(s Handle)
	close    func(s Handle, status abi.Status)
	timer    func(now int64)
}

func (h *hooks) Accept(s, listener Handle, _ int64) {
	if h.accept != nil {
		h.accept(s, listener)
	}
}

func (h *hooks) Connect(s Handle, err error, _ int64) {
	if h.connect != nil {
		h.connect(s, err)
	}
}

func (h *hooks) Data(s Handle, p []byte, _ int64) {
	if h.data != nil {
		h.data(s, p)
	}
}

func (h *hooks) End(s Handle, _ int64) {
	if h.end != nil {
		h.end(s)
	}
}

func (h *hooks) Writable(s Handle, _ int64) {
	if h.writable != nil {
		h.writable(s)
	}
}

func (h *hooks) Close(s Handle, status abi.Status, _ int64) {
	if h.close != nil {
		h.close(s, status)
	}
}

func (h *hooks) Timer(now int64) {
	if h.timer != nil {
		h.timer(now)
	}
}

// run runs l with h until the test ends, and returns a function that stops it and waits.
func run(t testing.TB, l *Loop, h Handler) (stop func()) {
	done := make(chan error, 1)
	go func() { done <- l.Run(h) }()
	stop = sync.OnceFunc(func() {
		l.Stop()
		require.NoError(t, <-done)
	})
	t.Cleanup(stop)
	return stop
}

// on calls f on the loop's goroutine and waits for it.
func on(t testing.TB, l *Loop, f func()) {
	done := make(chan struct{})
	require.True(t, l.Post(func() { defer close(done); f() }))
	<-done
}

// kind is a kind of connection that the suite runs on.
type kind struct {
	name      string
	pair      func(t testing.TB) (ours, theirs net.Conn)
	halfClose bool // there is CloseWrite
	tcp       bool // a reset is seen as such
	plain     bool // it is a socket of the system, read by its descriptor where that can be done
	sealed    bool // TLS, of which nothing blocks where the loop has a poller
	direct    bool // it is accepted for a loop, which alone has its descriptor
}

var kinds = []kind{
	{name: "tcp", pair: tcpPair, halfClose: true, tcp: true, plain: runtime.GOOS != "windows"},
	{name: "unix", pair: unixPair, halfClose: true, plain: runtime.GOOS != "windows"},
	{name: "wrapped", pair: wrappedPair, halfClose: true, tcp: true},
	{name: "pipe", pair: func(testing.TB) (net.Conn, net.Conn) { return net.Pipe() }},
	{name: "tls", pair: tlsPair, halfClose: true, tcp: true},
	{name: "established tls", pair: func(t testing.TB) (net.Conn, net.Conn) { return establishedPair(t) }, halfClose: true, tcp: true, sealed: true},
	{name: "direct tcp", pair: directTCPPair, halfClose: true, tcp: true, plain: runtime.GOOS != "windows", direct: runtime.GOOS == "linux"},
	{name: "direct unix", pair: directUnixPair, halfClose: true, plain: runtime.GOOS != "windows", direct: runtime.GOOS == "linux"},
}

// eachKind runs a subtest for each kind of connection.
func eachKind(t *testing.T, test func(t *testing.T, k kind)) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) { test(t, k) })
	}
}

// wrapped is a connection of which the loop sees only the methods.
type wrapped struct {
	net.Conn
}

func (w wrapped) NetConn() net.Conn { return w.Conn }
func (w wrapped) CloseWrite() error { return w.Conn.(closeWriter).CloseWrite() }

func tcpPair(t testing.TB) (ours, theirs net.Conn) { return socketPair(t, "tcp", "127.0.0.1:0") }

func unixPair(t testing.TB) (ours, theirs net.Conn) {
	return socketPair(t, "unix", filepath.Join(t.TempDir(), "s"))
}

func directTCPPair(t testing.TB) (ours, theirs net.Conn) {
	return acceptedPair(t, "tcp", "127.0.0.1:0", Direct)
}

func directUnixPair(t testing.TB) (ours, theirs net.Conn) {
	return acceptedPair(t, "unix", filepath.Join(t.TempDir(), "s"), Direct)
}

func wrappedPair(t testing.TB) (ours, theirs net.Conn) {
	ours, theirs = tcpPair(t)
	return wrapped{ours}, theirs
}

func tlsPair(t testing.TB) (ours, theirs net.Conn) {
	ours, theirs = tcpPair(t)
	return tls.Server(ours, &tls.Config{Certificates: []tls.Certificate{certificate()}}),
		tls.Client(theirs, &tls.Config{InsecureSkipVerify: true})
}

// establishedPair is a TLS connection whose handshake is over, and its peer, which tells a cut from an end likewise.
func establishedPair(t testing.TB) (ours, theirs *tlsconn.Conn) {
	here, there := tcpPair(t)
	client := make(chan *tlsconn.Conn, 1)
	go func() {
		c, err := tlsconn.Client(t.Context(), there, &tls.Config{InsecureSkipVerify: true})
		assert.NoError(t, err)
		client <- c
	}()
	ours, err := tlsconn.Server(t.Context(), here, &tls.Config{Certificates: []tls.Certificate{certificate()}})
	require.NoError(t, err)
	return ours, <-client
}

func socketPair(t testing.TB, network, address string) (ours, theirs net.Conn) {
	return acceptedPair(t, network, address, func(ln net.Listener) net.Listener { return ln })
}

// acceptedPair is a connection that what over makes of a listener has accepted, and its peer.
func acceptedPair(t testing.TB, network, address string, over func(net.Listener) net.Listener) (ours, theirs net.Conn) {
	ln, err := net.Listen(network, address)
	require.NoError(t, err)
	ln = over(ln)
	defer ln.Close()
	accepted := make(chan net.Conn, 1)
	go func() {
		c, err := ln.Accept()
		if err != nil {
			close(accepted)
			return
		}
		accepted <- c
	}()
	theirs, err = net.Dial(network, ln.Addr().String())
	require.NoError(t, err)
	ours = <-accepted
	require.NotNil(t, ours)
	t.Cleanup(func() { _ = theirs.Close() })
	return ours, theirs
}

var certificate = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
})

// echo writes back what it reads. What Write does not take it keeps, with the socket paused, until Writable. After End
// it finishes and closes.
type echo struct {
	hooks
	loop  *Loop
	waits map[Handle][]byte
	over  func() // called when a socket is closed, if not nil
}

func newEcho(l *Loop) *echo {
	return &echo{loop: l, waits: map[Handle][]byte{}}
}

func (e *echo) Data(s Handle, p []byte, _ int64) {
	n, status := e.loop.Write(s, p)
	if status == abi.StatusOK && n < len(p) {
		e.waits[s] = append([]byte(nil), p[n:]...)
		e.loop.Pause(s)
	}
}

func (e *echo) Writable(s Handle, _ int64) {
	p := e.waits[s]
	n, status := e.loop.Write(s, p)
	if e.waits[s] = p[n:]; status == abi.StatusOK && n == len(p) {
		delete(e.waits, s)
		e.loop.Resume(s)
	}
}

func (e *echo) End(s Handle, now int64) {
	e.loop.CloseHandle(s, false)
	e.Close(s, abi.StatusOK, now)
}

func (e *echo) Close(s Handle, _ abi.Status, _ int64) {
	delete(e.waits, s)
	if e.over != nil {
		e.over()
	}
}
