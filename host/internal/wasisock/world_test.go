//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package wasisock

import (
	"context"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"go.uber.org/goleak"

	"github.com/portholehttp/porthole/host/internal/grant"
)

// The programs in testdata are committed as source and binary, so that no test needs an assembler:
//
//	cd testdata && for f in *.wat; do wat2wasm --debug-names $f; done

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const memorySize = 2 << 16

// guest is a program whose functions the test calls in its stead.
type guest struct {
	t       testing.TB
	sockets *Sockets
	module  api.Module
	top     uint32 // memory below it is in use
	denied  []string
}

// newGuest starts a program with grants.
func newGuest(t testing.TB, file, connect, listen string, change ...func(*Config)) *guest {
	t.Helper()
	g := &guest{t: t, top: 1024}
	grants, err := grant.Parse(strings.Fields(connect), strings.Fields(listen))
	require.NoError(t, err)
	begin := time.Now()
	c := Config{
		Context: t.Context(), Grants: grants, MaxSockets: 16,
		Denied:    func(err error) { g.denied = append(g.denied, err.Error()) },
		Monotonic: func() int64 { return int64(time.Since(begin)) + 1 },
		Realtime:  func() int64 { return time.Now().UnixNano() },
	}
	for _, f := range change {
		f(&c)
	}
	g.sockets, err = New(c)
	require.NoError(t, err)
	t.Cleanup(g.sockets.Close)
	g.module, err = g.instantiate(t, file)
	require.NoError(t, err)
	return g
}

func (g *guest) instantiate(t testing.TB, file string) (api.Module, error) {
	ctx := context.Background()
	r := wazero.NewRuntime(ctx)
	t.Cleanup(func() { assert.NoError(t, r.Close(ctx)) })
	wasm, err := os.ReadFile(filepath.Join("testdata", file))
	require.NoError(t, err)
	compiled, err := r.CompileModule(ctx, wasm)
	require.NoError(t, err)
	if err := g.sockets.Register(ctx, r, compiled); err != nil {
		return nil, err
	}
	return r.InstantiateModule(ctx, compiled, wazero.NewModuleConfig())
}

// try calls a function. The error is that of a call that did not return.
func (g *guest) try(name string, params ...uint32) (errno, error) {
	stack := make([]uint64, max(len(params), 1))
	for i, p := range params {
		stack[i] = uint64(p)
	}
	err := g.module.ExportedFunction(name).CallWithStack(context.Background(), stack)
	return errno(stack[0]), err
}

// call calls a function that returns.
func (g *guest) call(name string, params ...uint32) errno {
	g.t.Helper()
	e, err := g.try(name, params...)
	require.NoError(g.t, err)
	return e
}

// must calls a function that succeeds.
func (g *guest) must(name string, params ...uint32) {
	g.t.Helper()
	require.Equal(g.t, success, g.call(name, params...), name)
}

// put puts bytes into memory.
func (g *guest) put(b []byte) uint32 {
	g.t.Helper()
	at := g.top
	require.True(g.t, g.module.Memory().Write(at, b))
	g.top += uint32(len(b)+7) &^ 7
	return at
}

// words makes bytes of numbers.
func bytesOf(numbers ...uint32) (b []byte) {
	for _, n := range numbers {
		b = le.AppendUint32(b, n)
	}
	return b
}

func (g *guest) room(size int) uint32 { return g.put(make([]byte, size)) }

func (g *guest) word(at uint32) uint32 {
	n, ok := g.module.Memory().ReadUint32Le(at)
	require.True(g.t, ok)
	return n
}

func (g *guest) bytes(at, size uint32) []byte {
	b, ok := g.module.Memory().Read(at, size)
	require.True(g.t, ok)
	return b
}

// vectors makes an iovec array, of buffers.
func (g *guest) vectors(buffers ...[]byte) uint32 {
	var list []uint32
	for _, b := range buffers {
		list = append(list, g.put(b), uint32(len(b)))
	}
	return g.put(bytesOf(list...))
}

