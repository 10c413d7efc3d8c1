package shard

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
)

// isRetired reports whether nothing is left of a handler.
func (w *world) isRetired(h *Handler) bool {
	w.onLoop(func() {})
	return isClosed(w.Retired(h))
}

func (w *world) route(h *Handler) {
	w.t.Helper()
	require.NoError(w.t, w.SetRoutes(map[string]*Handler{"/": h}))
}

func TestReplace(t *testing.T) {
	for _, isolation := range []Isolation{Shared, Pooled, Fresh} {
		t.Run(fmt.Sprint(isolation), func(t *testing.T) {
			o := &watcher{}
			w := newWorld(t, handlerWasm, tag(1), withIsolation(isolation), withMeter, withWatcher(o))
			p := w.connect()
			p.emit(abi.EventRequest, abi.EventEnd, exchangeA)
			p.emit(abi.EventUpgrade, abi.EventEnd, socketD)
			next := w.prepared("next", tag(2), withIsolation(isolation), withMeter)
			assert.False(t, w.isRetired(w.handler))
			w.route(next)
			assert.EqualValues(t, 2, p.who(exchangeB, nil), "at once")
			p.emit(abi.EventData, 0, exchangeA, show())
			assert.EqualValues(t, 1, le64([]byte(p.record().Body)), "what it had goes on")
			assert.False(t, w.isRetired(w.handler))
			p.finish(exchangeA)
			assert.False(t, w.isRetired(w.handler))
			p.emit(abi.EventClose, abi.EventDone, socketD)
			assert.True(t, w.isRetired(w.handler))
			w.onLoop(func() {
				assert.Len(t, w.all, 1)
				assert.Len(t, w.numbers, len(w.all[0].live))
			})
			lines := o.take()
			assert.Equal(t, countOf(lines, "instance took=true reset=false"), countOf(lines, "gone"))
		})
	}
}

// What a handler has asked others for, nobody may be waiting for but the handler itself: it gets it.
func TestRetiredWithRequestsOfItsOwn(t *testing.T) {
	for _, code := range []uint32{handlerRequestOpen, handlerSocketOpen} {
		w := newWorld(t, handlerWasm)
		p := w.connect()
		p.answers(clientC)
		p.emit(abi.EventRequest, 0, exchangeA, do(code, 0, 0))
		p.record()
		p.record()
		p.finish(exchangeA)
		w.route(w.prepared("next"))
		assert.False(t, w.isRetired(w.handler))
		p.emit(abi.EventClose, abi.EventDone, clientC)
		assert.True(t, w.isRetired(w.handler))
	}
}

func TestRetireTimeout(t *testing.T) {
	o := &watcher{}
	w := newWorld(t, handlerWasm, withWatcher(o))
	p := w.connect()
	p.emit(abi.EventRequest, 0, exchangeA)
	p.emit(abi.EventRequest, 0, exchangeB, do(handlerSend, ownExchange, uint64(abi.SendHead), 0, 24))
	p.record()
	w.route(w.prepared("next"))
	w.advance(testLimits.RetireTimeout - 1)
	assert.False(t, w.isRetired(w.handler))
	w.advance(1)
	p.expect(failed(exchangeA, 0), failed(exchangeB, 0)) // which the stack answers, or cuts if the head is out
	assert.True(t, w.isRetired(w.handler))
	assert.Contains(t, w.log.String(), `msg="handler was replaced, and what it still served is cut" handler=puppet requests=2`)
	lines := o.take()
	assert.Equal(t, 1, countOf(lines, "end complete=true fuel=false"))
	assert.Equal(t, 1, countOf(lines, "end complete=false fuel=false"))
	assert.Equal(t, 1, countOf(lines, "status 500"))
}

