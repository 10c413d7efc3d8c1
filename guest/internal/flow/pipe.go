package flow

import (
	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
)

// Pipe writes what comes to dst, and ends dst at the end. While dst does not keep up r is paused, so that the
// sender is no faster than the receiver of dst. If dst has an OnClose(func()) or OnClose(func(bool)), what
// comes after it is discarded.
//
// A last piece that is known for one, as of a body that comes as a whole, leaves together with the end if dst is one of ours.
//
// When the first piece was written, which sends a head if there is one, the engine is asked to move the rest, for which it
// does the same. What it does not move comes as ever, and so does the end.
func (r *Readable) Pipe(dst Writable) {
	p := &r.own().piped
	if p.from != nil {
		p = new(pipe)
	}
	p.from, p.to, p.open = r, dst, true
	p.sink, p.message = sinkOf(dst)
	if p.message != nil {
		p.message.AddClose((*pipeClose)(p))
		p.message.AddDrain((*pipeDrain)(p))
	} else {
		p.listen()
	}
	r.addData(p)
	r.AddEnd((*pipeEnd)(p))
}

// pipe is what Pipe makes. It listens as four types, for a listener that is a pointer needs no closure.
type pipe struct {
	from    *Readable
	to      Writable
	sink    Sink    // of to; nil: it is not ours
	message Message // of to, if it is one
	open    bool    // to has not closed
	ended   bool    // the last piece was given to its End
	refused bool    // by the engine, and so it will be again
}

type (
	pipeDrain pipe
	pipeClose pipe
	pipeEnd   pipe
)

// listen adds the listeners to a destination that is no Message.
func (p *pipe) listen() {
	switch c := p.to.(type) {
	case interface{ OnClose(func()) }:
		c.OnClose((*pipeClose)(p).Run)
	case interface{ OnClose(func(hadError bool)) }:
		c.OnClose(func(bool) { (*pipeClose)(p).Run() })
	}
	p.to.OnDrain((*pipeDrain)(p).Run)
}

// data writes a piece.
func (p *pipe) data(chunk []byte) {
	if !p.open {
		return
	}
	m := p.from.more
	switch {
	case p.message != nil && m != nil && m.last && m.holder == nil:
		if p.message.Hold(chunk) {
			m.holder = p.message
			return
		}
		p.from.Pause()
	case p.message == nil && p.sink != nil && p.from.lastForPipe():
		p.ended = true
		p.to.End(chunk)
		return
	case !p.to.Write(chunk):
		p.from.Pause()
	}
	p.move()
}

// move asks the engine to move what is to come.
func (p *pipe) move() {
	if p.refused || !p.from.movable() {
		return
	}
	handle := uint64(0)
	if p.sink != nil {
		handle = p.sink.Handle()
	}
	p.refused = handle == 0 || port.Pipe(p.from.Handle, handle) != abi.StatusOK
	p.from.more.moved = p.from.more.moved || !p.refused
}

// Run ends the destination.
func (e *pipeEnd) Run() {
	if e.open && !e.ended {
		e.to.End()
	}
}

// Run goes on.
func (d *pipeDrain) Run() {
	if d.open {
		d.from.Resume()
	}
}

// Run lets what is to come pass by.
func (c *pipeClose) Run() {
	c.open = false
	c.from.Resume()
}

// lastForPipe reports whether the piece that is being delivered is the last, and nobody but the pipe waits for the end.
func (r *Readable) lastForPipe() bool {
	m := r.more
	return m != nil && m.last && len(m.onData) == 1 && len(m.onEnd) == 1 && m.decoder == nil
}

// movable reports whether nobody would miss the bytes that are to come, and none that have come wait here.
func (r *Readable) movable() bool {
	m := r.more
	return r.Handle != 0 && !r.Complete && !r.closed && len(m.queue) == 0 && len(m.onData) == 1 && m.decoder == nil
}

// keepHere has the engine move no more bytes: somebody wants to see them.
func (m *More) keepHere(r *Readable) {
	if m.moved {
		m.moved = false
		port.Pipe(r.Handle, 0)
	}
}
