package net

import (
	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
)

// events is a Socket as the receiver of its events.
type events Socket

// Event delivers an event.
func (e *events) Event(kind abi.EventKind, flags uint32, head, body []byte) {
	s := (*Socket)(e)
	handle := s.handle
	if flags&abi.EventDone != 0 {
		s.handle = 0
		s.in.Handle = 0
	}
	switch kind {
	case abi.EventConnected:
		s.connected()
	case abi.EventData:
		s.in.Receive(body, flags&abi.EventEnd != 0)
	case abi.EventDrain:
		s.drained()
	case abi.EventFinish:
		s.finished()
	case abi.EventTimeout:
		s.timedOut()
	case abi.EventError:
		s.failed(port.ParseError(string(head)))
	case abi.EventClose:
		s.over()
	case abi.EventUpgrade, abi.EventConnect, abi.EventConnection, abi.EventClientError:
		port.Servers.Target(kind, flags, handle, head, body)
	}
}

func emit(listeners []func()) {
	for _, listener := range listeners {
		listener()
	}
}

// emitOnce empties *once before it calls what was in it.
func emitOnce(once *[]func()) {
	listeners := *once
	*once = nil
	emit(listeners)
}

func (s *Socket) connected() {
	s.connecting = false
	if s.destroyed {
		return
	}
	emitOnce(&s.onceConnect)
	emit(s.onConnect)
}

func (s *Socket) timedOut() {
	if s.destroyed || s.unwanted() {
		return
	}
	emitOnce(&s.onceTimeout)
	if b := s.borrower; b != nil {
		b.TimedOut()
	}
	emit(s.onTimeout)
}

// drained emits 'drain' if a Write waits for it.
func (s *Socket) drained() {
	if s.needDrain && !s.ended && !s.destroyed {
		s.needDrain = false
		emit(s.onDrain)
	}
}

// finished emits 'finish'.
func (s *Socket) finished() {
	if !s.destroyed {
		emit(s.onFinish)
	}
}

// peerEnded is the first listener of 'end'. What it does happens after all others.
func (s *Socket) peerEnded() {
	switch {
	case s.closeDue:
		s.later((*closing)(s))
	case !s.AllowHalfOpen && !s.ended:
		s.later((*ending)(s))
	}
}

// failed is an error of the connection.
func (s *Socket) failed(err error) {
	if s.destroyed {
		return
	}
	s.destroyed = true
	s.in.Close()
	s.failure = err
	s.emitError(err)
}

// fail breaks the connection for a mistake of the program, by which a part of what it sends is lost. 'error' comes on the next
// tick, so that a listener added after the call that failed is told.
func (s *Socket) fail(err error) {
	if s.destroyed {
		return
	}
	s.failure = err
	s.abort()
	s.later((*failing)(s))
}

func (s *Socket) emitError(err error) {
	if len(s.onError) == 0 && !s.quiet {
		port.Uncaught(err)
	}
	for _, listener := range s.onError {
		listener(err)
	}
}

// over is the end of the connection. What was kept while paused is delivered first, if the peer has said that it is all.
func (s *Socket) over() {
	if !s.destroyed && s.in.Complete && !s.in.Ended() {
		s.closeDue = true
		return
	}
	s.emitClose()
}

func (s *Socket) emitClose() {
	if s.closed {
		return
	}
	s.destroyed, s.closed, s.closeDue = true, true, false
	s.in.Close()
	for _, listener := range s.onClose {
		listener(s.failure != nil)
	}
}

// What is done on the next tick.
type (
	finishing Socket // the kernel took all at once
	ending    Socket // the peer has ended its side
	closing   Socket // all that was kept is delivered
	failing   Socket // by fail
)

func (s *Socket) later(t port.Task) {
	port.NextTick(t)
	port.Wake()
}

func (t *finishing) Run() { (*Socket)(t).finished() }
func (t *ending) Run()    { (*Socket)(t).End() }
func (t *closing) Run()   { (*Socket)(t).emitClose() }

func (t *failing) Run() {
	s := (*Socket)(t)
	s.emitError(s.failure)
	if s.handle == 0 { // as in Destroy
		s.emitClose()
	}
}
