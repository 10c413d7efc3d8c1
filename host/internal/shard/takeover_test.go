package shard

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
)

// asks is a handler.wat that asks to listen as its server 7 when it starts.
func asks(request []byte, more ...[]byte) option {
	return withStep(func(place uint32) (script []byte, ok bool) {
		if place != 2 {
			return nil, true
		}
		for _, c := range append(storing(at, request), append([][]byte{do(handlerListen, 7, at, uint64(len(request)))}, more...)...) {
			script = append(script, c...)
		}
		return script, true
	})
}

// A new version gets the listener of the old one, with the connections that are on their way to it.
func TestListenerGoesToTheNewVersion(t *testing.T) {
	ports := newPorts()
	w := newWorld(t, handlerWasm, withPorts(ports))
	p := w.connect()
	request := listenRequest(abi.ListenTCP, 80, "::1")
	p.listens(abi.EventRequest, 7, request)
	o := <-ports.opens
	o.opened("[::1]:80", abi.StatusOK, "")
	old := w.handler

	next := w.prepared("next", withPorts(ports), asks(request, do(handlerListeners, 7, uint64(abi.ListenUpgrade))))
	assert.Positive(t, p.ask(stackClock), "so far nothing was asked of the stack")
	w.route(next)
	r := p.record()
	assert.Equal(t, record{What: uint32(abi.OpServerListen), Target: 2<<32 | 7, Head: string(request)}, r)
	p.expect(
		record{What: uint32(abi.OpServerClose), Target: 1<<32 | 7}, // finishes what it has
		record{What: uint32(abi.OpServerListeners), Flags: abi.ListenUpgrade, Target: 2<<32 | 7},
	)
	assert.EqualValues(t, o.listener.handle, p.memory(stackListened, 1)[0], "the same")
	ports.idle(t)

	// What comes there is the new one's; the old one is told when its part is closed.
	onListener := func(exchange, listener uint64, script []byte) {
		t.Helper()
		p.poke(stackScratch, script)
		p.ask(stackEmit, uint64(abi.EventRequest), uint64(abi.EventEnd), exchange, listener, 0, 0, stackScratch, uint64(len(script)))
	}
	onListener(exchangeB, uint64(o.listener.handle), do(handlerSendLog))
	assert.Equal(t, []uint32{0, 0, 1007, 0, 7, 0, 1001}, p.handlerLog()[:7])
	p.tell(command(stackEmit, 8, []uint64{uint64(abi.EventServerClose), 0, 1<<32 | 7, 0, 0, 0, 0, 0}))
	p.reply()
	p.emit(abi.EventData, 0, exchangeA, do(handlerSendLog))
	assert.Equal(t, []uint32{1007, 0, 7, 0, 1009, 0, 7, 0, 1003, 0, 0, 1}, p.handlerLog()[5:17])
	p.finish(exchangeA)
	assert.True(t, w.isRetired(old))
	ports.idle(t)

	w.Stop()
	<-w.Done()
	assert.Equal(t, o.listener, <-ports.closes)
}

// A request of a connection that came to the old one's listener, by the number that both call it.
func TestRequestOfAServerThatLostItsListener(t *testing.T) {
	ports := newPorts()
	w := newWorld(t, handlerWasm, withPorts(ports))
	p := w.connect()
	p.listens(abi.EventRequest, 7, listenRequest(abi.ListenTCP, 80, ""))
	<-ports.opens
	p.listens(abi.EventData, 8, listenRequest(abi.ListenTCP, 81, ""))
	<-ports.opens
	of := func(number byte) []byte {
		head := requestHead("/", 0)
		head[28] = number
		return head
	}
	emit := func(exchange uint64, head []byte) {
		p.poke(stackScratch, head)
		p.ask(stackEmit, uint64(abi.EventRequest), uint64(abi.EventEnd), exchange, 0, stackScratch, uint64(len(head)), 0, 0)
	}
	require.NoError(t, w.SetRoutes(nil))
	for range 2 {
		p.record() // server_close, which this stack does nothing about
	}
	emit(exchangeB, of(7))
	emit(exchangeC, of(9))
	p.expect(failed(exchangeC, 404))
	emit(exchangeD, of(0))
	p.expect(failed(exchangeD, 404))
	p.emit(abi.EventData, 0, exchangeB, do(handlerSendLog))
	log := p.handlerLog()
	assert.Equal(t, []uint32{1001, abi.EventEnd}, log[len(log)-8:len(log)-6], "it has come")
	w.onLoop(func() { // two of them by one number: it is not certain whose it is
		i := w.all[0].live[0]
		i.openServer(&ListenRequest{Server: 7, Network: "unix"}, nil)
	})
	emit(1<<32|9, of(7))
	p.expect(failed(1<<32|9, 404))
}

