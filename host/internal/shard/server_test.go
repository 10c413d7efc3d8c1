package shard

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/portholehttp/porthole/abi"
)

// ports is a Listeners that a test answers.
type ports struct {
	denied error
	opens  chan opening
	closes chan *Listener
}

type opening struct {
	request  ListenRequest
	listener *Listener
	opened   func(address string, status abi.Status, text string)
}

func newPorts() *ports {
	return &ports{opens: make(chan opening, 300), closes: make(chan *Listener, 300)}
}

func (p *ports) Granted(*ListenRequest) error { return p.denied }
func (p *ports) Open(r *ListenRequest, l *Listener, opened func(string, abi.Status, string)) {
	p.opens <- opening{*r, l, opened}
}
func (p *ports) Close(l *Listener) { p.closes <- l }

// idle fails if anything was opened or closed that a test has not seen.
func (p *ports) idle(t *testing.T) {
	t.Helper()
	assert.Empty(t, p.opens)
	assert.Empty(t, p.closes)
}

func withPorts(p *ports) option { return func(c *setup) { c.Listeners = p } }

// listens has the handler of exchangeA listen as a server.
func (p *peer) listens(kind abi.EventKind, server uint64, request []byte) {
	p.t.Helper()
	p.emit(kind, 0, exchangeA, append(storing(at, request), do(handlerListen, server, at, uint64(len(request))))...)
	assert.Equal(p.t, record{What: uint32(abi.OpServerListen), Target: 1<<32 | server, Head: string(request)}, p.record())
}

func TestListenServes(t *testing.T) {
	ports := newPorts()
	w := newWorld(t, handlerWasm, withPorts(ports))
	p := w.connect()
	p.listens(abi.EventRequest, 7, listenRequest(abi.ListenTCP, 80, "::1"))
	o := <-ports.opens
	assert.Equal(t, ListenRequest{Server: 7, Network: "tcp", Host: "::1", Port: 80, Backlog: defaultBacklog}, o.request)
	handle := p.memory(stackListened, 1)[0]
	assert.EqualValues(t, o.listener.handle, handle)
	o.opened("[::1]:80", abi.StatusOK, "")
	p.emit(abi.EventData, 0, exchangeA, do(handlerSend, ownExchange, 0, 0, 0, handlerText, 8), do(handlerSendLog))
	assert.Equal(t, "[::1]:80", p.record().Body)
	assert.Equal(t, []uint32{1001, 0, 0, 1, 0, 1007, 0, 7, 0, 1003, 0, 0, 1, 0}, p.handlerLog())

	// What is accepted there comes to the stack, with that listener, for as long as there is one.
	host := w.listener
	w.listener = o.listener
	for range 2 * attachBacklog {
		w.connect()
		r := p.record()
		assert.EqualValues(t, sawAccept, r.What)
		assert.EqualValues(t, handle, r.Rest)
	}
	assert.Zero(t, p.ask(stackClose, handle, 0))
	assert.Equal(t, o.listener, <-ports.closes)
	w.connect().closed()
	assert.Equal(t, int64(abi.StatusClosed), p.ask(stackClose, handle, 0))
	w.listener = host

	p.emit(abi.EventServerClose, 0, 1<<32|7)
	p.listens(abi.EventData, 7, listenRequest(abi.ListenUnix, 0, "/a"))
	o = <-ports.opens
	assert.Equal(t, "unix:/a", o.request.Address())
	ports.idle(t)
	w.Stop()
	<-w.Done()
	assert.Equal(t, o.listener, <-ports.closes, "with the shard")
}

