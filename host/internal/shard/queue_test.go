package shard

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/portholehttp/porthole/abi"
)

// busyWorld starts a shard whose first instance is busy with exchangeA, and whose others do not start before the test says so.
func busyWorld(t *testing.T, options ...option) (*world, *peer, *starts) {
	t.Helper()
	s := newStarts()
	w := newWorld(t, handlerWasm, append([]option{withIsolation(Pooled), withStarts(s)}, options...)...)
	p := w.connect()
	p.emit(abi.EventRequest, 0, exchangeA)
	w.onLoop(func() {}) // it has got it
	w.unsteady = true
	t.Cleanup(func() { close(s.tokens) })
	return w, p, s
}

const (
	exchangeC = 1<<32 | 2
	exchangeD = 1<<32 | 3
	exchangeE = 1<<32 | 4
)

func TestQueueIsInOrder(t *testing.T) {
	o := &watcher{}
	w, p, s := busyWorld(t, withWatcher(o), withLimits(func(l *Limits) { l.MaxInstances = 2 }))
	o.take()
	for _, x := range []uint64{exchangeB, exchangeC, exchangeD} {
		p.emit(abi.EventRequest, 0, x, do(handlerSendLog))
		p.expect(paused(x))
	}
	p.emit(abi.EventData, abi.EventEnd, exchangeB, do(handlerSendLog))
	s.next(true) // one instance more, of two
	assert.Equal(t, []uint32{1001, 0, 0, 1}[:1], p.handlerLog()[:1], "the first of them, with all of its memory its own")
	assert.Equal(t, []uint32{1003, abi.EventEnd}, p.handlerLog()[:2], "and what has come meanwhile")
	p.expect(resumed(exchangeB))
	p.emit(abi.EventData, 0, exchangeC, do(handlerSendLog)) // still waits
	p.finish(exchangeA)
	assert.Equal(t, []uint32{1001, 0, 0, 1, 1005, abi.EventDone, 0, 1, 1001, 0, 0, 2}, p.handlerLog(), "it is pooled, and has its memory from the first")
	assert.Equal(t, []uint32{1003, 0, 0, 2}, p.handlerLog())
	p.expect(resumed(exchangeC))
	p.finish(exchangeB)
	assert.Len(t, p.handlerLog(), 8)
	p.expect(resumed(exchangeD))
	w.onLoop(func() { assert.Len(t, w.all[0].live, 2); assert.Empty(t, w.waiting) })
}

func TestQueueIsBounded(t *testing.T) {
	o := &watcher{}
	w, p, s := busyWorld(t, withWatcher(o), withLimits(func(l *Limits) { l.MaxQueuedRequests = 2 }))
	o.take()
	p.emit(abi.EventRequest, abi.EventEnd, exchangeB)
	p.emit(abi.EventRequest, 0, exchangeC)
	p.expect(paused(exchangeC))
	p.emit(abi.EventRequest, 0, exchangeD)
	p.expect(failed(exchangeD, 503))

	// Who leaves makes room.
	p.emit(abi.EventClose, abi.EventDone, exchangeB)
	p.emit(abi.EventRequest, 0, exchangeE, do(handlerSendLog))
	p.expect(paused(exchangeE))
	p.emit(abi.EventClose, abi.EventDone, exchangeC)
	s.next(true)
	assert.Equal(t, []uint32{1001, 0, 0, 1}[:1], p.handlerLog()[:1])
	p.expect(resumed(exchangeE))
	w.onLoop(func() {})
	lines := o.take()
	assert.Equal(t, 4, countOf(lines, "request /   host= parent= state= shard=0 at=1000000000"))
	assert.Equal(t, 3, countOf(lines, "queued +1"))
	assert.Equal(t, 3, countOf(lines, "queued -1"))
	assert.Equal(t, 1, countOf(lines, "status 503"))
	assert.Equal(t, 2, countOf(lines, "end complete=false fuel=false"))
	assert.Equal(t, 1, countOf(lines, "end complete=true fuel=false"))
}

func countOf(lines []string, line string) (n int) {
	for _, l := range lines {
		if l == line {
			n++
		}
	}
	return n
}

func TestQueueTimeout(t *testing.T) {
	w, p, s := busyWorld(t)
	p.emit(abi.EventRequest, 0, exchangeB)
	p.expect(paused(exchangeB))
	w.advance(testLimits.QueueTimeout - time.Second)
	p.emit(abi.EventRequest, 0, exchangeC, do(handlerSendLog))
	p.expect(paused(exchangeC))
	w.advance(time.Second - 1)
	assert.Positive(t, p.ask(stackClock), "not yet")
	w.advance(1)
	p.expect(failed(exchangeB, 503))
	p.emit(abi.EventData, 0, exchangeB) // goes nowhere
	w.advance(testLimits.QueueTimeout - time.Second - 1)
	assert.Positive(t, p.ask(stackClock), "the other has come later")
	s.next(true)
	assert.Equal(t, []uint32{1001, 0}, p.handlerLog()[:2])
	p.expect(resumed(exchangeC))
	w.advance(time.Hour)
	assert.Positive(t, p.ask(stackClock), "it waits no longer")
}