// A version that asks for nothing closes what the old one had.
func TestListenerOfARetiredVersionCloses(t *testing.T) {
	ports := newPorts()
	w := newWorld(t, handlerWasm, withPorts(ports))
	p := w.connect()
	p.listens(abi.EventRequest, 7, listenRequest(abi.ListenTCP, 80, ""))
	o := <-ports.opens
	w.route(w.prepared("next", withPorts(ports)))
	p.expect(record{What: uint32(abi.OpServerClose), Target: 1<<32 | 7})
	p.finish(exchangeA)
	assert.Equal(t, o.listener, <-ports.closes, "at the latest when it is gone")
	assert.True(t, w.isRetired(w.handler))
}

// Grants are each version's own.
func TestListenerIsNotTakenWithoutAGrant(t *testing.T) {
	ports, denied := newPorts(), newPorts()
	denied.denied = errors.New("not granted")
	w := newWorld(t, handlerWasm, withPorts(ports))
	p := w.connect()
	request := listenRequest(abi.ListenTCP, 80, "")
	p.listens(abi.EventRequest, 7, request)
	<-ports.opens
	w.route(w.prepared("next", withPorts(denied), asks(request)))
	assert.EqualValues(t, abi.OpServerListen, p.record().What)
	assert.Equal(t, record{What: uint32(abi.OpServerClose), Target: 1<<32 | 7}, p.record())
	assert.Equal(t, -int64(abi.StatusDenied), int64(p.memory(stackListened, 1)[0]))
	denied.idle(t)
}

// A handler that is never routed never listens.
func TestPreparedHandlerDoesNotListen(t *testing.T) {
	ports := newPorts()
	w := newWorld(t, handlerWasm)
	w.connect().ask(stackClock)
	h := w.prepared("h", withPorts(ports), asks(listenRequest(abi.ListenTCP, 80, "")))
	ports.idle(t)
	w.Release(h)
	<-w.Retired(h)
	ports.idle(t)
	w.route(w.prepared("another", withPorts(ports), asks(listenRequest(abi.ListenTCP, 80, ""))))
	assert.Equal(t, 80, (<-ports.opens).request.Port)
}

// What the stack would say at once is said by the host while it waits.
func TestPostponedServers(t *testing.T) {
	ports := newPorts()
	w := newWorld(t, handlerWasm)
	p := w.connect()
	p.ask(stackClock)
	request := listenRequest(abi.ListenTCP, 80, "")
	bad := listenRequest(abi.ListenTCP, 80, "")
	bad[48+3] = 0x80 // a header limit above all
	script := append(storing(at+1000, bad),
		do(handlerListen, 7, at, uint64(len(request))),   // in use
		do(handlerListen, 8, at, uint64(len(request)-1)), // cut
		do(handlerListen, 8, at+1000, uint64(len(bad))),  // against the rules
		do(handlerListen, 0, at, uint64(len(request))),   // no number
		do(handlerListen, 9, at, uint64(len(request))),   // one more
		do(handlerClose, 9), do(handlerListen, 10, at, uint64(len(request))))
	h := w.prepared("h", withPorts(ports), asks(request, script...))
	w.route(h)
	for _, number := range []uint64{7, 10} {
		r := p.record()
		assert.Equal(t, record{What: uint32(abi.OpServerListen), Target: 2<<32 | number, Head: string(request)}, r)
		<-ports.opens
	}
	p.emit(abi.EventRequest, 0, exchangeA, do(handlerSendLog))
	in, invalid := uint32(abi.StatusInUse), uint32(abi.StatusInvalid)
	log := p.handlerLog()
	assert.Equal(t, []uint32{0, in, invalid, invalid, invalid, 0, 0, 0, 1009, 0, 9, 0, 1001}, log[:13])
}

// A retired handler cannot begin to listen.
func TestRetiredHandlerDoesNotListen(t *testing.T) {
	ports := newPorts()
	w := newWorld(t, handlerWasm, withPorts(ports))
	p := w.connect()
	p.emit(abi.EventRequest, 0, exchangeA)
	w.route(w.prepared("next"))
	request := listenRequest(abi.ListenTCP, 80, "")
	p.emit(abi.EventData, 0, exchangeA, append(storing(at, request), do(handlerListen, 7, at, uint64(len(request))))...)
	p.emit(abi.EventData, 0, exchangeA, do(handlerSendLog))
	assert.Equal(t, []uint32{1003, 0, 0, 1, 0, 1008, abi.StatusFlags(abi.StatusClosed), 7, 0}, p.handlerLog()[4:13])
	ports.idle(t)
}
