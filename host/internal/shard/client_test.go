package shard

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/portholehttp/porthole/abi"
)

const (
	clientC = 5<<32 | 9 // as the stack calls them
	socketD = 6<<32 | 10
)

// answers has the stack answer on_handle with a number.
func (p *peer) answers(v int64) { p.set(stackHandle, uint64(v)) }

// low and high are how a number appears in the handler's log.
func low(v int64) uint32  { return uint32(v) }
func high(v int64) uint32 { return uint32(v >> 32) }

func TestOpenAndUse(t *testing.T) {
	for _, c := range []struct {
		name string
		code uint32
		op   abi.Operation
	}{{"request_open", handlerRequestOpen, abi.OpRequestOpen}, {"socket_open", handlerSocketOpen, abi.OpSocketOpen}} {
		t.Run(c.name, func(t *testing.T) {
			p := newWorld(t, handlerWasm).connect()
			p.answers(clientC)
			d := destination()
			const handle = 1<<32 | 1
			p.emit(abi.EventRequest, 0, exchangeA, append(storing(at, d), do(c.code, at, uint64(len(d))))...)
			assert.Equal(t, record{What: uint32(c.op), Target: 1 << 32, Head: string(d)}, p.record())
			assert.EqualValues(t, sawTurn, p.record().What, "whatever the stack says")

			p.set(stackResult, uint64(abi.StatusQueued))
			p.emit(abi.EventData, 0, exchangeA,
				do(handlerRequestSend, handle, uint64(abi.SendHead|abi.SendEnd), at, 8, at+8, 8),
				do(handlerSocketSend, handle, uint64(abi.SendEnd), at, 8),
				do(handlerSocketSet, handle, uint64(abi.SocketTimeout), math.MaxUint64),
				do(handlerPause, handle), do(handlerResume, handle), do(handlerAbort, handle))
			for _, want := range []record{
				{What: uint32(abi.OpRequestSend), Flags: abi.SendHead | abi.SendEnd, Target: clientC, Head: string(d[:8]), Body: string(d[8:16])},
				{What: uint32(abi.OpSocketSend), Flags: abi.SendEnd, Target: clientC, Body: string(d[:8])},
				{What: uint32(abi.OpSocketSet), Flags: uint32(abi.SocketTimeout), Target: clientC, Rest: -1},
				{What: uint32(abi.OpRequestPause), Target: clientC},
				{What: uint32(abi.OpRequestResume), Target: clientC},
				{What: uint32(abi.OpExchangeAbort), Target: clientC},
			} {
				assert.Equal(t, want, p.record())
			}
			p.emit(abi.EventError, abi.StatusFlags(abi.StatusFailed), clientC)
			p.emit(abi.EventClose, abi.EventDone, clientC, do(handlerPause, handle))
			p.set(stackResult, 0)
			p.emit(abi.EventData, 0, exchangeA, do(handlerSendLog))
			queued := uint32(abi.StatusQueued)
			assert.Equal(t, []uint32{
				1001, 0, 0, 1, 1, 1,
				1003, 0, 0, 1, queued, queued, queued, queued, queued, queued,
				1010, abi.StatusFlags(abi.StatusFailed), 1, 1,
				1006, abi.EventDone, 1, 1, uint32(abi.StatusClosed),
				1003, 0, 0, 1,
			}, p.handlerLog())
		})
	}
}

func TestWhatOpeningReturns(t *testing.T) {
	p := newWorld(t, handlerWasm).connect()
	p.emit(abi.EventRequest, 0, exchangeA, do(handlerStore, 8, 0))
	for _, c := range []struct{ answer, want int64 }{
		{-int64(abi.StatusLimit), -int64(abi.StatusLimit)},
		{-int64(abi.StatusInvalid), -int64(abi.StatusInvalid)},
		{0, -int64(abi.StatusClosed)}, // OK, and no handle
		{-1, -int64(abi.StatusClosed)},
		{-1000, -255},
		{math.MinInt64, -int64(abi.StatusClosed)},
	} {
		p.answers(c.answer)
		p.emit(abi.EventData, 0, exchangeA, do(handlerStore, 8, 0), do(handlerRequestOpen, 0, 0), do(handlerSocketOpen, 0, 0), do(handlerSocketOf, ownExchange))
		for _, op := range []abi.Operation{abi.OpRequestOpen, abi.OpSocketOpen, abi.OpSocketOf} {
			assert.EqualValues(t, op, p.record().What)
		}
		assert.EqualValues(t, sawTurn, p.record().What)
		p.emit(abi.EventData, 0, exchangeA, do(handlerSendLog))
		l, h := low(c.want), high(c.want)
		assert.Equal(t, []uint32{l, h, l, h, l, h}, p.handlerLog()[:6])
	}
}

