package shard

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"go.uber.org/goleak"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/httpabi"
	"github.com/portholehttp/porthole/host/internal/sandbox"
	"github.com/portholehttp/porthole/host/internal/sockabi"
	"github.com/portholehttp/porthole/internal/netloop"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen. It only matters when a test fails.
const patience = 20 * time.Second

// cache keeps what was compiled from one test to the next.
var cache = wazero.NewCompilationCache()

// world is a shard with guests of testdata. Its clock stands still unless a test moves it.
type world struct {
	*Shard
	t        testing.TB
	handler  *Handler
	log      *logbook
	clock    *atomic.Int64
	unsteady bool // instances are made when the test says so
	listener *Listener
}

// setup is what a test may choose.
type setup struct {
	Config
	Handler
	step    step
	compile sandbox.CompileConfig
}

type option func(*setup)

func withMaxEvents(n int) option        { return func(c *setup) { c.MaxEvents = n } }
func withIsolation(i Isolation) option  { return func(c *setup) { c.Isolation = i } }
func withLimits(f func(*Limits)) option { return func(c *setup) { f(&c.Limits) } }

func withStep(s step) option { return func(c *setup) { c.step = s } }

// withMeter has the handler rewritten, so that its calls can be bounded and it can be reset.
func withMeter(c *setup) { c.compile = sandbox.CompileConfig{Meter: true} }

// testLimits are of a handler that a test has no other wish for.
var testLimits = Limits{
	StartTimeout: patience, EventTimeout: patience,
	MaxInstances: 3, MaxExchanges: 1000, MaxQueuedRequests: 100, QueueTimeout: 5 * time.Second,
	MaxOutboundSockets: 100, MaxOutboundRequests: 100, MaxQueuedBytes: 1 << 30, RetireTimeout: time.Minute,
}

// modules compiles a stack and a handler for one test.
func modules(t testing.TB, stack, handler []byte) (*sandbox.Module, *sandbox.Module) {
	t.Helper()
	return compile(t, "stack", stack, sandbox.EngineConfig{Imports: abi.StackImports, Functions: sockabi.Functions}, sandbox.CompileConfig{}),
		compileHandler(t, handler, nil, sandbox.CompileConfig{})
}

func compile(t testing.TB, name string, wasm []byte, e sandbox.EngineConfig, c sandbox.CompileConfig) *sandbox.Module {
	t.Helper()
	ctx := context.Background()
	e.Cache, e.MemoryPages = cache, 256
	engine, err := sandbox.NewEngine(ctx, e)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, engine.Close(ctx)) })
	m, err := engine.Compile(ctx, name, wasm, c)
	require.NoError(t, err)
	return m
}

// step is asked by an instance of handler.wat what to do: in _initialize (1), off the loop, and in on_start (2). false: to trap.
type step func(place uint32) (script []byte, ok bool)

func compileHandler(t testing.TB, wasm []byte, s step, c sandbox.CompileConfig) *sandbox.Module {
	t.Helper()
	i32 := []api.ValueType{api.ValueTypeI32}
	ask := func(_ context.Context, m api.Module, stack []uint64) {
		size := int32(0)
		if s != nil {
			script, ok := s(api.DecodeU32(stack[0]))
			if size = int32(len(script)); !ok {
				size = -1
			}
			m.Memory().Write(handlerInbox, script)
		}
		stack[0] = api.EncodeI32(size)
	}
	return compile(t, "puppet", wasm, sandbox.EngineConfig{
		Imports: abi.HandlerImports, Functions: httpabi.Functions,
		HostModules: sandbox.HostModules{"test": {{Name: "step", Params: i32, Results: i32, Call: ask}}},
	}, c)
}

func start(t testing.TB, handler []byte, options ...option) (*world, error) {
	t.Helper()
	w := &world{t: t, log: &logbook{}, clock: new(atomic.Int64)}
	w.clock.Store(1e9)
	c := setup{
		Config:  Config{MaxEvents: 100, Logger: slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))},
		Handler: Handler{Limits: testLimits},
	}
	c.NewLoop = func(readBuffer func() []byte) Loop {
		return netloop.New(netloop.Config{ReadBuffer: readBuffer, Now: w.clock.Load})
	}
	c.Stack, _ = modules(t, stackWasm, handler)
	for _, o := range options {
		o(&c)
	}
	c.Module = compileHandler(t, handler, c.step, c.compile)
	w.handler = &c.Handler
	s, err := Start(c.Config)
	if err != nil {
		return w, err
	}
	w.Shard = s
	t.Cleanup(func() {
		s.Stop()
		<-s.Done()
	})
	if err := s.Prepare(w.handler); err != nil {
		return w, err
	}
	return w, s.SetRoutes(map[string]*Handler{"/": w.handler})
}

// advance moves the clock, and returns when all timers that are due by then have been dealt with.
func (w *world) advance(d time.Duration) {
	w.t.Helper()
	w.clock.Add(int64(d))
	w.onLoop(func() {}) // wakes the loop, which looks at timers at the end of this turn
	w.onLoop(func() {})
}

// steady returns when no instance is being made, and none of a version is missing that is about to be.
func (w *world) steady() {
	w.t.Helper()
	for starting := true; starting; {
		w.onLoop(func() {
			starting = false
			for _, v := range w.all {
				starting = starting || v.starting > 0
			}
		})
		runtime.Gosched()
	}
}

