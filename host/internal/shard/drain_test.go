package shard

import (
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
)

func TestDrainWaitsForSockets(t *testing.T) {
	w := newWorld(t, handlerWasm)
	p := w.connect()
	p.emit(abi.EventRequest, 0, exchangeA)
	w.Drain()
	assert.Equal(t, record{What: uint32(abi.OpListenerClose), Target: uint64(w.listener.handle)}, p.record())
	assert.Equal(t, record{What: uint32(abi.OpDrain)}, p.record())
	_, err := w.OpenListener(abi.DefaultOptions)
	require.ErrorIs(t, err, ErrClosed)

	p.emit(abi.EventData, 0, exchangeA, do(handlerSendLog))
	assert.Len(t, p.handlerLog(), 8, "what is in flight goes on")
	select {
	case <-w.Done():
		t.Fatal("ended with a socket open")
	default:
	}
	socket := p.memory(stackSocket, 1)[0]
	p.tell(command(stackClose, 8, []uint64{socket, 0}))
	p.closed()
	<-w.Done()
	assert.NoError(t, w.Err())
}

func TestDrainWithoutSocketsEndsAtOnce(t *testing.T) {
	w := newWorld(t, handlerWasm)
	w.Drain()
	<-w.Done()
	assert.NoError(t, w.Err())
}

func TestStackTrapWhileDraining(t *testing.T) {
	w := newWorld(t, handlerWasm)
	p := w.connect()
	p.ask(stackClock)
	w.Drain()
	p.record()
	p.tell(command(stackTrap, 8, nil))
	p.closed()
	<-w.Done()
	assert.NoError(t, w.Err())
}

func TestClosedListenerTakesNoMore(t *testing.T) {
	w := newWorld(t, handlerWasm)
	p := w.connect()
	p.ask(stackClock)
	l := w.listener
	var err error
	w.listener, err = w.OpenListener(abi.DefaultOptions)
	require.NoError(t, err)

	l.Close()
	assert.Equal(t, record{What: uint32(abi.OpListenerClose), Target: uint64(l.handle)}, p.record())
	here, there := net.Pipe()
	defer func() { require.NoError(t, there.Close()) }()
	require.True(t, l.TryAttach(here))
	_, err = there.Read(make([]byte, 1))
	assert.Error(t, err, "the connection is closed")

	w.connect()
	assert.EqualValues(t, sawAccept, p.record().What, "the other one serves")
}

func TestAttachIsBounded(t *testing.T) {
	w := newWorld(t, handlerWasm)
	blocked, release := make(chan struct{}), make(chan struct{})
	w.loop.Post(func() { close(blocked); <-release })
	<-blocked
	pipe := func() net.Conn {
		here, there := net.Pipe()
		t.Cleanup(func() { _ = there.Close() })
		return here
	}
	for range attachBacklog {
		require.True(t, w.listener.TryAttach(pipe()))
	}
	extra := pipe()
	require.False(t, w.listener.TryAttach(extra))
	closed := make(chan struct{})
	close(closed)
	w.listener.Attach(extra, closed)
	_, err := extra.Write(nil)
	assert.Error(t, err, "closed, since it gave up")
	close(release)
	w.listener.Attach(pipe(), nil) // now there is room
}

func TestStopEndsAtOnce(t *testing.T) {
	w := newWorld(t, handlerWasm)
	p := w.connect()
	p.emit(abi.EventRequest, 0, exchangeA)
	w.Stop()
	w.Stop()
	<-w.Done()
	assert.NoError(t, w.Err())
	p.closed()
	w.Drain()
	w.listener.Close()
	_, err := w.OpenListener(abi.DefaultOptions)
	assert.ErrorIs(t, err, ErrClosed)
}
