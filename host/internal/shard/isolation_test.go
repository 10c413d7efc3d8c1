package shard

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
)

const dirt = 300000 // an address in the handler's memory

// show has the handler send 8 bytes of its memory.
func show() []byte { return do(handlerSend, ownExchange, 0, 0, 0, dirt, 8) }

// shared: all requests at once, and one memory for all.
func TestShared(t *testing.T) {
	w := newWorld(t, handlerWasm)
	p := w.connect()
	p.emit(abi.EventRequest, 0, exchangeA, do(handlerStore, dirt, 7))
	p.emit(abi.EventRequest, 0, exchangeB, show())
	assert.EqualValues(t, 7, le64([]byte(p.record().Body)))
	w.onLoop(func() { assert.Len(t, w.all[0].live, 1) })
}

// pooled: one request at a time, and a memory for each instance, which keeps it.
func TestPooled(t *testing.T) {
	w := newWorld(t, handlerWasm, withIsolation(Pooled))
	p := w.connect()
	p.emit(abi.EventRequest, abi.EventEnd, exchangeA, do(handlerStore, dirt, 7))
	p.emit(abi.EventRequest, abi.EventEnd, exchangeB, show())
	assert.Zero(t, le64([]byte(p.record().Body)), "another instance")
	p.finish(exchangeA)
	p.emit(abi.EventRequest, abi.EventEnd, exchangeC, show())
	assert.EqualValues(t, 7, le64([]byte(p.record().Body)), "the first again")
	w.onLoop(func() { assert.Len(t, w.all[0].live, 2) })
}

// An instance is busy as long as a connection that it has taken over.
func TestTakenOverConnectionKeepsAnInstanceBusy(t *testing.T) {
	for _, kind := range []abi.EventKind{abi.EventUpgrade, abi.EventConnect, abi.EventClientError} {
		for _, isolation := range []Isolation{Pooled, Fresh} {
			w := newWorld(t, handlerWasm, withIsolation(isolation), withMeter)
			p := w.connect()
			p.emit(kind, abi.EventEnd, socketD, do(handlerStore, dirt, 7))
			p.emit(abi.EventRequest, abi.EventEnd, exchangeA, show())
			assert.Zero(t, le64([]byte(p.record().Body)))
			w.onLoop(func() { assert.Len(t, w.all[0].free, 0) })
			p.finish(exchangeA)
			p.emit(abi.EventClose, abi.EventDone, socketD)
			w.onLoop(func() { assert.Len(t, w.all[0].free, 2) })
		}
	}
}

// fresh: each request finds what was there after the start, though there is one instance, with everything reset.
func TestFresh(t *testing.T) {
	d := newDials()
	o := &watcher{}
	started := withStep(func(place uint32) ([]byte, bool) {
		if place != 2 {
			return nil, true
		}
		return append(do(handlerStore, dirt, 5), do(handlerListeners, 0, uint64(abi.ListenUpgrade))...), true
	})
	w := newWorld(t, handlerWasm, withIsolation(Fresh), withMeter, withDials(d), withWatcher(o), started)
	p := w.connect()
	assert.Equal(t, []string{"instance took=true reset=false"}, o.take())
	for round := range uint64(3) {
		exchange := round<<32 | 1<<32
		p.answers(clientC)
		p.set(stackDials, 1)
		destination := destination()
		p.emit(abi.EventRequest, abi.EventEnd, exchange, append(storing(at, destination),
			show(), do(handlerStore, dirt, 9), do(handlerListeners, 0, 0), do(handlerTimer, 0),
			do(handlerRequestOpen, at, uint64(len(destination))), do(handlerSendLog))...)
		r := p.record()
		require.EqualValues(t, abi.OpResponseSend, r.What)
		assert.EqualValues(t, 5, le64([]byte(r.Body)), "as after the start")
		assert.EqualValues(t, abi.OpRequestOpen, p.record().What)
		log := p.handlerLog()
		assert.EqualValues(t, 1001, log[1], "it has begun with what on_start has left, and nothing of others: the result of server_listeners")
		assert.EqualValues(t, sawTurn, p.record().What)
		socket := p.memory(stackDialed, 1)[0]
		p.finish(exchange)
		p.expect(failed(clientC, 0))
		r = p.record()
		assert.Equal(t, record{What: sawClose, Flags: uint32(abi.StatusReset), Target: socket}, r, "nor has anybody its connections")
	}
	w.onLoop(func() {
		assert.Len(t, w.all[0].live, 1, "one instance")
		assert.EqualValues(t, 4, w.all[0].live[0].number, "which the stack knows by another number after each reset: what it still has of the old one is not for the next")
		assert.Empty(t, w.sockets[0])
	})
	assert.Equal(t, 3, countOf(o.take(), "instance took=false reset=true"))
}

// A guest that cannot be reset is replaced after each request.
func TestFreshWithoutReset(t *testing.T) {
	o := &watcher{}
	w := newWorld(t, handlerWasm, withIsolation(Fresh), withWatcher(o))
	p := w.connect()
	for round := range uint64(3) {
		exchange := round<<32 | 1<<32
		p.emit(abi.EventRequest, abi.EventEnd, exchange, show(), do(handlerStore, dirt, 7))
		assert.Zero(t, le64([]byte(p.record().Body)))
		p.finish(exchange)
		w.steady()
		w.onLoop(func() { assert.EqualValues(t, round+2, w.all[0].live[0].number) })
	}
	lines := o.take()
	assert.Equal(t, 3, countOf(lines, "gone"))
	assert.Equal(t, 4, countOf(lines, "instance took=true reset=false"))
}

