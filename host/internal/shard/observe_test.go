package shard

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/portholehttp/porthole/abi"
)

// happens waits until all that was caused has happened, and compares what an observer was told.
func (w *world) happens(o *watcher, want ...string) {
	w.t.Helper()
	w.onLoop(func() {})
	assert.Equal(w.t, want, o.take())
}

func TestObserver(t *testing.T) {
	o := &watcher{}
	w := newWorld(t, handlerWasm, withMeter, withWatcher(o), func(c *setup) { c.Index = 3 })
	p := w.connect()
	w.happens(o, "instance took=true reset=false")

	head := requestHead("/a?b", 0, Field{"Host", "h"}, Field{"traceparent", "00-1-2-01"}, Field{"Tracestate", "x=1"}, Field{"TRACESTATE", "y=2"}, Field{"tracestate", "z=3"})
	const request = "request / GET /a?b host=h parent=00-1-2-01 state=x=1,y=2,z=3 shard=3 at=1000000000"
	response := append(storing(dirt, abi.Append(nil, &abi.ResponseHead{TextOffset: 24, Status: 201})),
		do(handlerSend, ownExchange, uint64(abi.SendHead|abi.SendEnd), dirt, 24))

	// In one event: the end is told when the call has returned, for its fuel counts.
	p.set(stackResult, uint64(abi.ResultDone))
	p.emitHead(abi.EventRequest, abi.EventEnd, exchangeA, head, response...)
	p.record()
	w.happens(o, request, "status 201", "end complete=true fuel=true")

	// Waiting bytes, and then all is gone.
	p.set(stackResult, uint64(abi.StatusQueued))
	p.emitHead(abi.EventRequest, abi.EventEnd, exchangeA+1<<32, head, response...)
	p.record()
	w.happens(o, request, "status 201")
	p.finish(exchangeA + 1<<32)
	w.happens(o, "end complete=true fuel=true")

	// The same, cut.
	p.emitHead(abi.EventRequest, abi.EventEnd, exchangeB, head, response...)
	p.record()
	p.emit(abi.EventClose, abi.EventDone, exchangeB)
	w.happens(o, request, "status 201", "end complete=false fuel=true")

	// The response ends before the request does.
	p.set(stackResult, 0)
	p.emitHead(abi.EventRequest, 0, exchangeC, head, response...)
	p.record()
	w.happens(o, request, "status 201")
	p.emit(abi.EventData, abi.EventEnd|abi.EventDone, exchangeC)
	w.happens(o, "end complete=true fuel=true")

	// What is refused is not sent.
	p.set(stackResult, uint64(abi.StatusInvalid))
	p.emitHead(abi.EventRequest, abi.EventEnd, exchangeD, head, response...)
	p.record()
	p.set(stackResult, 0)
	p.emit(abi.EventDrain, 0, exchangeD, do(handlerTrap))
	p.record()
	w.steady()
	w.happens(o, request, "fault trap", "status 500", "end complete=true fuel=true", "gone", "instance took=true reset=false")

	// An upgrade has no status that the host knows, and its connection ends when it likes.
	p.emitHead(abi.EventUpgrade, 0, socketD, head)
	w.happens(o, request)
	p.emit(abi.EventClose, abi.EventDone, socketD)
	w.happens(o, "end complete=true fuel=false")
}

func TestObserverSeesFaults(t *testing.T) {
	for _, test := range []struct {
		command []byte
		want    FaultKind
	}{
		{do(handlerTrap), FaultTrap},
		{do(handlerRecurse), FaultTrap},
		{do(handlerExit, 3), FaultExit},
		{do(handlerSend, ownExchange, 0, 0, 0xffffffff), FaultMisuse},
	} {
		o := &watcher{}
		w := newWorld(t, handlerWasm, withWatcher(o))
		p := w.connect()
		p.emit(abi.EventRequest, 0, exchangeA, test.command)
		p.record()
		w.onLoop(func() {})
		assert.Contains(t, o.take(), "fault "+string(test.want))
	}
}

// The handler gets the observer's fields in place of the client's.
func TestFieldsOfAnObserver(t *testing.T) {
	o := &watcher{fields: []Field{{"Traceparent", "mine"}, {"tracestate", ""}}}
	w := newWorld(t, handlerWasm, withWatcher(o), withIsolation(Pooled))
	p := w.connect()
	head := requestHead("/", 0, Field{"A", "1"}, Field{"TRACEPARENT", "theirs"}, Field{"tracestate", "theirs"}, Field{"b", "2"})
	want := appendWithFields(nil, head, o.fields)
	for _, x := range []uint64{exchangeA, exchangeB} { // at once, and after a wait
		p.emitHead(abi.EventRequest, abi.EventEnd, x, head, do(handlerSend, ownExchange, 0, 0, 0, handlerText, uint64(len(want))))
		assert.Equal(t, string(want), p.record().Body)
	}
}

func TestAppendWithFields(t *testing.T) {
	head := requestHead("/x", 5, Field{"A", "1"}, Field{"TRACEPARENT", "theirs"}, Field{"tracestate", "theirs"}, Field{"b", "2"})
	b := appendWithFields([]byte("before"), head, []Field{{"Traceparent", "mine"}, {"tracestate", ""}, {"New", "3"}})
	assert.Equal(t, "before", string(b[:6]))
	r := readRequest(b[6:])
	assert.Equal(t, "GET", string(r.method))
	assert.Equal(t, "/x", string(r.target))
	assert.EqualValues(t, 5, r.bodySize)
	var fields []Field
	for n := range r.fields.Len() {
		name, value, ok := r.fields.Field(n)
		assert.True(t, ok)
		fields = append(fields, Field{string(name), string(value)})
	}
	assert.Equal(t, []Field{{"A", "1"}, {"b", "2"}, {"Traceparent", "mine"}, {"New", "3"}}, fields)

	for _, record := range [][]byte{nil, head[:39], head[:50]} {
		assert.Equal(t, string(record), string(appendWithFields(nil, record, []Field{{"a", "b"}})), "what cannot be read stays as it is")
		r := readRequest(record)
		assert.Nil(t, r.field("a"))
		assert.Nil(t, r.joined("a"))
	}
}

func TestReadRequestOutOfBounds(t *testing.T) {
	head := requestHead("/x", 0, Field{"A", "1"})
	head[40] = 200 // the name's offset
	head[12] = 200 // the method's size
	head[16] = 200 // the target's offset
	r := readRequest(head)
	assert.Empty(t, r.method)
	assert.Empty(t, r.target)
	assert.Nil(t, r.field("a"))
}

// Without an observer the hot path pays nothing for it, nor for limits.
func TestBoundedExchangeDoesNotAllocate(t *testing.T) {
	w := newWorld(t, handlerWasm, withMeter, withLimits(func(l *Limits) { l.MaxExchangeFuel, l.MaxBodyBytes = 1<<40, 1<<40 }))
	w.onLoop(func() { assert.Zero(t, testing.AllocsPerRun(100, exchangeOnce(w))) })
}

func TestPooledExchangeDoesNotAllocate(t *testing.T) {
	for _, isolation := range []Isolation{Pooled, Fresh} {
		w := newWorld(t, handlerWasm, withMeter, withIsolation(isolation))
		w.onLoop(func() {
			once := exchangeOnce(w)
			for range 10 {
				once() // the mechanism of the reset makes itself at home
			}
			assert.Zero(t, testing.AllocsPerRun(100, once), isolation)
		})
	}
}
