package http

import (
	"github.com/portholehttp/porthole/guest/internal/flow"
	"github.com/portholehttp/porthole/guest/internal/port"
)

func init() { flow.AddSinks(sinkOf) }

// sinkOf finds the sink of a message of ours.
func sinkOf(w flow.Writable) (flow.Sink, flow.Message) {
	switch w := w.(type) {
	case *ServerResponse:
		s := (*pipeSink)(&w.outgoing)
		return s, s
	case *ClientRequest:
		s := (*pipeSink)(&w.outgoing)
		return s, s
	}
	return nil, nil
}

// pipeSink is a message as the destination of a pipe.
type pipeSink outgoing

// Handle implements flow.Sink: more of a body can be sent there.
func (s *pipeSink) Handle() uint64 {
	o := (*outgoing)(s)
	to := o.partner()
	if to.over || !o.headSent || o.ended || o.message().noBody() {
		return 0
	}
	return to.handle
}

// AddDrain implements flow.Message.
func (s *pipeSink) AddDrain(t port.Task) { (*outgoing)(s).own().addDrain(t) }

// AddClose implements flow.Message.
func (s *pipeSink) AddClose(t port.Task) { (*outgoing)(s).own().addClose(t) }

// Hold implements flow.Message. The head is completed as by Write, so that a head that is not valid is told at the same time. If the engine is still to choose
// how the body is framed, it must see a piece without an end first, as by Node's pipe, or it would choose a length.
func (s *pipeSink) Hold(chunk []byte) bool {
	o := (*outgoing)(s)
	if o.ended || o.needDrain || len(chunk) == 0 || o.own().held != nil {
		return o.Write(chunk)
	}
	if !o.implicitHead() {
		return false
	}
	if !o.headSent && !o.headers.Has("content-length") {
		return o.Write(chunk)
	}
	if !o.message().noBody() {
		o.more.held = chunk
	}
	return true
}

// Release implements flow.Message.
func (s *pipeSink) Release() {
	if o := (*outgoing)(s); o.more != nil && o.more.held != nil {
		o.release()
	}
}

// release writes what is held.
func (o *outgoing) release() {
	held := o.more.held
	o.more.held = nil
	o.write(held)
}

// take returns what the message ends with: what is held, if last is nothing; else that is written before.
func (m *outgoingMore) take(o *outgoing, last []byte) []byte {
	if len(last) > 0 {
		o.release()
		return last
	}
	held := m.held
	m.held = nil
	return held
}
