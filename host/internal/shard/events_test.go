package shard

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/portholehttp/porthole/abi"
)

func emission(kind abi.EventKind, flags uint32, target uint64, head, headSize, body, bodySize uint64) []byte {
	return command(stackEmit, 8, []uint64{uint64(kind), uint64(flags), target, 1, head, headSize, body, bodySize})
}

func TestEventsReachTheHandler(t *testing.T) {
	p := newWorld(t, handlerWasm).connect()
	p.emit(abi.EventRequest, 0, exchangeA)
	p.emit(abi.EventCheckContinue, 0, exchangeB)
	p.emit(abi.EventData, abi.EventEnd, exchangeA)
	p.emit(abi.EventDrain, 0, exchangeA)
	p.emit(abi.EventFinish, 0, exchangeB)
	p.emit(abi.EventServerClose, 0, 1<<32|7)
	p.emit(abi.EventData, 0, exchangeA, do(handlerSendLog))
	assert.Equal(t, []uint32{
		1001, 0, 0, 1,
		1002, 0, 1, 1,
		1003, abi.EventEnd, 0, 1,
		1004, 0, 0, 1,
		1005, 0, 1, 1,
		1009, 0, 7, 0,
		1003, 0, 0, 1,
	}, p.handlerLog())
}

func TestHeadAndBodyReachTheInbox(t *testing.T) {
	p := newWorld(t, handlerWasm).connect()
	script := do(handlerSend, ownExchange, 0, 0, 0, handlerInbox, 24+56)
	p.poke(stackScratch, []byte("this is the event's head"))
	p.poke(stackScratch+512, script)
	p.tell(emission(abi.EventRequest, 0, exchangeA, stackScratch, 24, stackScratch+512, uint64(len(script))))
	p.reply()
	assert.Equal(t, "this is the event's head"+string(script), p.record().Body)
}

func TestAnEventMayHaveAHeadOnly(t *testing.T) {
	p := newWorld(t, handlerWasm).connect()
	p.poke(stackScratch, []byte("trailers"))
	p.emit(abi.EventRequest, 0, exchangeA)
	p.tell(emission(abi.EventData, abi.EventEnd, exchangeA, stackScratch, 8, 0, 0))
	p.reply()
	p.emit(abi.EventDrain, 0, exchangeA, do(handlerSend, ownExchange, 0, 0, 0, handlerInbox, 0), do(handlerSendLog))
	p.record()
	assert.Equal(t, []uint32{1001, 0, 0, 1, 1003, 1, 0, 1, 1004, 0, 0, 1, 0}, p.handlerLog())
}

func TestEventsOfUnknownExchangesAreDropped(t *testing.T) {
	p := newWorld(t, handlerWasm).connect()
	p.emit(abi.EventRequest, 0, exchangeA)
	for _, target := range []uint64{0, exchangeB, 2 << 32, 0xffffffffffffffff} {
		p.emit(abi.EventData, 0, target)
		p.emit(abi.EventClose, abi.EventDone, target)
	}
	p.emit(abi.EventServerClose, 0, 2<<32|7) // another instance's
	p.emit(abi.EventServerClose, abi.EventDone, 7)
	p.emit(abi.EventData, 0, exchangeA, do(handlerSendLog))
	assert.Equal(t, []uint32{1001, 0, 0, 1, 1003, 0, 0, 1}, p.handlerLog())
}

func TestDoneEventMakesTheHandleStale(t *testing.T) {
	p := newWorld(t, handlerWasm).connect()
	p.emit(abi.EventRequest, 0, exchangeB)
	p.emit(abi.EventRequest, 0, exchangeA)
	p.emit(abi.EventFinish, abi.EventDone, exchangeA, do(handlerStore, 8, 0), do(handlerSend, ownExchange), do(handlerAbort, ownExchange))
	p.emit(abi.EventData, 0, exchangeB, do(handlerSendLog))
	closed := uint32(abi.StatusClosed)
	assert.Equal(t, []uint32{closed, closed}, p.handlerLog()[:2], "even while it is told")
}

