package shard

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/portholehttp/porthole/abi"
)

func TestBackoffSchedule(t *testing.T) {
	var b backoff
	now := int64(0)
	fault := func() time.Duration {
		wait := b.fault(now, false)
		now += int64(wait)
		b.works(now)
		return wait
	}
	var waits []time.Duration
	for range 12 {
		waits = append(waits, fault())
	}
	ms := time.Millisecond
	assert.Equal(t, []time.Duration{0, 100 * ms, 200 * ms, 400 * ms, 800 * ms, 1600 * ms, 3200 * ms, 6400 * ms, 12800 * ms, 25600 * ms, 30000 * ms, 30000 * ms}, waits)
	for range 100 {
		assert.Equal(t, backoffMost, fault(), "no overflow")
	}

	now += int64(goodTime) - 1
	assert.Equal(t, backoffMost, fault(), "not long enough")
	now += int64(goodTime)
	assert.Zero(t, fault(), "it has done well")
	assert.Equal(t, backoffFirst, fault())
	b.served = goodRequests
	assert.Zero(t, fault(), "it has answered many")

	for range 5 {
		fault()
	}
	b.served = 1
	assert.Equal(t, backoffFirst, fault(), "it answers some: who makes it fail does not take it from all")
	assert.Equal(t, 64*backoffFirst, fault())
}

// The time in which there was no instance is not one in which it did well.
func TestBackoffDoesNotCountTheWait(t *testing.T) {
	var b backoff
	b.fault(0, false)
	b.works(1)
	assert.Equal(t, backoffFirst, b.fault(2, false))
	assert.Equal(t, 2*backoffFirst, b.fault(int64(time.Hour), false), "it did not start, though it might have long ago")
	assert.Equal(t, 4*backoffFirst, b.fault(int64(2*time.Hour), true))
	assert.Zero(t, b.fault(int64(2*time.Hour+goodTime), true), "others have served meanwhile")
}

func TestHandlerThatKeepsFailing(t *testing.T) {
	w := newWorld(t, handlerWasm)
	p := w.connect()
	x := uint64(0)
	request := func(status uint32) {
		t.Helper()
		x += 1 << 32
		p.emit(abi.EventRequest, abi.EventEnd, x, do(handlerTrap))
		p.expect(failed(x, status))
		w.onLoop(func() {}) // all that follows from it has been done
	}
	request(0)
	request(0) // by a fresh one, at once
	const line = `level=WARN msg="handler keeps failing, and is not started for a while" handler=puppet faults=`
	wait := backoffFirst
	for range 3 {
		request(503)
		w.advance(wait - 1)
		request(503)
		w.advance(1)
		w.unsteady = true
		x += 1 << 32
		p.emit(abi.EventRequest, abi.EventEnd, x, do(handlerTrap)) // it waits until there is one
		p.expect(failed(x, 0))
		w.onLoop(func() {})
		w.unsteady = false
		wait *= 2
	}
	assert.Contains(t, w.log.String(), line+"2 wait=100ms")
	assert.Contains(t, w.log.String(), line+"3 wait=200ms")
	assert.Contains(t, w.log.String(), line+"4 wait=400ms")
	assert.Equal(t, 4, strings.Count(w.log.String(), line), "each step once")

	w.advance(wait)
	p.emit(abi.EventRequest, abi.EventEnd, 1<<40, do(handlerSendLog))
	assert.Len(t, p.handlerLog(), 4)
	p.finish(1 << 40)
	w.advance(goodTime)
	request(0)
	request(0)
	request(503)
}

// A handler that answers many requests between its faults does well, however short the time.
func TestBusyHandlerIsNotHeldBack(t *testing.T) {
	w := newWorld(t, handlerWasm)
	p := w.connect()
	for round := range uint64(3) {
		for n := range uint64(goodRequests) {
			x := (round*1000+n)<<32 | 1<<50
			p.emit(abi.EventRequest, abi.EventEnd, x)
			p.finish(x)
		}
		x := round<<32 | 1<<51
		p.emit(abi.EventRequest, abi.EventEnd, x, do(handlerTrap))
		p.expect(failed(x, 0))
	}
	assert.NotContains(t, w.log.String(), "keeps failing")
}

// A start that fails counts too, and its reason is logged.
func TestHandlerThatDoesNotStartAgain(t *testing.T) {
	w := newWorld(t, strictWasm)
	p := w.connect()
	p.answers(-int64(abi.StatusInvalid)) // at which it traps in on_start
	p.emit(abi.EventRequest, abi.EventEnd, exchangeA)
	p.expect(failed(exchangeA, 0), record{What: uint32(abi.OpRequestOpen), Target: 2 << 32}, record{What: sawTurn})
	p.emit(abi.EventRequest, abi.EventEnd, exchangeB)
	p.expect(failed(exchangeB, 503))
	assert.Contains(t, w.log.String(), `msg="handler did not start" handler=puppet function=on_start reason=unreachable`)
	assert.Contains(t, w.log.String(), "faults=2 wait=100ms")
	w.advance(backoffFirst)
	w.onLoop(func() { assert.Zero(t, w.all[0].starting, "nobody needs it") })

	p.answers(0)
	w.unsteady = true
	p.emit(abi.EventRequest, abi.EventEnd, exchangeC) // at which it traps anyway
	p.expect(record{What: uint32(abi.OpRequestOpen), Target: 3 << 32})
	p.expect(failed(exchangeC, 0))
}

// A listening handler that traps in its own timer is not started without end.
func TestListeningHandlerThatKeepsFailing(t *testing.T) {
	w, ports, o := listening(t)
	p := w.connect()
	p.emit(abi.EventRequest, abi.EventEnd, exchangeA) // it traps
	for range 4 {
		p.record() // exchange_fail, and what the fresh one says
	}
	p.emit(abi.EventRequest, abi.EventEnd, exchangeB)
	p.expect(failed(exchangeB, 0))
	w.onLoop(func() {})
	w.listener = o.listener
	w.connect() // comes to the shard meanwhile
	assert.EqualValues(t, sawAccept, p.record().What)
	w.advance(backoffFirst - 1)
	w.onLoop(func() { assert.Empty(t, w.all[0].live); assert.Zero(t, w.all[0].starting) })
	w.advance(1)
	assert.EqualValues(t, abi.OpServerListen, p.record().What)
	ports.idle(t)
}
