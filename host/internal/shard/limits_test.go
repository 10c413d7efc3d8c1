package shard

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/sandbox"
)

// brief is a timeout that a test sits out.
const brief = 10 * time.Millisecond

func TestEventTimeout(t *testing.T) {
	o := &watcher{}
	w := newWorld(t, handlerWasm, withMeter, withWatcher(o), withLimits(func(l *Limits) { l.EventTimeout = brief }))
	p := w.connect()
	p.emit(abi.EventRequest, 0, exchangeA)
	p.emit(abi.EventRequest, 0, exchangeB, do(handlerSpin, 0))
	p.expect(failed(exchangeA, 0), failed(exchangeB, 0))
	assert.Contains(t, w.log.String(), `msg="handler ended" handler=puppet function=on_event reason="the call took longer than it may"`)
	assert.Equal(t, 1, countOf(o.take(), "fault deadline"))
	p.emit(abi.EventRequest, abi.EventEnd, exchangeC, do(handlerSendLog))
	assert.Len(t, p.handlerLog(), 4, "the shard goes on")
}

func TestStartTimeout(t *testing.T) {
	for _, place := range []uint32{1, 2} {
		o := &watcher{}
		w := newWorld(t, handlerWasm)
		h := newHandler(t, "h", handlerWasm, withMeter, withWatcher(o),
			withLimits(func(l *Limits) { l.StartTimeout, l.EventTimeout = brief, 0 }),
			withStep(func(at uint32) ([]byte, bool) {
				if at == place {
					return do(handlerSpin, 0), true
				}
				return nil, true
			}))
		assert.ErrorIs(t, w.Prepare(h), sandbox.ErrDeadline)
		assert.Equal(t, []string{"fault deadline"}, o.take())
	}
}

// The time of _initialize is missing in on_start.
func TestStartTimeoutIsOne(t *testing.T) {
	w := newWorld(t, handlerWasm)
	h := newHandler(t, "h", handlerWasm, withMeter,
		withLimits(func(l *Limits) { l.StartTimeout = 20 * brief }),
		withStep(func(uint32) ([]byte, bool) { // the time of the host counts too
			for begun := time.Now(); time.Since(begun) < 15*brief; {
			}
			return do(handlerSpin, 1_000_000), true // a millisecond or so: enough to be looked at
		}))
	assert.ErrorIs(t, w.Prepare(h), sandbox.ErrDeadline)
}

const fuel = 1_000_000

func withFuel(l *Limits) { l.MaxExchangeFuel = fuel }

// spin has the handler use a part of the fuel.
func spin(parts, of uint64) []byte { return do(handlerSpin, parts*fuel/of) }

func TestMaxExchangeFuel(t *testing.T) {
	for _, isolation := range []Isolation{Shared, Pooled, Fresh} {
		o := &watcher{}
		w := newWorld(t, handlerWasm, withMeter, withWatcher(o), withIsolation(isolation), withLimits(withFuel))
		p := w.connect()
		p.emit(abi.EventRequest, 0, exchangeA, spin(2, 5))
		p.emit(abi.EventData, 0, exchangeA, spin(2, 5))
		p.emit(abi.EventDrain, 0, exchangeA, do(handlerPause, ownExchange))
		p.expect(paused(exchangeA)) // it lives
		p.emit(abi.EventData, 0, exchangeA, spin(2, 5))
		p.expect(failed(exchangeA, 0))
		assert.Contains(t, w.log.String(), `reason="the call computed more than it may"`)
		lines := o.take()
		assert.Equal(t, 1, countOf(lines, "fault fuel"))
		assert.Equal(t, 1, countOf(lines, "end complete=true fuel=true"))
	}
}

// Each request has its own.
func TestFuelIsPerExchange(t *testing.T) {
	p := newWorld(t, handlerWasm, withMeter, withLimits(withFuel)).connect()
	p.emit(abi.EventRequest, 0, exchangeA, spin(4, 5))
	p.emit(abi.EventRequest, 0, exchangeB, spin(4, 5))
	for range 5 { // a timer of nobody, and a connection that is taken over, have it each time
		p.emit(abi.EventUpgrade, 0, socketD, spin(4, 5))
	}
	p.emit(abi.EventData, 0, exchangeB, do(handlerSendLog))
	assert.Len(t, p.handlerLog(), 4*8)
}