func TestListenFails(t *testing.T) {
	ports := newPorts()
	p := newWorld(t, handlerWasm, withPorts(ports)).connect()
	p.listens(abi.EventRequest, 7, listenRequest(abi.ListenTCP, 80, ""))
	o := <-ports.opens
	handle := uint64(o.listener.handle)
	o.opened("", abi.StatusInUse, "it is in use")
	assert.Equal(t, record{What: uint32(abi.OpListenerClose), Target: handle}, p.record(), "the stack forgets it")
	assert.Equal(t, o.listener, <-ports.closes)
	// What the stack says of that is nothing that the handler knows of.
	p.tell(command(stackEmit, 8, []uint64{uint64(abi.EventServerClose), 0, 1<<32 | 7, handle, 0, 0, 0, 0}))
	p.reply()
	p.emit(abi.EventData, 0, exchangeA, do(handlerSend, ownExchange, 0, 0, 0, handlerText, 12), do(handlerSendLog))
	assert.Equal(t, "it is in use", p.record().Body)
	assert.Equal(t, []uint32{1001, 0, 0, 1, 0, 1008, abi.StatusFlags(abi.StatusInUse), 7, 0, 1003, 0, 0, 1, 0}, p.handlerLog())
	ports.idle(t)
}

// A server that the handler closes before it is open is not heard of again.
func TestClosedBeforeItIsOpen(t *testing.T) {
	ports := newPorts()
	p := newWorld(t, handlerWasm, withPorts(ports)).connect()
	p.listens(abi.EventRequest, 7, listenRequest(abi.ListenTCP, 80, ""))
	o := <-ports.opens
	p.ask(stackClose, uint64(o.listener.handle), 0)
	<-ports.closes
	o.opened("", abi.StatusInUse, "too late")
	p.emit(abi.EventData, 0, exchangeA, do(handlerSendLog))
	assert.Equal(t, []uint32{1001, 0, 0, 1, 0, 1003, 0, 0, 1}, p.handlerLog())
}

func TestListenRefusals(t *testing.T) {
	for _, c := range []struct {
		name    string
		denied  error
		request []byte
		status  abi.Status
		text    string
	}{
		{"denied", errors.New("not granted"), listenRequest(abi.ListenTCP, 80, ""), abi.StatusDenied, "not granted"},
		{"invalid", nil, listenRequest(abi.ListenUnix, 0, ""), abi.StatusInvalid, "the request to listen is not valid"},
		{"of no server", nil, withNumber(listenRequest(abi.ListenServer, 0, ""), 3), abi.StatusInvalid, "the server does not listen"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ports := newPorts()
			ports.denied = c.denied
			p := newWorld(t, handlerWasm, withPorts(ports)).connect()
			p.listens(abi.EventRequest, 7, c.request)
			assert.Equal(t, -int64(c.status), int64(p.memory(stackListened, 1)[0]))
			p.emit(abi.EventData, 0, exchangeA, do(handlerSend, ownExchange, 0, 0, 0, handlerText, uint64(len(c.text))), do(handlerSendLog))
			assert.Equal(t, c.text, p.record().Body)
			assert.Equal(t, []uint32{1008, abi.StatusFlags(c.status), 7, 0}, p.handlerLog()[5:9])
			ports.idle(t)
		})
	}
}

func TestServersOfAHandlerAreLimited(t *testing.T) {
	ports := newPorts()
	p := newWorld(t, handlerWasm, withPorts(ports)).connect()
	p.emit(abi.EventRequest, 0, exchangeA)
	for i := range maxServers {
		p.listens(abi.EventData, uint64(i+1), listenRequest(abi.ListenTCP, uint16(i+1), ""))
		o := <-ports.opens
		o.opened("somewhere", abi.StatusOK, "")
	}
	p.listens(abi.EventData, maxServers+1, listenRequest(abi.ListenTCP, maxServers+1, ""))
	assert.Equal(t, -int64(abi.StatusLimit), int64(p.memory(stackListened, 1)[0]))
	ports.idle(t)
}

// A stack gets one listener for one call of server_listen.
func TestOneListenerForOneCall(t *testing.T) {
	ports := newPorts()
	p := newWorld(t, handlerWasm, withPorts(ports)).connect()
	request := listenRequest(abi.ListenTCP, 80, "")
	p.listens(abi.EventRequest, 7, request)
	<-ports.opens
	p.poke(stackScratch, request)
	assert.Equal(t, -int64(abi.StatusInvalid), p.ask(stackListen, 1<<32|7, stackScratch, uint64(len(request))))
	ports.idle(t)
}

