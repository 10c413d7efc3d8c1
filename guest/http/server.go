package http

import (
	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
	"github.com/portholehttp/porthole/guest/net"
)

// Server takes requests: from a listener of its own after Listen, else, in a plugin, from the listeners that
// the host has attached the handler to. If several servers of a plugin never listen, the first gets those.
type Server struct {
	Options

	state   serverState
	number  uint32 // names it in the ABI, from Listen until 'close'
	address Addr

	onRequest       []func(*ServerRequest, *ServerResponse)
	onCheckContinue []func(*ServerRequest, *ServerResponse)
	onConnect       []func(*ServerRequest, *net.Socket, []byte)
	onUpgrade       []func(*ServerRequest, *net.Socket, []byte)
	onConnection    []func(*net.Socket)
	onClientError   []func(error, *net.Socket)
	onListening     []func()
	onClose         []func()
	onError         []func(error)
	onceListening   []func()
	onceClose       []func()
}

type serverState uint8

const (
	stateIdle      serverState = iota // does not listen
	stateStarting                     // 'listening' or 'error' follows
	stateListening                    //
	stateClosing                      // 'close' follows
)

var (
	servers    = map[uint32]*Server{} // those that are not idle, by number
	lastNumber uint32
	attached   []*Server // those that never listened; the first serves the host's listeners
	hostMask   uint32    // what the engine was told for these
)

// CreateServer makes a server. The listeners are added to its 'request' event.
func CreateServer(listener ...func(*ServerRequest, *ServerResponse)) *Server {
	s := &Server{Options: defaultOptions(), onRequest: listener}
	attached = append(attached, s)
	return s
}

// OnRequest adds a listener for requests. A request that nobody listens for is answered with status 503.
func (s *Server) OnRequest(listener func(*ServerRequest, *ServerResponse)) {
	s.onRequest = append(s.onRequest, listener)
}

// OnCheckContinue adds a listener for requests with Expect: 100-continue, which then get this event in place of 'request'.
// It calls WriteContinue if the client should send the body, or answers at once. Without
// a listener the client is told to continue by the engine.
func (s *Server) OnCheckContinue(listener func(*ServerRequest, *ServerResponse)) {
	s.onCheckContinue = append(s.onCheckContinue, listener)
	s.announce()
}

// OnListening adds a listener for the success of Listen.
func (s *Server) OnListening(listener func()) { s.onListening = append(s.onListening, listener) }

// OnClose adds a listener for the end of the last connection after Close.
func (s *Server) OnClose(listener func()) { s.onClose = append(s.onClose, listener) }

// OnError adds a listener for the failure of Listen and Close. An error that nobody listens to
// is a panic in a native program, as Node throws it, and in a plugin a line on stderr.
func (s *Server) OnError(listener func(error)) { s.onError = append(s.onError, listener) }

// Address is what the server listens on, nil if it does not: natively a *net.TCPAddr or *net.UnixAddr.
func (s *Server) Address() Addr { return s.address }

// Close stops listening: idle connections are closed, others after what is under way on them. Then the callbacks
// are called, and 'close' is emitted. If the server does not listen, the error is ERR_SERVER_NOT_RUNNING.
func (s *Server) Close(callback ...func()) {
	switch {
	case s.state == stateStarting || s.state == stateListening:
		s.onceClose = append(s.onceClose, callback...)
		s.state = stateClosing
		s.address = nil
		port.ServerClose(s.number)
	case s.state == stateIdle && port.Hosted && s.detach():
		s.onceClose = append(s.onceClose, callback...)
		port.NextTick(port.TaskFunc(s.emitClose))
	default:
		s.failLater(port.NewError(codeNotRunning, "the server does not listen"))
	}
}

// register gives s a number that no server had before, so that events of an earlier listener are not taken for its own.
func (s *Server) register() {
	lastNumber++
	s.number = lastNumber
	servers[s.number] = s
	s.state = stateStarting
}

// unregister makes s idle.
func (s *Server) unregister() {
	delete(servers, s.number)
	s.number = 0
	s.state = stateIdle
	s.address = nil
}

// detach takes s from those that may serve the host's listeners, and returns whether it was one.
func (s *Server) detach() bool {
	for i, a := range attached {
		if a == s {
			attached = append(attached[:i:i], attached[i+1:]...)
			announceAttached()
			return true
		}
	}
	return false
}

// announce tells the engine what s listens to.
func (s *Server) announce() {
	if s.state == stateStarting || s.state == stateListening {
		port.ServerListeners(s.number, s.mask())
	}
	announceAttached()
}

// announceAttached tells the engine what the server listens to that serves the host's listeners.
func announceAttached() {
	var mask uint32
	if len(attached) > 0 {
		mask = attached[0].mask()
	}
	if port.Hosted && mask != hostMask {
		hostMask = mask
		port.ServerListeners(0, mask)
	}
}

// mask says which optional events have listeners.
func (s *Server) mask() (mask uint32) {
	if len(s.onCheckContinue) > 0 {
		mask |= abi.ListenCheckContinue
	}
	if len(s.onConnect) > 0 {
		mask |= abi.ListenConnect
	}
	if len(s.onUpgrade) > 0 {
		mask |= abi.ListenUpgrade
	}
	if len(s.onConnection) > 0 {
		mask |= abi.ListenConnection
	}
	if len(s.onClientError) > 0 {
		mask |= abi.ListenClientError
	}
	return mask
}

// proceed delivers an event of the server itself.
func (s *Server) proceed(kind abi.EventKind, flags uint32, text string) {
	switch kind {
	case abi.EventListening:
		if s.state == stateStarting {
			s.state = stateListening
			s.address = parseAddress(text)
			s.detach()
			s.emitListening()
		}
	case abi.EventListenError:
		s.listenFailed(abi.FlagsStatus(flags), text)
	case abi.EventServerClose:
		s.unregister()
		s.emitClose()
	}
}

func (s *Server) emitListening() {
	once := s.onceListening
	s.onceListening = nil
	for _, listener := range once {
		listener()
	}
	for _, listener := range s.onListening {
		listener()
	}
}

func (s *Server) emitClose() {
	once := s.onceClose
	s.onceClose = nil
	for _, listener := range once {
		listener()
	}
	for _, listener := range s.onClose {
		listener()
	}
}

// listenFailed is the bad end of Listen. A server that was closed meanwhile is closed all the same.
func (s *Server) listenFailed(status abi.Status, reason string) {
	closing := s.state == stateClosing
	s.unregister()
	s.onceListening = nil
	if status != abi.StatusDenied || !port.Hosted || len(s.onError) > 0 { // else the host's log says so: it is attached
		s.fail(listenError(status, reason))
	}
	if closing {
		s.emitClose()
	}
}

// fail emits 'error'.
func (s *Server) fail(err error) {
	if len(s.onError) == 0 {
		port.Uncaught(err)
	}
	for _, listener := range s.onError {
		listener(err)
	}
}

// failLater is fail on the next tick, so that a listener added after the call that failed is told.
func (s *Server) failLater(err error) {
	port.NextTick(port.TaskFunc(func() { s.fail(err) }))
	port.Wake()
}