// Requests that wait when their handler is replaced are served by it.
func TestReplaceWithAQueue(t *testing.T) {
	w, p, s := busyWorld(t)
	p.emit(abi.EventRequest, 0, exchangeB, do(handlerSendLog))
	p.expect(paused(exchangeB))
	w.route(w.prepared("next"))
	s.next(true)
	assert.Equal(t, []uint32{1001}, kinds(p.handlerLog()))
	p.expect(resumed(exchangeB))
	p.finish(exchangeB)
	assert.False(t, w.isRetired(w.handler))
	p.finish(exchangeA)
	assert.True(t, w.isRetired(w.handler))
}

// A version with a fault is not started again once it is retired and nothing waits for it.
func TestFaultOfARetiredVersion(t *testing.T) {
	w := newWorld(t, handlerWasm)
	p := w.connect()
	p.emit(abi.EventRequest, 0, exchangeA)
	w.route(w.prepared("next"))
	p.emit(abi.EventData, 0, exchangeA, do(handlerTrap))
	p.expect(failed(exchangeA, 0))
	assert.True(t, w.isRetired(w.handler))
}

func TestPrepareThatFails(t *testing.T) {
	w := newWorld(t, handlerWasm, tag(1))
	p := w.connect()
	for _, place := range []uint32{1, 2} {
		h := newHandler(t, "bad", handlerWasm, withStep(func(at uint32) ([]byte, bool) { return nil, at != place }))
		assert.ErrorContains(t, w.Prepare(h), "unreachable")
		assert.True(t, w.isRetired(h))
	}
	assert.EqualValues(t, 1, p.who(exchangeA, nil), "nobody noticed")
	assert.NotContains(t, w.log.String(), "handler keeps failing")
}

func TestPrepareTwice(t *testing.T) {
	s := newStarts()
	w := newWorld(t, handlerWasm)
	h := newHandler(t, "h", handlerWasm, withStep(func(place uint32) ([]byte, bool) { return nil, place != 1 || <-s.tokens }))
	results := make(chan error, 2)
	for range 2 {
		go func() { results <- w.Prepare(h) }()
	}
	s.next(true)
	require.NoError(t, <-results)
	require.NoError(t, <-results)
	require.NoError(t, w.Prepare(h))
	w.onLoop(func() { assert.Len(t, w.version(h).live, 1) })
}

func TestRelease(t *testing.T) {
	w := newWorld(t, handlerWasm, tag(1))
	w.Release(w.handler) // it is routed: nothing happens
	p := w.connect()
	assert.EqualValues(t, 1, p.who(exchangeA, nil))
	h := w.prepared("h")
	w.Release(h)
	assert.True(t, w.isRetired(h))
	w.Release(h)
	w.Release(newHandler(t, "unknown", handlerWasm))

	// While it starts.
	s := newStarts()
	h = newHandler(t, "h", handlerWasm, withStep(func(place uint32) ([]byte, bool) { return nil, place != 1 || <-s.tokens }))
	result := make(chan error)
	go func() { result <- w.Prepare(h) }()
	for starting := false; !starting; {
		w.onLoop(func() { starting = len(w.all) == 2 })
	}
	w.Release(h)
	assert.False(t, w.isRetired(h))
	s.next(true)
	assert.ErrorIs(t, <-result, ErrClosed)
	<-w.Retired(h)
}

// A handler may come back, also while it is still finishing.
func TestPrepareAgain(t *testing.T) {
	w := newWorld(t, handlerWasm)
	p := w.connect()
	p.emit(abi.EventRequest, 0, exchangeA)
	w.route(w.prepared("next"))
	gone := w.Retired(w.handler)
	require.NoError(t, w.Prepare(w.handler))
	w.route(w.handler)
	p.finish(exchangeA)
	<-gone
	assert.False(t, w.isRetired(w.handler))
}