func TestServerTakesOver(t *testing.T) {
	ports := newPorts()
	w := newWorld(t, handlerWasm, withPorts(ports))
	p := w.connect()
	p.listens(abi.EventRequest, 7, listenRequest(abi.ListenTCP, 80, ""))
	o := <-ports.opens
	o.opened("here:80", abi.StatusOK, "")
	p.listens(abi.EventData, 8, withNumber(listenRequest(abi.ListenServer, 0, ""), 7))
	assert.EqualValues(t, o.listener.handle, p.memory(stackListened, 1)[0], "the same")
	p.emit(abi.EventData, 0, exchangeA, do(handlerSend, ownExchange, 0, 0, 0, handlerText, 7), do(handlerSendLog))
	assert.Equal(t, "here:80", p.record().Body)
	assert.Equal(t, []uint32{1007, 0, 7, 0, 1003, 0, 0, 1, 0, 1007, 0, 8, 0}, p.handlerLog()[5:18])
	p.listens(abi.EventData, 9, withNumber(listenRequest(abi.ListenServer, 0, ""), 7))
	assert.Equal(t, -int64(abi.StatusInvalid), int64(p.memory(stackListened, 1)[0]), "7 has nothing any more")
	ports.idle(t)

	// A fresh stack hears of the one that has the listener now.
	p.tell(command(stackTrap, 8, nil))
	p.closed()
	p = w.connect()
	assert.EqualValues(t, o.listener.handle, p.memory(stackListened, 1)[0])
	ports.idle(t)
}

func TestFreshStackIsToldOfServers(t *testing.T) {
	ports := newPorts()
	w := newWorld(t, handlerWasm, withPorts(ports))
	p := w.connect()
	p.listens(abi.EventRequest, 7, listenRequest(abi.ListenTCP, 80, ""))
	o := <-ports.opens
	p.emit(abi.EventData, 0, exchangeA, do(handlerListeners, 7, uint64(abi.ListenUpgrade)))
	p.record()
	p.tell(command(stackTrap, 8, nil))
	p.closed()
	p = w.connect()
	assert.EqualValues(t, o.listener.handle, p.memory(stackListened, 1)[0])
	assert.Equal(t, []uint64{1<<32 | 7, uint64(abi.ListenUpgrade)}, p.memory(stackMask, 2))
	ports.idle(t)
}

func TestDrainClosesServers(t *testing.T) {
	ports := newPorts()
	w := newWorld(t, handlerWasm, withPorts(ports))
	p := w.connect()
	p.listens(abi.EventRequest, 7, listenRequest(abi.ListenTCP, 80, ""))
	o := <-ports.opens
	w.Drain()
	for _, want := range []record{
		{What: uint32(abi.OpListenerClose), Target: uint64(w.listener.handle)},
		{What: uint32(abi.OpListenerClose), Target: uint64(o.listener.handle)},
		{What: uint32(abi.OpDrain)},
	} {
		assert.Equal(t, want, p.record())
	}
	assert.Equal(t, o.listener, <-ports.closes)
	p.listens(abi.EventData, 8, listenRequest(abi.ListenTCP, 80, ""))
	assert.Equal(t, -int64(abi.StatusClosed), int64(p.memory(stackListened, 1)[0]))
	ports.idle(t)
}

// listening starts a shard whose handler listens from the start.
func listening(t *testing.T) (*world, *ports, opening) {
	ports := newPorts()
	w := newWorld(t, listeningWasm, withPorts(ports))
	o := <-ports.opens
	o.opened("here:8000", abi.StatusOK, "")
	return w, ports, o
}