// What an exchange has opened is charged to it.
func TestFuelOfWhatIsOpened(t *testing.T) {
	for _, code := range []uint32{handlerRequestOpen, handlerSocketOpen} {
		p := newWorld(t, handlerWasm, withMeter, withLimits(withFuel)).connect()
		p.answers(clientC)
		p.emit(abi.EventRequest, 0, exchangeA, do(code, 0, 0), spin(2, 5))
		p.record()
		p.record()
		p.emit(abi.EventData, 0, clientC, spin(2, 5))
		p.emit(abi.EventData, 0, clientC, spin(2, 5))
		p.expect(failed(exchangeA, 0), failed(clientC, 0))
	}
}

// The timer of an instance that serves one request is charged to that.
func TestFuelOfATimer(t *testing.T) {
	w := newWorld(t, handlerWasm, withIsolation(Pooled), withMeter, withLimits(withFuel))
	p := w.connect()
	w.onLoop(func() { // a stack without a script for it
		i := w.all[0].take()
		i.exchange = 0
		w.all[0].put(i)
	})
	p.emit(abi.EventRequest, 0, exchangeA)
	w.onLoop(func() {
		i := w.all[0].live[0]
		assert.Equal(t, i.exchange, i.payer(w.handles.get(i.exchange)))
		before := w.handles.get(i.exchange).fuel
		i.timeout(0)
		assert.Greater(t, w.handles.get(i.exchange).fuel, before)
	})
}

func TestMaxOutboundRequests(t *testing.T) {
	w := newWorld(t, handlerWasm, withLimits(func(l *Limits) { l.MaxOutboundRequests = 1 }))
	p := w.connect()
	p.answers(clientC)
	p.emit(abi.EventRequest, 0, exchangeA, do(handlerStore, 8, 0), do(handlerRequestOpen, 0, 0), do(handlerRequestOpen, 0, 0))
	assert.EqualValues(t, abi.OpRequestOpen, p.record().What)
	assert.EqualValues(t, sawTurn, p.record().What)
	p.emit(abi.EventClose, abi.EventDone, clientC)
	p.answers(clientC + 1<<32)
	p.emit(abi.EventData, 0, exchangeA, do(handlerRequestOpen, 0, 0), do(handlerSendLog))
	assert.EqualValues(t, abi.OpRequestOpen, p.record().What)
	limit := -int64(abi.StatusLimit)
	assert.Equal(t, []uint32{1, 1, low(limit), high(limit)}, p.handlerLog()[:4])
}

func TestMaxQueuedBytes(t *testing.T) {
	w := newWorld(t, handlerWasm, withLimits(func(l *Limits) { l.MaxQueuedBytes = 100 }))
	p := w.connect()
	unsent := func(want int64) {
		t.Helper()
		w.onLoop(func() { assert.Equal(t, want, w.all[0].unsent) })
	}
	send := func(n uint64) []byte { return do(handlerSend, ownExchange, 0, 0, 0, 0, n) }
	p.set(stackResult, uint64(abi.StatusQueued))
	p.emit(abi.EventRequest, 0, exchangeA, send(60))
	p.record()
	p.emit(abi.EventRequest, 0, exchangeB, send(40))
	p.record()
	unsent(100)
	p.emit(abi.EventData, 0, exchangeB, send(1), do(handlerSocketSend, ownExchange, 0, 0, 1), do(handlerRequestSend, ownExchange, 0, 0, 0, 0, 1))
	for range 3 {
		p.expect(record{What: uint32(abi.OpExchangeAbort), Target: exchangeB})
	}
	p.emit(abi.EventData, 0, exchangeA, do(handlerInform, ownExchange, 0, 24)) // is not counted
	assert.EqualValues(t, abi.OpResponseInform, p.record().What)
	p.emit(abi.EventDrain, 0, exchangeA, send(60)) // there is room again
	assert.Len(t, p.record().Body, 60)
	unsent(100)
	p.emit(abi.EventClose, abi.EventDone, exchangeB)
	unsent(60)
	p.set(stackResult, uint64(abi.StatusOK))
	p.emit(abi.EventData, 0, exchangeA, send(40))
	p.record()
	unsent(0) // all has left
	p.emit(abi.EventData, 0, exchangeA, send(101))
	p.expect(record{What: uint32(abi.OpExchangeAbort), Target: exchangeA})
	p.set(stackResult, uint64(abi.StatusQueued))
	p.emit(abi.EventData, 0, exchangeA, send(50), do(handlerTrap))
	p.record()
	p.record()
	unsent(0)
}

