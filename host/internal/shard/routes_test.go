package shard

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
)

// tag has handlers say who they are: 8 bytes at dirt.
func tag(n uint64) option {
	return withStep(func(place uint32) ([]byte, bool) {
		if place != 2 {
			return nil, true
		}
		return do(handlerStore, dirt, n), true
	})
}

// prepared makes a handler and prepares it.
func (w *world) prepared(name string, options ...option) *Handler {
	w.t.Helper()
	h := newHandler(w.t, name, handlerWasm, options...)
	require.NoError(w.t, w.Prepare(h))
	return h
}

// who asks the handler of a request who it is.
func (p *peer) who(exchange uint64, head []byte) uint64 {
	p.t.Helper()
	p.emitHead(abi.EventRequest, abi.EventEnd, exchange, head, show())
	r := p.record()
	require.EqualValues(p.t, abi.OpResponseSend, r.What)
	return le64([]byte(r.Body))
}

func TestRoutes(t *testing.T) {
	w := newWorld(t, handlerWasm)
	a, b, c := w.prepared("a", tag(1)), w.prepared("b", tag(2)), w.prepared("c", tag(3))
	require.NoError(t, w.SetRoutes(map[string]*Handler{"/": a, "/api/": b, "example.com/": c, "/also/": b}))
	p := w.connect()
	for n, test := range []struct {
		target, host string
		want         uint64
	}{
		{"/", "h", 1}, {"/api", "h", 1}, {"/api/x", "h", 2}, {"/also/", "", 2}, {"/api/x", "example.com", 3}, {"/", "EXAMPLE.com:80", 3},
		{"http://example.com/api/", "h", 3},
	} {
		assert.Equal(t, test.want, p.who(1<<32|uint64(n), requestHead(test.target, 0, Field{"X", "y"}, Field{"hOST", test.host})), test)
	}
	assert.Equal(t, uint64(1), p.who(1<<32|20, nil), "what cannot be read goes where all goes")
}

func TestNoRoute(t *testing.T) {
	w := newWorld(t, handlerWasm)
	p := w.connect()
	require.NoError(t, w.SetRoutes(nil))
	for n, kind := range []abi.EventKind{abi.EventRequest, abi.EventCheckContinue, abi.EventUpgrade, abi.EventConnect, abi.EventConnection, abi.EventClientError} {
		p.emit(kind, 0, 1<<32|uint64(n))
		p.expect(failed(1<<32|uint64(n), 404))
	}
	a := w.prepared("a", tag(1))
	require.NoError(t, w.SetRoutes(map[string]*Handler{"/a/": a}))
	p.emitHead(abi.EventRequest, 0, exchangeA, requestHead("/b/", 0))
	p.expect(failed(exchangeA, 404))
	assert.EqualValues(t, 1, p.who(exchangeB, requestHead("/a/b", 0)))
	p.emit(abi.EventConnection, 0, exchangeC)
	p.expect(failed(exchangeC, 404))
}

func TestSetRoutesRefuses(t *testing.T) {
	w := newWorld(t, handlerWasm, tag(9))
	p := w.connect()
	h := newHandler(t, "h", handlerWasm)
	assert.ErrorIs(t, w.SetRoutes(map[string]*Handler{"/": h}), ErrNotPrepared)
	require.NoError(t, w.Prepare(h))
	assert.ErrorContains(t, w.SetRoutes(map[string]*Handler{"nonsense": h}), "nonsense")
	assert.EqualValues(t, 9, p.who(exchangeA, nil), "all is as before")
	w.Release(h)
	<-w.Retired(h)
	assert.ErrorIs(t, w.SetRoutes(map[string]*Handler{"/": h}), ErrNotPrepared)
	w.Stop()
	<-w.Done()
	assert.ErrorIs(t, w.SetRoutes(nil), ErrClosed)
	assert.ErrorIs(t, w.Prepare(h), ErrClosed)
}

// listens is a handler that says at its start what it listens to.
func listens(mask uint32) option {
	return withStep(func(place uint32) ([]byte, bool) {
		if place != 2 {
			return nil, true
		}
		return append(do(handlerListeners, 0, uint64(mask)), do(handlerStore, 8, 0)...), true
	})
}