func TestWhatWaitsIsCopied(t *testing.T) {
	_, p, s := busyWorld(t)
	script := do(handlerSend, ownExchange, 0, 0, 0, handlerInbox, 5)
	p.poke(stackScratch, script)
	p.poke(stackScratch+512, []byte("head!"))
	p.tell(emission(abi.EventRequest, abi.EventEnd, exchangeB, stackScratch+512, 5, stackScratch, uint64(len(script))))
	p.reply()
	p.poke(stackScratch, make([]byte, 600))
	p.poke(stackScratch+512, []byte("other"))
	s.next(true)
	assert.Equal(t, "head!", p.record().Body)
}

// A handler that pauses its request stays paused, though the host had paused it too.
func TestPausedByTheHandler(t *testing.T) {
	w, p, s := busyWorld(t)
	p.emit(abi.EventRequest, 0, exchangeB, do(handlerPause, ownExchange))
	p.expect(paused(exchangeB))
	p.emit(abi.EventRequest, 0, exchangeC, do(handlerPause, ownExchange), do(handlerResume, ownExchange))
	p.expect(paused(exchangeC))
	s.next(true)
	s.next(true)
	p.expect(paused(exchangeB), paused(exchangeC), resumed(exchangeC), resumed(exchangeC))
	w.onLoop(func() {})
	assert.Positive(t, p.ask(stackClock), "and no more")
}

// An instance that does not start keeps nobody waiting.
func TestQueueOfAHandlerThatIsDown(t *testing.T) {
	s := newStarts()
	w := newWorld(t, handlerWasm, withStarts(s))
	t.Cleanup(func() { close(s.tokens) })
	p := w.connect()
	w.unsteady = true
	p.emit(abi.EventRequest, 0, exchangeA, do(handlerTrap))
	p.expect(failed(exchangeA, 0))
	p.emit(abi.EventRequest, abi.EventEnd, exchangeB) // waits for the next, which is being made
	s.next(false)
	p.expect(failed(exchangeB, 503))
	p.emit(abi.EventRequest, abi.EventEnd, exchangeC)
	p.expect(failed(exchangeC, 503))
}

func TestStackTrapWithAQueue(t *testing.T) {
	o := &watcher{}
	w, p, s := busyWorld(t, withWatcher(o))
	p.emit(abi.EventRequest, 0, exchangeB, do(handlerSendLog))
	p.expect(paused(exchangeB))
	p.tell(command(stackTrap, 8, nil))
	p.closed()
	p = w.connect()
	p.emit(abi.EventRequest, abi.EventEnd, exchangeB, do(handlerSendLog))
	assert.Equal(t, []uint32{1001, 0, 0, 1, 1006, abi.EventDone, 0, 1, 1001, abi.EventEnd, 0, 2}, p.handlerLog(),
		"a request of the fresh stack, which calls it by the same number, and the instance that was busy")
	s.next(true)
	assert.Equal(t, 2, countOf(o.take(), "end complete=false fuel=false"))
}

func TestDrainServesTheQueue(t *testing.T) {
	w, p, s := busyWorld(t)
	p.emit(abi.EventRequest, 0, exchangeB, do(handlerSendLog))
	p.expect(paused(exchangeB))
	w.Drain()
	p.expect(record{What: uint32(abi.OpListenerClose), Target: uint64(w.listener.handle)}, record{What: uint32(abi.OpDrain)})
	s.next(true)
	assert.Len(t, p.handlerLog(), 4)
	p.expect(resumed(exchangeB))
	p.tell(command(stackClose, 8, []uint64{p.memory(stackSocket, 1)[0], 0}))
	p.closed()
	<-w.Done()
	assert.NoError(t, w.Err())
}

func TestMaxExchanges(t *testing.T) {
	w := newWorld(t, handlerWasm, withLimits(func(l *Limits) { l.MaxExchanges = 2 }))
	p := w.connect()
	p.emit(abi.EventRequest, 0, exchangeA)
	p.emit(abi.EventUpgrade, 0, socketD) // a connection that is taken over counts too
	p.emit(abi.EventRequest, 0, exchangeB, do(handlerSendLog))
	p.expect(paused(exchangeB))
	p.finish(exchangeA)
	assert.Equal(t, []uint32{1001, 0, 0, 2}, p.handlerLog()[12:])
	p.expect(resumed(exchangeB))
	p.emit(abi.EventRequest, abi.EventEnd, exchangeC, do(handlerSendLog))
	p.emit(abi.EventClose, abi.EventDone, socketD)
	assert.Equal(t, []uint32{1006, abi.EventDone, 1, 1, 1001, abi.EventEnd}, p.handlerLog()[:6])
}