func TestMaxBodyBytes(t *testing.T) {
	for _, test := range []struct {
		name  string
		event func(p *peer)
	}{
		{"declared", func(p *peer) { p.emitHead(abi.EventRequest, 0, exchangeA, requestHead("/", 101)) }},
		{"declared, and waits for 100", func(p *peer) { p.emitHead(abi.EventCheckContinue, 0, exchangeA, requestHead("/", 101)) }},
		{"first piece", func(p *peer) { p.emitHead(abi.EventRequest, 0, exchangeA, requestHead("/", -1), make([]byte, 101)) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := &watcher{}
			p := newWorld(t, handlerWasm, withWatcher(o), withLimits(func(l *Limits) { l.MaxBodyBytes = 100 })).connect()
			test.event(p)
			p.expect(failed(exchangeA, 413))
			p.emit(abi.EventRequest, 0, exchangeB, do(handlerSendLog))
			assert.Equal(t, []uint32{1001}, kinds(p.handlerLog()), "the handler was not asked")
			assert.Contains(t, o.take(), "status 413")
		})
	}
}

func TestMaxBodyBytesInPieces(t *testing.T) {
	w := newWorld(t, handlerWasm, withLimits(func(l *Limits) { l.MaxBodyBytes = 2 * 56 }))
	p := w.connect()
	p.emitHead(abi.EventRequest, 0, exchangeA, requestHead("/", -1))
	p.emit(abi.EventData, 0, exchangeA, do(handlerStore, dirt, 1))
	p.emit(abi.EventData, abi.EventEnd, exchangeA, do(handlerStore, dirt, 2)) // just so many
	p.emitHead(abi.EventRequest, 0, exchangeB, requestHead("/", -1))
	for range 3 {
		p.emit(abi.EventData, 0, exchangeB, do(handlerStore, dirt, 3))
	}
	p.expect(failed(exchangeB, 413))
	p.emit(abi.EventRequest, 0, exchangeC, do(handlerSendLog))
	assert.Equal(t, []uint32{1001, 1003, 1003, 1001, 1003, 1003, 1006}, kinds(p.handlerLog())[:7], "the handler is told that it is over")
}

func TestMaxBodyBytesWhileItWaits(t *testing.T) {
	w, p, s := busyWorld(t, withLimits(func(l *Limits) { l.MaxBodyBytes = 100 }))
	p.emitHead(abi.EventRequest, 0, exchangeB, requestHead("/", -1), make([]byte, 50))
	p.expect(paused(exchangeB))
	p.emit(abi.EventData, 0, exchangeB, make([]byte, 50))
	p.emit(abi.EventData, 0, exchangeB, make([]byte, 1))
	p.expect(failed(exchangeB, 413))
	s.next(true)
	w.steady()
	require.Positive(t, p.ask(stackClock))
}

// Without metering there is nothing to count, and nothing is bounded.
func TestWithoutMeter(t *testing.T) {
	p := newWorld(t, handlerWasm, withLimits(withFuel)).connect()
	p.emit(abi.EventRequest, 0, exchangeA, spin(3, 1), do(handlerSendLog))
	assert.Len(t, p.handlerLog(), 4)
}