func TestDeadHandlerThatListenedIsReplacedAtOnce(t *testing.T) {
	w, ports, o := listening(t)
	p := w.connect()
	p.emit(abi.EventRequest, 0, exchangeA) // it traps
	assert.Equal(t, record{What: uint32(abi.OpExchangeFail), Target: exchangeA}, p.record())
	r := p.record()
	assert.EqualValues(t, abi.OpServerListen, r.What)
	assert.EqualValues(t, 2<<32|7, r.Target, "the fresh one asks for the same")
	assert.Equal(t, record{What: uint32(abi.OpServerListeners), Flags: abi.ListenConnection, Target: 2<<32 | 7}, p.record())
	assert.Equal(t, record{What: uint32(abi.OpServerClose), Target: 1<<32 | 7}, p.record(), "what the dead one's server began is finished")
	assert.EqualValues(t, o.listener.handle, p.memory(stackListened, 1)[0], "and gets the same listener")
	ports.idle(t)
	w.listener = o.listener
	w.connect()
	assert.EqualValues(t, o.listener.handle, p.record().Rest)
}

// The same before it is known whether the listener opens.
func TestReplacedBeforeItIsOpen(t *testing.T) {
	ports := newPorts()
	w := newWorld(t, listeningWasm, withPorts(ports))
	o := <-ports.opens
	p := w.connect()
	p.emit(abi.EventRequest, 0, exchangeA)
	for range 4 {
		p.record()
	}
	o.opened("", abi.StatusInUse, "")
	assert.Equal(t, record{What: uint32(abi.OpListenerClose), Target: uint64(o.listener.handle)}, p.record())
	<-ports.closes
	ports.idle(t)
}

func TestListenerThatNobodyAdoptsCloses(t *testing.T) {
	w, ports, o := listening(t)
	_, puppet := modules(t, stackWasm, handlerWasm)
	w.onLoop(func() { w.handler.Module = puppet }) // which does not listen
	p := w.connect()
	p.emit(abi.EventRequest, 0, exchangeA)
	p.record()
	assert.Equal(t, record{What: uint32(abi.OpServerClose), Target: 1<<32 | 7}, p.record())
	assert.Equal(t, o.listener, <-ports.closes)
	ports.idle(t)
	p.emit(abi.EventRequest, 0, exchangeB, do(handlerSendLog))
	assert.Equal(t, []uint32{1001, 0, 0, 2}, p.handlerLog())
}

// A listener stays open while its handler is down.
func TestListenerStaysWhileTheHandlerDoesNotStart(t *testing.T) {
	w, ports, o := listening(t)
	_, failing := modules(t, stackWasm, failingWasm)
	module := w.handler.Module
	w.onLoop(func() { w.handler.Module = failing })
	p := w.connect()
	p.emit(abi.EventRequest, 0, exchangeA)
	p.record()
	w.steady()
	assert.Contains(t, w.log.String(), "handler did not start")
	ports.idle(t)
	w.onLoop(func() { w.handler.Module = module })
	w.advance(backoffFirst - 1)
	w.advance(1)
	w.steady()
	r := p.record()
	assert.Equal(t, record{What: uint32(abi.OpServerListen), Target: 3<<32 | 7, Head: r.Head}, r, "without a request")
	assert.EqualValues(t, abi.OpServerListeners, p.record().What)
	assert.Equal(t, record{What: uint32(abi.OpServerClose), Target: 1<<32 | 7}, p.record())
	assert.EqualValues(t, o.listener.handle, p.memory(stackListened, 1)[0])
	ports.idle(t)
}

// The stack and the handler fail together: both are replaced, and the listener is the fresh handler's.
func TestBothDie(t *testing.T) {
	w, ports, o := listening(t)
	p := w.connect()
	p.set(stackTrapIn, trapInOperation)
	p.emit(abi.EventRequest, 0, exchangeA)
	p.closed()
	w.steady()
	p = w.connect()
	assert.EqualValues(t, o.listener.handle, p.memory(stackListened, 1)[0])
	ports.idle(t)
}
