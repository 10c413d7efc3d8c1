package shard

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/sandbox"
)

func TestStackTrapCutsAllConnectionsOfTheShard(t *testing.T) {
	w := newWorld(t, handlerWasm)
	p, q := w.connect(), w.connect()
	assert.NotZero(t, q.ask(stackClock), "the stack has taken up the second one too")
	p.emit(abi.EventRequest, 0, exchangeA)
	p.tell(command(stackTrap, 8, nil))
	p.closed()
	q.closed()

	p = w.connect()
	p.emit(abi.EventRequest, 0, exchangeA, do(handlerSend, 1<<32), do(handlerSendLog))
	assert.Equal(t, []uint32{
		1001, 0, 0, 1,
		1006, abi.EventDone, 0, 1, // the handler outlives the stack, and is told
		1001, 0, 0, 2, // the same number to the stack, but not to the handler
		uint32(abi.StatusClosed),
	}, p.handlerLog())
}

// The stack may trap while a handler runs: the handler's call fails as if the connection had gone.
func TestStackTrapUnderAnOperation(t *testing.T) {
	for _, place := range []uint64{trapInOperation, trapInInbox} {
		w := newWorld(t, handlerWasm)
		p := w.connect()
		p.set(stackTrapIn, place)
		send := do(handlerSend, ownExchange, 0, 0, 0, 0, 1024) // for which the stack's inbox has been too small
		script := append(append([]byte(nil), send...), send...)
		p.poke(stackScratch, script)
		p.tell(
			emission(abi.EventRequest, 0, exchangeA, 0, 0, stackScratch, uint64(len(script))),
			emission(abi.EventRequest, 0, exchangeB, 0, 0, 0, 0),
		)
		p.closed()

		p = w.connect()
		p.emit(abi.EventRequest, 0, exchangeB, do(handlerSendLog))
		closed := uint32(abi.StatusClosed)
		assert.Equal(t, []uint32{
			1001, 0, 0, 1, closed, closed, // both
			1006, abi.EventDone, 0, 1,
			1001, 0, 0, 2, // exchangeB before the trap was never delivered
		}, p.handlerLog())
	}
}

func TestStackTrapInTurn(t *testing.T) {
	w := newWorld(t, handlerWasm)
	p := w.connect()
	p.set(stackTrapIn, trapInTurn)
	p.set(stackResult, uint64(abi.ResultTurn))
	p.emit(abi.EventRequest, 0, exchangeA, do(handlerPause, ownExchange))
	p.closed()
	assert.Contains(t, w.log.String(), "function=on_turn reason=unreachable")
	assert.NotZero(t, w.connect().ask(stackClock))
}

func TestStackTrapWhileAHandlerEnds(t *testing.T) {
	w := newWorld(t, handlerWasm)
	p := w.connect()
	p.emit(abi.EventRequest, 0, exchangeA)
	p.set(stackTrapIn, trapInOperation)
	p.emit(abi.EventRequest, 0, exchangeB, do(handlerTrap)) // exchange_fail traps in turn
	p.closed()
	assert.Contains(t, w.log.String(), "handler ended")
	assert.Contains(t, w.log.String(), "stack ended")
	p = w.connect()
	p.emit(abi.EventRequest, 0, exchangeA, do(handlerSendLog))
	assert.Equal(t, []uint32{1001, 0, 1, 2}, p.handlerLog())
}

// A handler that traps when it is told that its exchanges are over takes no more with it.
func TestHandlerTrapsWhileTheStackIsReplaced(t *testing.T) {
	w := newWorld(t, handlerWasm)
	p := w.connect()
	p.emit(abi.EventRequest, 0, exchangeA)
	p.emit(abi.EventRequest, 0, exchangeB, do(handlerStore, handlerTrapIn, 2))
	p.tell(command(stackTrap, 8, nil))
	p.closed()
	p = w.connect()
	p.emit(abi.EventRequest, 0, exchangeA, do(handlerSendLog))
	assert.Len(t, p.handlerLog(), 4, "both are fresh")
}

func TestFreshStackIsToldWhatItMustKnow(t *testing.T) {
	w := newWorld(t, handlerWasm)
	first := w.connect()
	first.emit(abi.EventRequest, 0, exchangeA, do(handlerListeners, 0, 1))
	first.record()
	first.tell(command(stackTrap, 8, nil))
	first.closed()

	p := w.connect()
	assert.Equal(t, []uint64{0, 1}, p.memory(stackMask, 2), "what the handler listens to")
	assert.Equal(t, []uint64{uint64(w.listener.handle)}, p.memory(stackLastListener, 1), "the listener by its old handle")
}

func TestHandlesOfSocketsDoNotOutliveTheStack(t *testing.T) {
	w := newWorld(t, handlerWasm)
	p := w.connect()
	socket := p.memory(stackSocket, 1)[0]
	p.tell(command(stackTrap, 8, nil))
	p.closed()
	p = w.connect()
	closed := int64(abi.StatusClosed)
	assert.Equal(t, -closed, p.ask(stackWrite, socket, 0, 8))
	assert.Equal(t, closed, p.ask(stackShutdown, socket))
	assert.Equal(t, closed, p.ask(stackPause, socket))
	assert.Equal(t, closed, p.ask(stackResume, socket))
	assert.Equal(t, closed, p.ask(stackClose, socket, 1))
}

func TestFreshStackThatDoesNotStartEndsTheShard(t *testing.T) {
	w := newWorld(t, handlerWasm)
	p := w.connect()
	p.ask(stackClock)
	broken, _ := modules(t, failingWasm, handlerWasm)
	w.onLoop(func() { w.config.Stack = broken })
	p.tell(command(stackTrap, 8, nil))
	p.closed()
	<-w.Done()
	var fault *sandbox.Fault
	require.ErrorAs(t, w.Err(), &fault)
	assert.Equal(t, "on_receive_buffer", fault.Function)
	_, err := w.OpenListener(abi.DefaultOptions)
	assert.ErrorIs(t, err, ErrClosed)
}

func TestListenerThatTheStackRefuses(t *testing.T) {
	w := newWorld(t, handlerWasm)
	p := w.connect()
	p.set(stackOpenStatus, uint64(abi.StatusInvalid))
	_, err := w.OpenListener(abi.DefaultOptions)
	assert.ErrorContains(t, err, "invalid argument")
	assert.NotZero(t, p.ask(stackClock), "nothing else happened")

	w.onLoop(func() { w.stack.room = 0 }) // or it would not be asked for an inbox
	p.set(stackTrapIn, trapInInbox)
	_, err = w.OpenListener(abi.DefaultOptions)
	var fault *sandbox.Fault
	assert.ErrorAs(t, err, &fault)
	p.closed()
	assert.NotZero(t, w.connect().ask(stackClock), "the other listener is served by a fresh stack")
}