func TestLargeDestinationIsInvalid(t *testing.T) {
	h := &instance{shard: &Shard{}, version: &version{Handler: &Handler{Limits: testLimits}}}
	_, status := h.RequestOpen(make([]byte, abi.MaxDestinationSize+1))
	assert.Equal(t, abi.StatusInvalid, status)
}

func TestLargeMessagesGoInPieces(t *testing.T) {
	p := newWorld(t, handlerWasm).connect()
	p.emit(abi.EventRequest, 0, exchangeA,
		do(handlerRequestSend, ownExchange, uint64(abi.SendHead), 4096, 24, 0, pieceSize+1),
		do(handlerSocketSend, ownExchange, uint64(abi.SendEnd), 0, pieceSize+1),
		do(handlerSocketSend, ownExchange, uint64(abi.SendHead), 0, 1),
		do(handlerSocketSend, ownExchange, uint64(abi.SendMore), 0, 1),
		do(handlerRequestSend, ownExchange, uint64(abi.SendMore)))
	for _, want := range []struct {
		op         abi.Operation
		flags      uint32
		head, body int
		rest       int64
	}{
		{abi.OpRequestSend, abi.SendHead | abi.SendMore, 24, pieceSize, 1},
		{abi.OpRequestSend, 0, 0, 1, 0},
		{abi.OpSocketSend, abi.SendEnd | abi.SendMore, 0, pieceSize, 1},
		{abi.OpSocketSend, abi.SendEnd, 0, 1, 0},
	} {
		r := p.record()
		assert.EqualValues(t, want.op, r.What)
		assert.Equal(t, want.flags, r.Flags)
		assert.Equal(t, [2]int{want.head, want.body}, [2]int{len(r.Head), len(r.Body)})
		assert.Equal(t, want.rest, r.Rest)
	}
	p.emit(abi.EventData, 0, exchangeA, do(handlerSendLog))
	invalid := uint32(abi.StatusInvalid)
	assert.Equal(t, []uint32{1001, 0, 0, 1, 0, 0, invalid, invalid, invalid}, p.handlerLog()[:9])
}

func TestNewHandlesOfOthersAreClosed(t *testing.T) {
	p := newWorld(t, handlerWasm).connect()
	p.emit(abi.EventRequest, 0, exchangeA, do(handlerStore, 8, 0),
		do(handlerRequestSend, 7), do(handlerSocketSend, 7), do(handlerSocketSet, 7), do(handlerSocketInfo, 7), do(handlerSocketOf, 7), do(handlerSendLog))
	closed := -int64(abi.StatusClosed)
	assert.Equal(t, []uint32{2, 2, 2, low(closed), low(closed), high(closed)}, p.handlerLog(), "nothing of it reached the stack")
}

// The stack may use an index again while the last event of the handle that had it waits in the queue.
func TestIndexUsedAgain(t *testing.T) {
	p := newWorld(t, handlerWasm).connect()
	const again = clientC + 1<<32
	p.answers(clientC)
	p.emit(abi.EventRequest, 0, exchangeA, do(handlerRequestOpen, 0, 0))
	p.record()
	p.record()
	p.answers(again)
	open := do(handlerRequestOpen, 0, 0)
	p.poke(stackScratch, open)
	p.tell(
		emission(abi.EventData, 0, exchangeA, 0, 0, stackScratch, uint64(len(open))),
		emission(abi.EventClose, abi.EventDone, clientC, 0, 0, 0, 0),
	)
	p.reply()
	p.reply()
	p.record()
	p.record()
	p.emit(abi.EventResponse, 0, again)
	p.emit(abi.EventClose, 0, clientC)
	p.emit(abi.EventData, 0, exchangeA, do(handlerSendLog))
	assert.Equal(t, []uint32{
		1001, 0, 0, 1, 1, 1,
		1003, 0, 0, 1, 2, 1, // another handle to the handler too
		1006, abi.EventDone, 1, 1,
		1013, 0, 2, 1,
		1003, 0, 0, 1,
	}, p.handlerLog())
}

func TestHandleGivenTwiceEndsTheStack(t *testing.T) {
	w := newWorld(t, handlerWasm)
	p := w.connect()
	p.answers(clientC)
	p.emit(abi.EventRequest, 0, exchangeA, do(handlerRequestOpen, 0, 0), do(handlerRequestOpen, 0, 0))
	p.closed()
	assert.Contains(t, w.log.String(), `function=on_handle reason="a handle that is in use already"`)
}

