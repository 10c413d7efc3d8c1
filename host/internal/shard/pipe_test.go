package shard

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/portholehttp/porthole/abi"
)

// firstHandle is what the first exchange is called by its handler.
const firstHandle = 1 << 32

// piped is the record of an exchange_pipe as the stack gets it.
func piped(from, to uint64, most int64) record {
	return record{What: uint32(abi.OpPipe), Target: from, Head: string(abi.Append(nil, &abi.Pipe{To: to, Most: most}))}
}

func TestPipe(t *testing.T) {
	w := newWorld(t, handlerWasm)
	p := w.connect()
	p.emit(abi.EventRequest, 0, exchangeA)
	p.emit(abi.EventRequest, 0, exchangeB, do(handlerStore, 8, 0), do(handlerPipe, firstHandle, ownExchange), do(handlerPipe, ownExchange, 0))
	p.expect(piped(exchangeA, exchangeB, -1), piped(exchangeB, 0, -1))
	p.set(stackResult, uint64(abi.StatusState))
	p.emit(abi.EventData, 0, exchangeB, do(handlerPipe, ownExchange, ownExchange))
	p.expect(piped(exchangeB, exchangeB, -1))
	p.set(stackResult, 0)
	closed := uint32(abi.StatusClosed)
	p.emit(abi.EventData, 0, exchangeB, do(handlerPipe, ownExchange, 7), do(handlerPipe, 7, ownExchange), do(handlerSendLog))
	assert.Equal(t, []uint32{0, 0, 1003, 0, 1, 1, uint32(abi.StatusState), 1003, 0, 1, 1, closed, closed}, p.handlerLog())
}

// What may wait at the end of a pipe counts as if the handler had sent it.
func TestPipeCountsAsQueued(t *testing.T) {
	w := newWorld(t, handlerWasm, withLimits(func(l *Limits) { l.MaxQueuedBytes = pipeRoom + 100 }))
	p := w.connect()
	unsent := func(want int64) {
		t.Helper()
		w.onLoop(func() { assert.Equal(t, want, w.all[0].unsent) })
	}
	pipe := func(to uint64) []byte { return do(handlerPipe, ownExchange, to) }
	p.emit(abi.EventRequest, 0, exchangeA, do(handlerStore, 8, 0), pipe(ownExchange))
	p.expect(piped(exchangeA, exchangeA, -1))
	unsent(pipeRoom)
	p.emit(abi.EventData, 0, exchangeA, pipe(ownExchange)) // the same again
	p.expect(piped(exchangeA, exchangeA, -1))
	unsent(pipeRoom)
	p.emit(abi.EventRequest, 0, exchangeB, pipe(ownExchange), do(handlerSendLog))
	limit := uint32(abi.StatusLimit)
	assert.Equal(t, []uint32{0, 1003, 0, 0, 1, 0, 1001, 0, 1, 1, limit}, p.handlerLog(), "there is no room for two")
	p.emit(abi.EventData, 0, exchangeA, pipe(0))
	p.expect(piped(exchangeA, 0, -1))
	unsent(0)
	p.emit(abi.EventData, 0, exchangeA, pipe(ownExchange))
	p.expect(piped(exchangeA, exchangeA, -1))
	p.emit(abi.EventData, abi.EventEnd, exchangeA) // nothing goes through it any more
	unsent(0)
	p.emit(abi.EventData, 0, exchangeB, pipe(ownExchange))
	p.expect(piped(exchangeB, exchangeB, -1))
	unsent(pipeRoom)
	p.emit(abi.EventClose, abi.EventDone, exchangeB)
	unsent(0)
	p.set(stackResult, uint64(abi.StatusState))
	p.emit(abi.EventRequest, 0, exchangeC, pipe(ownExchange))
	p.expect(piped(exchangeC, exchangeC, -1))
	unsent(0) // there is none
}

// What goes through a pipe counts as the request's body: the stack may move what is left of that, and tells how much it was.
func TestMaxBodyBytesThroughAPipe(t *testing.T) {
	w := newWorld(t, handlerWasm, withLimits(func(l *Limits) { l.MaxBodyBytes = 200 }))
	p := w.connect()
	p.emitHead(abi.EventRequest, 0, exchangeA, requestHead("/", -1), do(handlerPipe, ownExchange, ownExchange))
	p.expect(piped(exchangeA, exchangeA, 200-56))
	p.moved = 200 - 3*56
	p.emit(abi.EventData, 0, exchangeA, do(handlerPipe, ownExchange, ownExchange))
	p.expect(piped(exchangeA, exchangeA, 56))
	p.moved = 56
	p.emit(abi.EventData, abi.EventEnd, exchangeA, []byte{}) // just so many
	p.emitHead(abi.EventRequest, 0, exchangeB, requestHead("/", -1))
	p.moved = 201
	p.emit(abi.EventData, 0, exchangeB)
	p.expect(failed(exchangeB, 413))
	p.emitHead(abi.EventRequest, 0, exchangeC, requestHead("/", -1))
	p.moved = 1<<64 - 1
	p.emit(abi.EventData, 0, exchangeC)
	p.expect(failed(exchangeC, 413))
}