// The stack is told of what any handler listens to. For those that do not, the host does what it would have done.
func TestListenersOfSeveralHandlers(t *testing.T) {
	const all = abi.ListenCheckContinue | abi.ListenConnect | abi.ListenUpgrade | abi.ListenClientError | abi.ListenConnection
	w := newWorld(t, handlerWasm)
	p := w.connect()
	p.ask(stackClock)
	deaf, hears := w.prepared("deaf"), w.prepared("hears", listens(all))
	require.NoError(t, w.SetRoutes(map[string]*Handler{"/": deaf, "/a/": hears}))
	told := func(mask uint32) record { return record{What: uint32(abi.OpServerListeners), Flags: mask} }
	p.expect(told(abi.ListenCheckContinue | abi.ListenConnect | abi.ListenUpgrade)) // what is no request is for the other

	p.emitHead(abi.EventCheckContinue, 0, exchangeA, requestHead("/", 8), do(handlerSendLog))
	p.expect(record{What: uint32(abi.OpResponseInform), Target: exchangeA, Head: string(continueHead)})
	assert.Equal(t, []uint32{1001}, kinds(p.handlerLog()), "a request like any other")
	p.emitHead(abi.EventUpgrade, 0, exchangeB, requestHead("/", 0))
	p.expect(failed(exchangeB, 0))
	p.emitHead(abi.EventConnect, 0, exchangeC, requestHead("h:1", 0))
	p.expect(failed(exchangeC, 0))

	p.emitHead(abi.EventCheckContinue, 0, exchangeD, requestHead("/a/", 8))
	p.emitHead(abi.EventUpgrade, 0, exchangeE, requestHead("/a/", 0), do(handlerSendLog))
	assert.Equal(t, []uint32{1002, 1015}, kinds(p.handlerLog()))

	require.NoError(t, w.SetRoutes(map[string]*Handler{"/": hears, "/a/": deaf}))
	p.expect(told(all))
	pooled := w.prepared("pooled", listens(all), withIsolation(Pooled))
	require.NoError(t, w.SetRoutes(map[string]*Handler{"/": pooled}))
	p.expect(told(all &^ abi.ListenConnection))
	require.NoError(t, w.SetRoutes(map[string]*Handler{"/": w.prepared("deaf too")}))
	p.expect(told(0))
}

// Not suited is an instance that is then free for another.
func TestUnsuitedInstanceIsNotLost(t *testing.T) {
	w := newWorld(t, handlerWasm)
	p := w.connect()
	p.ask(stackClock)
	deaf, hears := w.prepared("deaf", withIsolation(Fresh), withMeter), w.prepared("hears", listens(abi.ListenUpgrade))
	require.NoError(t, w.SetRoutes(map[string]*Handler{"/": deaf, "/a/": hears}))
	p.record()
	for n := range uint64(5) {
		p.emitHead(abi.EventUpgrade, 0, 1<<32|n, requestHead("/", 0))
		p.expect(failed(1<<32|n, 0))
	}
	w.onLoop(func() { assert.Len(t, w.version(deaf).free, 1) })
}

// A connection is known to a handler from an earlier request on it. What it is upgraded to is for the handler of the request that says so.
func TestUpgradeGoesByItsRequest(t *testing.T) {
	for _, kind := range []abi.EventKind{abi.EventUpgrade, abi.EventConnect} {
		for _, isolation := range []Isolation{Shared, Pooled} {
			w := newWorld(t, handlerWasm)
			p := w.connect()
			p.ask(stackClock)
			listening := listens(abi.ListenUpgrade | abi.ListenConnect)
			a, b := w.prepared("a", listening), w.prepared("b", listening, withIsolation(isolation))
			require.NoError(t, w.SetRoutes(map[string]*Handler{"/": a, "/b/": b}))
			p.record()
			p.answers(socketD)
			p.emitHead(abi.EventRequest, abi.EventEnd, exchangeA, requestHead("/", 0), do(handlerSocketOf, ownExchange))
			p.record()
			p.record()
			p.emitHead(kind, abi.EventEnd, socketD, requestHead("/b/", 0), do(handlerSend, ownExchange), do(handlerSendLog))
			assert.EqualValues(t, socketD, p.record().Target)
			assert.Equal(t, []uint32{1000 + uint32(kind)}, kinds(p.handlerLog()[:4]))
			p.emit(abi.EventData, 0, exchangeA, do(handlerSendLog))
			log := p.handlerLog()
			assert.Equal(t, []uint32{1006, 1003}, kinds(log[len(log)-8:]), "and for the other it is closed")
		}
	}
}

// If it is for the handler that knows it, it stays what it is to that.
func TestUpgradeOfAKnownSocket(t *testing.T) {
	w := newWorld(t, handlerWasm)
	p := w.connect()
	p.emit(abi.EventConnection, 0, socketD)
	p.emit(abi.EventUpgrade, 0, socketD)
	p.emit(abi.EventData, 0, socketD, do(handlerSendLog))
	log := p.handlerLog()
	assert.Equal(t, []uint32{1017, 1015, 1003}, kinds(log))
	assert.Equal(t, log[2:4], log[6:8], "one handle")
	w.onLoop(func() { assert.Equal(t, 1, w.all[0].serving) })
}

// One instance that knows a connection may serve another request when that is upgraded.
func TestUpgradeInAPool(t *testing.T) {
	w := newWorld(t, handlerWasm, withIsolation(Pooled))
	p := w.connect()
	p.answers(socketD)
	p.emit(abi.EventRequest, abi.EventEnd, exchangeA, do(handlerSocketOf, ownExchange))
	p.record()
	p.record()
	p.emit(abi.EventUpgrade, abi.EventEnd, socketD, show()) // exchangeA is not over
	assert.EqualValues(t, socketD, p.record().Target)
	w.onLoop(func() {
		assert.Len(t, w.all[0].live, 2)
		assert.Equal(t, 2, w.all[0].serving)
	})
}
