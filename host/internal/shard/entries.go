package shard

import (
	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/sandbox"
	"github.com/portholehttp/porthole/internal/netloop"
)

var _ netloop.Handler = (*Shard)(nil)

// readBuffer returns the stack's receive buffer, so that bytes need not be copied there.
func (s *Shard) readBuffer() []byte {
	if s.stack != nil {
		if p, ok := s.stack.instance.View(s.stack.receive, receiveBufferSize); ok {
			return p
		}
	}
	return make([]byte, 1) // the shard is about to end
}

// Accept implements netloop.Handler.
func (s *Shard) Accept(socket, listener netloop.Handle, now int64) {
	s.announced(listener)
	s.sockets[socket] = nil
	s.enter(s.stack.accept, uint64(socket), uint64(listener), uint64(now))
}

// Data implements netloop.Handler. p is in the stack's receive buffer.
func (s *Shard) Data(socket netloop.Handle, p []byte, now int64) {
	s.enter(s.stack.data, uint64(socket), uint64(len(p)), uint64(now))
}

// End implements netloop.Handler.
func (s *Shard) End(socket netloop.Handle, now int64) {
	s.enter(s.stack.end, uint64(socket), uint64(now))
}

// Writable implements netloop.Handler.
func (s *Shard) Writable(socket netloop.Handle, now int64) {
	s.enter(s.stack.writable, uint64(socket), uint64(now))
}

// Close implements netloop.Handler.
func (s *Shard) Close(socket netloop.Handle, status abi.Status, now int64) {
	s.forget(socket)
	s.enter(s.stack.closed, uint64(socket), uint64(status), uint64(now))
}

// Timer implements netloop.Handler.
func (s *Shard) Timer(now int64) {
	s.enter(s.stack.timer, uint64(now))
}

// enter calls an entry of the stack and does all that follows from it.
func (s *Shard) enter(entry *sandbox.Function, params ...uint64) {
	s.call(entry, params...)
	s.settle()
}

// call calls an entry of the stack, which may raise events.
func (s *Shard) call(entry *sandbox.Function, params ...uint64) {
	s.emitting = true
	_, err := entry.Call(params...)
	s.emitting = false
	if err != nil {
		s.fault = err
	}
}

// settle delivers events and lets the stack do what was put off, until nothing is left to do but to wait.
func (s *Shard) settle() {
	for s.stack != nil {
		s.deliver()
		switch {
		case s.fault != nil:
			s.replaceStack()
		case len(s.severed) > 0:
			s.tellSevered()
		case len(s.stirred) > 0:
			s.tend()
		case s.turn:
			s.turn = false
			s.call(s.stack.turn, uint64(s.loop.Now()))
		default:
			if s.draining && s.loop.Sockets() == 0 {
				s.Stop()
			}
			return
		}
	}
}