// What a stack must not do ends it, and with it its connections; the shard goes on.
func TestBrokenContractEndsTheStack(t *testing.T) {
	const memory = 24 << 16
	for _, test := range []struct {
		name     string
		commands [][]byte
		log      string
	}{
		{"head outside", [][]byte{emission(abi.EventRequest, 0, exchangeA, memory-8, 16, 0, 0)}, "event_emit: head: 16 bytes at 1572856 leave the memory of 1572864 bytes"},
		{"body outside", [][]byte{emission(abi.EventRequest, 0, exchangeA, 0, 0, 0xffffffff, 0xffffffff)}, "event_emit: body: 4294967295 bytes at 4294967295 leave the memory"},
		{"kind 0", [][]byte{emission(0, 0, exchangeA, 0, 0, 0, 0)}, "event_emit: an event of kind 0"},
		{"an event of the host", [][]byte{emission(abi.EventListening, 0, 1<<32|7, 0, 0, 0, 0)}, "event_emit: an event of kind 7"},
		{"an unknown event", [][]byte{emission(21, 0, exchangeA, 0, 0, 0, 0)}, "event_emit: an event of kind 21"},
		{"the host's timer", [][]byte{emission(abi.EventTimer, 0, exchangeA, 0, 0, 0, 0)}, "event_emit: an event of kind 20"},
		{"body too large", [][]byte{emission(abi.EventRequest, 0, exchangeA, 0, 0, 0, maxEventBody+1)}, "event_emit: an event of 0 bytes of head and 65537 of body"},
		{"an index beyond all bounds", [][]byte{emission(abi.EventRequest, 0, 1<<32|maxHandles, 0, 0, 0, 0)}, "the handle 0x100100000 has an index beyond 1048576"},
		{"an index in use", [][]byte{emission(abi.EventRequest, 0, exchangeA, 0, 0, 0, 0), emission(abi.EventRequest, 0, 2<<32, 0, 0, 0, 0)}, "a new handle 0x200000000, whose index is in use"},
		{"socket_write outside", [][]byte{command(stackWrite, 8, []uint64{1, memory, 1})}, "socket_write: bytes: 1 bytes at 1572864 leave the memory"},
		{"socket_listen outside", [][]byte{command(stackListen, 8, []uint64{1, 1, 0xffffffff})}, "socket_listen: request: 4294967295 bytes at 1 leave the memory"},
		{"socket_connect outside", [][]byte{command(stackConnect, 8, []uint64{1 << 32, memory - 1, 2})}, "socket_connect: destination: 2 bytes at 1572863 leave the memory"},
		{"trap", [][]byte{command(stackTrap, 8, nil)}, "function=on_socket_data reason=unreachable"},
		{"exit", [][]byte{command(stackExit, 8, []uint64{0})}, "the guest exited with code 0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, handlerWasm)
			p := w.connect()
			p.tell(test.commands...)
			p.closed()
			assert.Contains(t, w.log.String(), `msg="stack ended, its connections are cut" guest=stack`)
			assert.Contains(t, w.log.String(), test.log)

			p = w.connect()
			p.emit(abi.EventRequest, 0, exchangeA, do(handlerStore, 8, 0), do(handlerPause, ownExchange), do(handlerSendLog))
			assert.EqualValues(t, abi.OpRequestPause, p.record().What)
			assert.Equal(t, []uint32{0}, p.handlerLog(), "served by a fresh stack")
		})
	}
}

func TestEventsAtOnceAreBounded(t *testing.T) {
	const most = 5
	w := newWorld(t, handlerWasm, withMaxEvents(most))
	p := w.connect()
	var commands [][]byte
	for i := range most {
		commands = append(commands, emission(abi.EventRequest, 0, 1<<32|uint64(i), 0, 0, 0, 0))
	}
	p.tell(commands...)
	for range commands {
		p.reply()
	}
	p.emit(abi.EventData, 0, exchangeA, do(handlerSendLog))
	assert.Len(t, p.handlerLog(), 4*(most+1), "as many as are allowed")

	commands = append(commands, emission(abi.EventData, 0, exchangeA, 0, 0, 0, 0))
	p.tell(commands...)
	p.closed()
	assert.Contains(t, w.log.String(), "event_emit: more than 5 events at once")
}

func TestEventInOperationEndsTheStack(t *testing.T) {
	w := newWorld(t, handlerWasm)
	p := w.connect()
	p.set(stackTrapIn, emitInOperation)
	p.emit(abi.EventRequest, 0, exchangeA, do(handlerPause, ownExchange))
	p.closed()
	assert.Contains(t, w.log.String(), "function=on_operation reason=\"event_emit: an event is raised outside of an entry\"")
}

func TestMemoryOfTheStackMayMove(t *testing.T) {
	w := newWorld(t, handlerWasm)
	p := w.connect()
	// Two events, and between them the stack's memory grows.
	report := do(handlerSendLog)
	p.poke(stackScratch, report)
	p.tell(
		emission(abi.EventRequest, 0, exchangeA, 0, 0, 0, 0),
		command(stackGrow, 8, []uint64{64}),
		emission(abi.EventData, 0, exchangeA, 0, 0, stackScratch, uint64(len(report))),
	)
	p.reply()
	assert.EqualValues(t, 24, p.reply())
	p.reply()
	assert.Equal(t, []uint32{1001, 0, 0, 1, 1003, 0, 0, 1}, p.handlerLog())
	p.emit(abi.EventData, 0, exchangeA, do(handlerSendLog))
	assert.Equal(t, []uint32{1003, 0, 0, 1}, p.handlerLog(), "the receive buffer has moved along")
}