// The timer that a Fresh instance sets at its start is each request's.
func TestTimerOfAFreshInstance(t *testing.T) {
	started := withStep(func(place uint32) ([]byte, bool) {
		if place != 2 {
			return nil, true
		}
		return do(handlerTimer, 1e9), true
	})
	w := newWorld(t, handlerWasm, withIsolation(Fresh), withMeter, started)
	p := w.connect()
	w.advance(2e9) // it stands still while nobody is there
	for round := range uint64(2) {
		exchange := round<<32 | 1<<32
		p.emit(abi.EventRequest, 0, exchange)
		w.advance(0)
		p.emit(abi.EventData, 0, exchange, do(handlerSendLog))
		assert.Equal(t, []uint32{1001, 1020, 1003}, kinds(p.handlerLog()))
		p.finish(exchange)
	}
}

// kinds returns the first of each four numbers.
func kinds(log []uint32) (k []uint32) {
	for i := 0; i < len(log); i += 4 {
		k = append(k, log[i])
	}
	return k
}

// What a Fresh instance opens at its start is ended: it could not be there for each.
func TestOpenedAtTheStart(t *testing.T) {
	started := withStep(func(place uint32) ([]byte, bool) {
		return do(handlerRequestOpen, 0, 0), true
	})
	for isolation, kept := range map[Isolation]int{Pooled: 1, Fresh: 0} {
		w := newWorld(t, handlerWasm, withIsolation(isolation), withMeter)
		h := newHandler(t, "other", handlerWasm, started, withIsolation(isolation), withMeter)
		p := w.connect()
		p.answers(clientC)
		require.NoError(t, w.Prepare(h))
		w.onLoop(func() { assert.Len(t, w.all[1].live[0].owned, kept) })
	}
}

func TestOnlySharedHandlersListen(t *testing.T) {
	for _, isolation := range []Isolation{Pooled, Fresh} {
		ports := newPorts()
		p := newWorld(t, handlerWasm, withPorts(ports), withIsolation(isolation)).connect()
		request := listenRequest(abi.ListenTCP, 80, "")
		p.emit(abi.EventRequest, 0, exchangeA, append(storing(at, request), do(handlerListen, 7, at, uint64(len(request))))...)
		const text = "only a handler with the isolation shared may listen, and this one has another"
		p.emit(abi.EventData, 0, exchangeA, do(handlerSend, ownExchange, 0, 0, 0, handlerText, uint64(len(text))), do(handlerSendLog))
		assert.Equal(t, text, p.record().Body)
		assert.Equal(t, []uint32{1001, 0, 0, 1, 0, 1008, abi.StatusFlags(abi.StatusDenied), 7, 0}, p.handlerLog()[:9])
		ports.idle(t)
	}
}

// The refusal of an instance that was reset meanwhile is not the next request's.
func TestNoticesDoNotOutliveAReset(t *testing.T) {
	p := newWorld(t, handlerWasm, withIsolation(Fresh), withMeter).connect()
	request := listenRequest(abi.ListenTCP, 80, "")
	p.set(stackResult, uint64(abi.ResultDone))
	p.emit(abi.EventRequest, abi.EventEnd, exchangeA, append(storing(at, request),
		do(handlerListen, 7, at, uint64(len(request))), do(handlerSend, ownExchange))...)
	p.record()
	p.set(stackResult, 0)
	p.emit(abi.EventRequest, abi.EventEnd, exchangeB, do(handlerSendLog))
	assert.Equal(t, []uint32{1001}, kinds(p.handlerLog()))
}

// Requests of one connection go to several instances. Who asks for its socket has it; who had it is told that it is closed.
func TestSocketOfGoesToWhoAsksLast(t *testing.T) {
	w := newWorld(t, handlerWasm, withIsolation(Pooled))
	p := w.connect()
	p.answers(socketD)
	for _, x := range []uint64{exchangeA, exchangeB} {
		p.emit(abi.EventRequest, abi.EventEnd, x, do(handlerSocketOf, ownExchange))
		assert.EqualValues(t, abi.OpSocketOf, p.record().What)
		assert.EqualValues(t, sawTurn, p.record().What)
	}
	p.emit(abi.EventTimeout, 0, socketD)
	p.emit(abi.EventData, 0, exchangeA, do(handlerSendLog))
	assert.Equal(t, []uint32{1001, abi.EventEnd, 0, 1, 1, 1, 1006, abi.EventDone, 1, 1, 1003, 0, 0, 1}, p.handlerLog())
	p.emit(abi.EventData, 0, exchangeB, do(handlerSendLog))
	log := p.handlerLog()
	assert.Equal(t, []uint32{1019, 1003}, []uint32{log[6], log[10]})
	w.onLoop(func() { assert.Len(t, w.handles.slots[1:], 2) })
	assert.NotContains(t, w.log.String(), "stack ended")
}

// A fault ends one instance, and the others go on.
func TestFaultInAPool(t *testing.T) {
	for _, isolation := range []Isolation{Pooled, Fresh} {
		w := newWorld(t, handlerWasm, withIsolation(isolation), withMeter)
		p := w.connect()
		p.emit(abi.EventRequest, 0, exchangeA)
		p.emit(abi.EventRequest, 0, exchangeB, do(handlerTrap))
		p.expect(paused(exchangeB), failed(exchangeB, 0))
		p.emit(abi.EventData, 0, exchangeA, do(handlerSendLog))
		assert.Equal(t, []uint32{1001, 1003}, kinds(p.handlerLog()))
		w.onLoop(func() { assert.Len(t, w.all[0].live, 1, "another is made when it is needed") })
	}
}