func TestTrapInOnHandle(t *testing.T) {
	w := newWorld(t, handlerWasm)
	p := w.connect()
	p.set(stackTrapIn, trapInHandle)
	p.emit(abi.EventRequest, 0, exchangeA, do(handlerRequestOpen, 0, 0), do(handlerSocketOf, ownExchange))
	p.closed()
	p = w.connect()
	p.emit(abi.EventRequest, 0, exchangeB, do(handlerSendLog))
	closed := -int64(abi.StatusClosed)
	assert.Equal(t, []uint32{1001, 0, 0, 1, low(closed), high(closed), low(closed), high(closed), 1006, abi.EventDone, 0, 1}, p.handlerLog()[:12])
}

func TestSocketOf(t *testing.T) {
	p := newWorld(t, handlerWasm).connect()
	p.answers(socketD)
	p.emit(abi.EventRequest, 0, exchangeA, do(handlerSocketOf, ownExchange), do(handlerSocketOf, ownExchange))
	for range 2 {
		assert.Equal(t, record{What: uint32(abi.OpSocketOf), Target: exchangeA}, p.record())
	}
	p.record()
	p.emit(abi.EventTimeout, 0, socketD)
	p.emit(abi.EventData, 0, exchangeA, do(handlerSendLog))
	assert.Equal(t, []uint32{1001, 0, 0, 1, 1, 1, 1, 1, 1019, 0, 1, 1}, p.handlerLog()[:12], "one handle, however often it is asked for")
}

// socketEvent is an event of a client exchange, about a socket.
func socketEvent(exchange, socket uint64) []byte {
	return command(stackEmit, 8, []uint64{uint64(abi.EventSocket), 0, exchange, socket, 0, 0, 0, 0})
}

func TestSocketEvent(t *testing.T) {
	p := newWorld(t, handlerWasm).connect()
	p.answers(clientC)
	p.emit(abi.EventRequest, 0, exchangeA, do(handlerRequestOpen, 0, 0))
	p.record()
	p.record()
	for range 2 {
		p.tell(socketEvent(clientC, socketD))
		p.reply()
	}
	p.tell(socketEvent(7<<32|7, socketD)) // of nobody
	p.reply()
	p.emit(abi.EventData, 0, exchangeA, do(handlerSend, ownExchange, 0, 0, 0, handlerText, 8), do(handlerSendLog))
	assert.Equal(t, uint64(1<<32|2), le64([]byte(p.record().Body)))
	assert.Equal(t, []uint32{1001, 0, 0, 1, 1, 1, 1011, 0, 1, 1, 1011, 0, 1, 1, 1003, 0, 0, 1, 0}, p.handlerLog())

	p.emit(abi.EventData, 0, socketD, do(handlerStore, handlerInboxOffset, 8<<16))
	p.tell(socketEvent(clientC, socketD))
	p.reply()
	for _, target := range []uint64{exchangeA, clientC, socketD} {
		assert.Equal(t, record{What: uint32(abi.OpExchangeFail), Target: target}, p.record(), "a bad inbox ends the handler, and all that it has")
	}
}

// Sockets come into the table by events of a listener.
func TestSocketsOfListeners(t *testing.T) {
	for _, kind := range []abi.EventKind{abi.EventUpgrade, abi.EventConnect, abi.EventConnection, abi.EventClientError} {
		p := newWorld(t, handlerWasm).connect()
		p.tell(command(stackEmit, 8, []uint64{uint64(kind), 0, exchangeB, 0, 0, 0, 0, 0})) // of no listener, and nobody's
		p.reply()
		p.emit(kind, 0, socketD)
		p.emit(kind, 0, socketD) // known by now
		p.emit(abi.EventClose, abi.EventDone, socketD)
		p.emit(abi.EventRequest, 0, exchangeA, do(handlerSendLog))
		k := 1000 + uint32(kind)
		assert.Equal(t, []uint32{k, 0, 0, 1, k, 0, 0, 1, 1006, abi.EventDone, 0, 1, 1001, 0, 0, 2}, p.handlerLog())
	}
}

// An event for a socket whose handler has died since is nobody's.
func TestSocketsOfADeadHandlerAreNotNew(t *testing.T) {
	p := newWorld(t, handlerWasm).connect()
	p.emit(abi.EventConnection, 0, socketD)
	trap := do(handlerTrap)
	p.poke(stackScratch, trap)
	p.tell(
		emission(abi.EventRequest, 0, exchangeA, 0, 0, stackScratch, uint64(len(trap))),
		emission(abi.EventUpgrade, 0, socketD, 0, 0, 0, 0),
	)
	p.reply()
	p.reply()
	assert.Equal(t, record{What: uint32(abi.OpExchangeFail), Target: socketD}, p.record())
	assert.Equal(t, record{What: uint32(abi.OpExchangeFail), Target: exchangeA}, p.record())
	p.emit(abi.EventRequest, 0, exchangeB, do(handlerSendLog))
	assert.Equal(t, []uint32{1001, 0, 1, 2}, p.handlerLog())
}