// The shard serves while an instance is being made.
func TestServesWhileAHandlerStarts(t *testing.T) {
	w := newWorld(t, handlerWasm, tag(1))
	p := w.connect()
	inside, release := make(chan struct{}), make(chan struct{})
	h := newHandler(t, "slow", handlerWasm, withStep(func(place uint32) ([]byte, bool) {
		if place == 1 {
			close(inside)
			<-release
		}
		return nil, true
	}))
	result := make(chan error)
	go func() { result <- w.Prepare(h) }()
	<-inside
	w.unsteady = true
	assert.EqualValues(t, 1, p.who(exchangeA, nil))
	close(release)
	require.NoError(t, <-result)
}

// Nothing can be asked for before on_start: _initialize does not run on the loop.
func TestOperationsInInitialize(t *testing.T) {
	early := withStep(func(place uint32) (script []byte, ok bool) {
		if place != 1 {
			return nil, true
		}
		for _, code := range []uint32{handlerSend, handlerInform, handlerPause, handlerResume, handlerAbort, handlerListen, handlerClose, handlerListeners,
			handlerRequestSend, handlerSocketSend, handlerSocketSet, handlerSocketInfo, handlerTimer} {
			script = append(script, do(code)...)
		}
		return append(append(append(script, do(handlerRequestOpen)...), do(handlerSocketOpen)...), do(handlerSocketOf)...), true
	})
	p := newWorld(t, handlerWasm, early).connect()
	p.emit(abi.EventRequest, 0, exchangeA, do(handlerSendLog))
	state := uint32(abi.StatusState)
	l, h := low(-int64(abi.StatusState)), high(-int64(abi.StatusState))
	assert.Equal(t, []uint32{state, state, state, state, state, state, state, state, state, state, state, l, l, h, l, h, l, h}, p.handlerLog()[:18])
}

// Reloads leave nothing.
func TestManyReloads(t *testing.T) {
	w := newWorld(t, handlerWasm, tag(1))
	p := w.connect()
	last := w.handler
	for n := range uint64(200) {
		p.emit(abi.EventRequest, 0, n<<32|1<<32)
		next := w.prepared(fmt.Sprint(n), withIsolation(Isolation(n%3)))
		w.route(next)
		p.finish(n<<32 | 1<<32)
		<-w.Retired(last)
		require.NoError(t, last.Module.Close(context.Background()))
		last = next
	}
	w.onLoop(func() {
		assert.Len(t, w.all, 1)
		assert.Len(t, w.versions, 1)
		assert.Len(t, w.numbers, 1)
		assert.LessOrEqual(t, len(w.handles.slots), 1)
		assert.Empty(t, w.stirred)
	})
}

// A shard that stops while handlers are being made, and serve, leaves nothing: TestMain looks for goroutines.
func TestStopWhileAllIsBusy(t *testing.T) {
	o := &watcher{}
	w, p, s := busyWorld(t, withWatcher(o))
	p.emit(abi.EventRequest, 0, exchangeB)
	p.expect(paused(exchangeB))
	result := make(chan error)
	h := newHandler(t, "h", handlerWasm, withStep(func(place uint32) ([]byte, bool) { return nil, place != 1 || <-s.tokens }))
	go func() { result <- w.Prepare(h) }()
	for starting := false; !starting; {
		w.onLoop(func() { starting = len(w.all) == 2 })
	}
	w.Stop()
	s.next(true)
	s.next(true)
	<-w.Done()
	assert.ErrorIs(t, <-result, ErrClosed)
	<-w.Retired(h)
	<-w.Retired(w.handler)
	lines := o.take()
	assert.Equal(t, 2, countOf(lines, "end complete=false fuel=false"))
	assert.Equal(t, countOf(lines, "queued +1"), countOf(lines, "queued -1"))
	assert.Equal(t, 1, countOf(lines, "gone"))
}

// With its timer armed, too.
func TestStopWithTimers(t *testing.T) {
	w := newWorld(t, handlerWasm)
	p := w.connect()
	p.emit(abi.EventRequest, 0, exchangeA, do(handlerTimer, uint64(time.Hour)), do(handlerSendLog))
	p.handlerLog()
	w.Stop()
	<-w.Done()
}