// at makes an address in the first layout, of an IP address, or in the second.
func (g *guest) at(text string) uint32 {
	b := netip.MustParseAddr(text).AsSlice()
	return g.put(bytesOf(g.put(b), uint32(len(b))))
}

func (g *guest) storage(f family, data string) uint32 {
	b := make([]byte, storageSize)
	le.PutUint16(b, uint16(f))
	copy(b[2:], data)
	return g.put(bytesOf(g.put(b), storageSize))
}

// open opens a socket that is non-blocking.
func (g *guest) open(f family, k kind) (fd uint32) {
	g.t.Helper()
	result := g.room(4)
	g.must("sock_open", uint32(f), uint32(k), result)
	fd = g.word(result)
	if g.module.ExportedFunction("fd_fdstat_set_flags") != nil {
		g.must("fd_fdstat_set_flags", fd, flagNonblock)
	}
	return fd
}

// listen opens a listener on a free port of 127.0.0.1, or as the kind of socket has it.
func (g *guest) listen(k kind) (fd uint32, port uint16) {
	g.t.Helper()
	fd = g.open(familyIPv4, k)
	g.must("sock_bind", fd, g.at("127.0.0.1"), 0)
	if k == kindStream {
		g.must("sock_listen", fd, 1)
	}
	return fd, g.port(fd)
}

// port returns the local port.
func (g *guest) port(fd uint32) uint16 {
	g.t.Helper()
	port := g.room(4)
	g.must("sock_getlocaladdr", fd, g.storage(0, ""), port)
	return uint16(g.word(port))
}

// dial connects to a listener of the program.
func (g *guest) dial(port uint16) *net.TCPConn {
	g.t.Helper()
	c, err := net.DialTCP("tcp", nil, net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port)))
	require.NoError(g.t, err)
	g.t.Cleanup(func() { _ = c.Close() })
	require.NoError(g.t, c.SetDeadline(time.Now().Add(time.Minute)))
	return c
}

// accepted connects to a listener of the program, and has it accept.
func (g *guest) accepted() (fd uint32, peer *net.TCPConn) {
	g.t.Helper()
	listener, port := g.listen(kindStream)
	c := g.dial(port)
	g.wait(subscription{subscribeRead, listener})
	result := g.room(4)
	g.must("sock_accept", listener, flagNonblock, result)
	g.must("fd_close", listener)
	return g.word(result), c
}

// subscription is of a descriptor.
type subscription struct{ tag, fd uint32 }

// happened is an event.
type happened struct {
	of  int // which subscription
	e   errno
	tag uint32
	// Of a descriptor:
	hangup bool
}

func (g *guest) subscriptions(all ...subscription) []byte {
	b := make([]byte, len(all)*subscriptionSize)
	for i, s := range all {
		le.PutUint64(b[i*subscriptionSize:], uint64(i))
		le.PutUint32(b[i*subscriptionSize+8:], s.tag)
		le.PutUint32(b[i*subscriptionSize+16:], s.fd)
	}
	return b
}

// poll polls once.
func (g *guest) poll(subscriptions []byte) (events []happened) {
	g.t.Helper()
	top := g.top
	defer func() { g.top = top }()
	n := len(subscriptions) / subscriptionSize
	in, out, result := g.put(subscriptions), g.room(n*eventSize), g.room(4)
	g.must("poll_oneoff", in, out, uint32(n), result)
	for i := range g.word(result) {
		ev := g.bytes(out+i*eventSize, eventSize)
		events = append(events, happened{int(le.Uint64(ev)), errno(le.Uint16(ev[8:])), uint32(ev[10]), le.Uint16(ev[24:]) != 0})
	}
	return events
}

// wait waits until one descriptor is ready.
func (g *guest) wait(s subscription) {
	g.t.Helper()
	require.Equal(g.t, []happened{{0, success, s.tag, false}}, g.poll(g.subscriptions(s)))
}

// now appends a clock that is due at once, which makes poll one that does not wait.
func (g *guest) now(subscriptions []byte) []byte {
	return append(subscriptions, make([]byte, subscriptionSize)...)
}