func TestNewSocketWithoutAHandler(t *testing.T) {
	w := newWorld(t, handlerWasm)
	p := w.connect()
	_, failing := modules(t, stackWasm, failingWasm)
	w.onLoop(func() { w.handler.Module = failing })
	p.emit(abi.EventRequest, 0, exchangeA, do(handlerTrap))
	assert.EqualValues(t, abi.OpExchangeFail, p.record().What)
	p.emit(abi.EventConnection, 0, socketD)
	assert.Equal(t, record{What: uint32(abi.OpExchangeFail), Flags: 503, Target: socketD}, p.record())
}

func TestSocketInfo(t *testing.T) {
	p := newWorld(t, handlerWasm).connect()
	own := p.memory(stackSocket, 1)[0]
	p.emit(abi.EventConnection, 0, socketD)
	p.answers(int64(own))
	want := "remote=" + p.conn.LocalAddr().String() + "\nlocal=" + p.conn.RemoteAddr().String() + "\n"
	size := uint64(len(want))
	p.emit(abi.EventRequest, 0, exchangeA, do(handlerStore, 8, 0),
		do(handlerSocketInfo, 1<<32, at, size-1), do(handlerSend, ownExchange, 0, 0, 0, at, size),
		do(handlerSocketInfo, 1<<32, at, size), do(handlerSend, ownExchange, 0, 0, 0, at, size))
	assert.Equal(t, record{What: uint32(abi.OpHostSocket), Target: socketD}, p.record())
	assert.Equal(t, string(make([]byte, size)), p.record().Body, "nothing, if it does not fit")
	assert.EqualValues(t, abi.OpHostSocket, p.record().What)
	assert.Equal(t, want, p.record().Body)
	p.record()
	p.answers(int64(own + 1<<32)) // no socket of the loop
	p.emit(abi.EventData, 0, exchangeA, do(handlerSocketInfo, 1<<32, at, size))
	p.record()
	p.record()
	p.emit(abi.EventData, 0, exchangeA, do(handlerSendLog))
	closed := low(-int64(abi.StatusClosed))
	assert.Equal(t, []uint32{uint32(size), 0, uint32(size), 0, 1003, 0, 1, 1, closed}, p.handlerLog()[:9])
}

// untilLogged asks for the handler's log until it holds what, which the loop brings on its own, and returns all of it.
func (p *peer) untilLogged(what uint32) (all []uint32) {
	p.t.Helper()
	for range 1000 {
		p.emit(abi.EventDrain, 0, exchangeA, do(handlerSendLog))
		log := p.handlerLog()
		all = append(all, log[:len(log)-4]...)
		for i := 0; i < len(all); i += 4 {
			if all[i] == what {
				return all
			}
		}
	}
	p.t.Fatal("it does not come")
	return nil
}

func TestTimer(t *testing.T) {
	p := newWorld(t, handlerWasm).connect()
	p.emit(abi.EventRequest, 0, exchangeA, do(handlerTimer, math.MaxInt64), do(handlerTimer, 0))
	assert.Equal(t, []uint32{1001, 0, 0, 1, 1020, 0, 0, 0}, p.untilLogged(1020))
	p.emit(abi.EventData, 0, exchangeA, do(handlerTimer, 3600e9), do(handlerTimer, math.MaxUint64), do(handlerStore, 8, 0)) // disarmed
	p.emit(abi.EventData, 0, exchangeA, do(handlerSendLog))
	assert.Equal(t, []uint32{1003, 0, 0, 1}, p.handlerLog())
}

func TestTimerOfADeadHandler(t *testing.T) {
	w := newWorld(t, handlerWasm)
	p := w.connect()
	p.emit(abi.EventRequest, 0, exchangeB, do(handlerTimer, 0), do(handlerTrap))
	assert.EqualValues(t, abi.OpExchangeFail, p.record().What)
	p.emit(abi.EventRequest, 0, exchangeA, do(handlerSendLog))
	assert.Equal(t, []uint32{1001, 0, 0, 2}, p.handlerLog())

	// One that traps when its timer is due is replaced like any other.
	p.emit(abi.EventData, 0, exchangeA, do(handlerTimer, 0), do(handlerStore, handlerTrapIn, 2))
	assert.EqualValues(t, abi.OpExchangeFail, p.record().What)
	assert.Contains(t, w.log.String(), "handler ended")
}
