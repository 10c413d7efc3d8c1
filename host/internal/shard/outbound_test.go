package shard

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
)

// destination is a record that connects to "db:5432".
func destination() []byte {
	return append(abi.Append(nil, &abi.Destination{Port: 5432, HostSize: 2}), "db"...)
}

// dials is a Dial that a test answers.
type dials struct {
	records chan []byte
	results chan dialResult
}

type dialResult struct {
	conn net.Conn
	err  error
}

func newDials() *dials { return &dials{make(chan []byte, 200), make(chan dialResult)} }

func (d *dials) dial(ctx context.Context, destination []byte) (net.Conn, error) {
	d.records <- destination
	select {
	case r := <-d.results:
		return r.conn, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func withDials(d *dials) option { return func(c *setup) { c.Dial = d.dial } }

// connects has the stack connect for the first instance of the handler, and returns the socket.
func (p *peer) connects() uint64 {
	p.t.Helper()
	p.poke(stackScratch, destination())
	socket := p.ask(stackConnect, 1<<32, stackScratch, uint64(len(destination())))
	require.Positive(p.t, socket)
	return uint64(socket)
}

func TestConnect(t *testing.T) {
	d := newDials()
	p := newWorld(t, handlerWasm, withDials(d)).connect()
	socket := p.connects()
	assert.Equal(t, destination(), <-d.records)
	assert.Equal(t, -int64(abi.StatusState), p.ask(stackWrite, socket, 0, 8), "it is not there yet")
	ours, theirs := net.Pipe()
	d.results <- dialResult{conn: ours}
	assert.Equal(t, record{What: sawConnect, Target: socket}, p.record())
	assert.EqualValues(t, 5, p.ask(stackWrite, socket, stackScratch, 5))
	b := make([]byte, 5)
	_, err := io.ReadFull(theirs, b)
	require.NoError(t, err)
	assert.Equal(t, destination()[:5], b)

	assert.Equal(t, int64(abi.StatusUnsupported), p.ask(stackSetOption, socket, uint64(abi.SocketNoDelay), 1), "a pipe is not TCP")
	assert.Equal(t, int64(abi.StatusInvalid), p.ask(stackSetOption, socket, 9, 1))
	require.NoError(t, theirs.Close())
	assert.Equal(t, record{What: sawEnd, Target: socket}, p.record())
	assert.Zero(t, p.ask(stackClose, socket, 0))
	assert.Equal(t, int64(abi.StatusClosed), p.ask(stackSetOption, socket, uint64(abi.SocketNoDelay), 1))
}

func TestConnectFails(t *testing.T) {
	d := newDials()
	p := newWorld(t, handlerWasm, withDials(d)).connect()
	socket := p.connects()
	d.results <- dialResult{err: errors.New("no such luck")}
	assert.Equal(t, record{What: sawConnect, Flags: uint32(abi.StatusFailed), Target: socket, Head: "UNKNOWN no such luck"}, p.record())
	assert.Equal(t, int64(abi.StatusClosed), p.ask(stackClose, socket, 0))

	p.connects()
	d.results <- dialResult{err: errors.New(strings.Repeat("é", maxReason))}
	assert.Len(t, p.record().Head, maxReason, "a handler's own text may be large")
}

// What is not granted is told as all else that goes wrong, and by default nothing is.
func TestConnectIsDenied(t *testing.T) {
	p := newWorld(t, handlerWasm).connect()
	socket := p.connects()
	assert.Equal(t, record{What: sawConnect, Flags: uint32(abi.StatusDenied), Target: socket,
		Head: `EACCES connecting to "db:5432" needs the grant "connect": porthole serve --allow-connect db:5432, or host.Grants.Connect`}, p.record())
}

func TestConnectIsInvalid(t *testing.T) {
	p := newWorld(t, handlerWasm).connect()
	size := uint64(len(destination()))
	p.poke(stackScratch, destination())
	invalid := -int64(abi.StatusInvalid)
	for _, owner := range []uint64{0, 1, 2 << 32, 0xffffffffffffffff} {
		assert.Equal(t, invalid, p.ask(stackConnect, owner, stackScratch, size), "no handler has that number")
	}
	assert.Equal(t, invalid, p.ask(stackConnect, 1<<32, stackScratch, size-1))
	assert.Equal(t, invalid, p.ask(stackConnect, 1<<32, stackScratch, 0))
}

func TestClosedWhileConnecting(t *testing.T) {
	d := newDials()
	p := newWorld(t, handlerWasm, withDials(d)).connect()
	socket := p.connects()
	<-d.records
	assert.Zero(t, p.ask(stackClose, socket, 0))
	next := p.connects()
	<-d.records
	d.results <- dialResult{err: errors.New("no")}
	assert.Equal(t, next, p.record().Target, "nothing was heard of the first")
}

func TestSocketsOfAHandlerAreLimited(t *testing.T) {
	d := newDials()
	w := newWorld(t, handlerWasm, withDials(d), withLimits(func(l *Limits) { l.MaxOutboundSockets = 2 }))
	p := w.connect()
	first := p.connects()
	p.connects()
	third := p.connects()
	assert.Equal(t, record{What: sawConnect, Flags: uint32(abi.StatusLimit), Target: third,
		Head: "EMFILE connect EMFILE: the handler has 2 sockets already"}, p.record())

	p.ask(stackClose, first, 0)
	p.connects() // there is room again
	for range 3 {
		<-d.records
	}

	// Those that wait to be refused are bounded too.
	var commands [][]byte
	for range maxRefused + 1 {
		commands = append(commands, command(stackConnect, 8, []uint64{1 << 32, stackScratch, uint64(len(destination()))}))
	}
	p.tell(commands...)
	for range maxRefused {
		assert.Positive(t, p.reply())
	}
	assert.Equal(t, -int64(abi.StatusLimit), p.reply())
	for range maxRefused {
		assert.EqualValues(t, abi.StatusLimit, p.record().Flags)
	}
}

// The connections of a handler end with it, and the stack is told.
func TestSocketsOfADeadHandler(t *testing.T) {
	d := newDials()
	p := newWorld(t, handlerWasm, withDials(d)).connect()
	there, connecting := p.connects(), p.connects()
	<-d.records
	<-d.records
	ours, theirs := net.Pipe()
	d.results <- dialResult{conn: ours}
	assert.Contains(t, []uint64{there, connecting}, p.record().Target)
	p.emit(abi.EventRequest, 0, exchangeA, do(handlerTrap))
	assert.EqualValues(t, abi.OpExchangeFail, p.record().What)
	var cut []uint64
	for range 2 {
		r := p.record()
		assert.EqualValues(t, sawClose, r.What)
		assert.EqualValues(t, abi.StatusReset, r.Flags)
		cut = append(cut, r.Target)
	}
	assert.ElementsMatch(t, []uint64{there, connecting}, cut)
	_, err := theirs.Read(make([]byte, 1))
	assert.Error(t, err)
}

func TestSocketsDoNotOutliveTheStack(t *testing.T) {
	d := newDials()
	w := newWorld(t, handlerWasm, withDials(d), withLimits(func(l *Limits) { l.MaxOutboundSockets = 1 }))
	p := w.connect()
	p.connects()
	<-d.records
	p.tell(command(stackTrap, 8, nil))
	p.closed()
	p = w.connect()
	p.connects() // the limit counts from nothing
	<-d.records
}

func TestDrainWaitsForOutgoingSockets(t *testing.T) {
	d := newDials()
	w := newWorld(t, handlerWasm, withDials(d))
	p := w.connect()
	socket := p.connects()
	own := p.memory(stackSocket, 1)[0]
	w.Drain()
	assert.EqualValues(t, abi.OpListenerClose, p.record().What)
	assert.EqualValues(t, abi.OpDrain, p.record().What)
	p.ask(stackClock)
	select {
	case <-w.Done():
		t.Fatal("ended with a socket open")
	default:
	}
	p.tell(command(stackClose, 8, []uint64{socket, 0}), command(stackClose, 8, []uint64{own, 0}))
	<-w.Done()
	assert.NoError(t, w.Err())
}