// forgive has the handler's faults so far be forgotten.
func (w *world) forgive() {
	w.t.Helper()
	w.steady()
	w.advance(backoffMost)
	w.advance(goodTime)
}

// newWorld starts a shard with a listener.
func newWorld(t testing.TB, handler []byte, options ...option) *world {
	t.Helper()
	w, err := start(t, handler, options...)
	require.NoError(t, err)
	w.listener, err = w.OpenListener(abi.DefaultOptions)
	require.NoError(t, err)
	return w
}

// peer is the other end of a connection.
type peer struct {
	t    testing.TB
	w    *world
	conn *net.TCPConn

	moved uint64 // by a pipe, of which the next data tells
}

// connect attaches a connection and returns its other end. The stack may see it a little later.
func (w *world) connect() *peer {
	w.t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(w.t, err)
	defer func() { require.NoError(w.t, ln.Close()) }()
	conn, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = conn.Close() }) // the test may have closed it
	accepted, err := ln.Accept()
	require.NoError(w.t, err)
	require.NoError(w.t, conn.SetDeadline(time.Now().Add(patience)))
	w.listener.Attach(accepted, nil)
	return &peer{t: w.t, w: w, conn: conn.(*net.TCPConn)}
}

// tell sends commands to the stack, all at once.
func (p *peer) tell(commands ...[]byte) {
	p.t.Helper()
	_, err := p.conn.Write(bytes.Join(commands, nil))
	require.NoError(p.t, err)
}

// ask sends one command to the stack and returns its reply.
func (p *peer) ask(code uint32, arguments ...uint64) int64 {
	p.t.Helper()
	p.tell(command(code, 8, arguments))
	return p.reply()
}

func (p *peer) reply() int64 {
	p.t.Helper()
	return int64(binary.LittleEndian.Uint64(p.read(8)))
}

func (p *peer) read(n int) []byte {
	p.t.Helper()
	b := make([]byte, n)
	_, err := io.ReadFull(p.conn, b)
	require.NoError(p.t, err)
	return b
}

// poke writes to the stack's memory; bytes are padded to a multiple of 8.
func (p *peer) poke(address uint64, b []byte) {
	p.t.Helper()
	for len(b) > 0 {
		var word [8]byte
		n := copy(word[:], b)
		p.ask(stackStore, address, binary.LittleEndian.Uint64(word[:]))
		address, b = address+8, b[n:]
	}
}

func (p *peer) set(address uint64, value uint64) {
	p.t.Helper()
	p.ask(stackStore, address, value)
}

// emit raises an event of the stack whose body tells the handler what to do.
func (p *peer) emit(kind abi.EventKind, flags uint32, exchange uint64, handler ...[]byte) {
	p.t.Helper()
	if !p.w.unsteady {
		p.w.steady()
	}
	body := bytes.Join(handler, nil)
	p.poke(stackScratch, body)
	p.ask(stackEmit, uint64(kind), uint64(flags), exchange, p.other(kind), 0, 0, stackScratch, uint64(len(body)))
}

// other is what an event of the kind has besides: the listener, or of a piece of a body what a pipe has moved before.
func (p *peer) other(kind abi.EventKind) uint64 {
	if kind != abi.EventData {
		return 1
	}
	moved := p.moved
	p.moved = 0
	return moved
}

// record is what the stack saw, with head and body.
type record struct {
	What, Flags uint32
	Target      uint64
	Head, Body  string
	Rest        int64
}

func (p *peer) record() record {
	p.t.Helper()
	b := p.read(32)
	r := record{
		What:   binary.LittleEndian.Uint32(b),
		Flags:  binary.LittleEndian.Uint32(b[4:]),
		Target: binary.LittleEndian.Uint64(b[8:]),
		Rest:   int64(binary.LittleEndian.Uint64(b[24:])),
	}
	if r.What < sawAccept {
		r.Head = string(p.read(int(binary.LittleEndian.Uint32(b[16:]))))
		r.Body = string(p.read(int(binary.LittleEndian.Uint32(b[20:]))))
	}
	return r
}

// handlerLog returns the handler's log, which its command handlerSendLog has the stack see.
func (p *peer) handlerLog() []uint32 {
	p.t.Helper()
	r := p.record()
	require.EqualValues(p.t, abi.OpResponseSend, r.What)
	log := make([]uint32, len(r.Body)/4)
	for i := range log {
		log[i] = binary.LittleEndian.Uint32([]byte(r.Body[4*i:]))
	}
	return log
}

// memory returns n numbers of the stack's memory.
func (p *peer) memory(address uint64, n int) []uint64 {
	p.t.Helper()
	p.tell(command(stackPeek, 8, []uint64{address, uint64(8 * n)}))
	b := p.read(8 * n)
	v := make([]uint64, n)
	for i := range v {
		v[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	return v
}

// closed waits until the connection has been cut.
func (p *peer) closed() {
	p.t.Helper()
	_, err := io.Copy(io.Discard, p.conn)
	var timeout net.Error
	if err != nil {
		require.False(p.t, errors.As(err, &timeout) && timeout.Timeout(), "the connection is still open")
	}
}

// logbook is what was logged.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
