package flow

import "github.com/portholehttp/porthole/guest/internal/port"

// Writable is where Pipe writes to: a *http.ServerResponse, a *http.ClientRequest, a *net.Socket.
type Writable interface {
	// Write takes a chunk, which the caller uses again, and returns false if 'drain' should be waited for.
	Write(chunk []byte) bool
	End(data ...[]byte)
	OnDrain(listener func())
}

// Sink is what a Writable of ours can do besides.
type Sink interface {
	// Hold is Write of a piece that End may follow at once: it may wait for that, or for whatever else is written, until Release.
	Hold(chunk []byte) bool
	// Release writes what Hold has kept, if it is still there.
	Release()
	// AddDrain and AddClose are OnDrain and OnClose of tasks.
	AddDrain(port.Task)
	AddClose(port.Task)
}

// sinks find the Sink of a Writable, nil if it is none of theirs.
var sinks []func(Writable) Sink

// AddSinks adds a package's way to find the Sink of a Writable of its own.
func AddSinks(find func(Writable) Sink) { sinks = append(sinks, find) }

func sinkOf(dst Writable) Sink {
	for _, find := range sinks {
		if s := find(dst); s != nil {
			return s
		}
	}
	return nil
}

// Pipe writes what comes to dst, and ends dst at the end. While dst does not keep up r is paused, so that the
// sender is no faster than the receiver of dst. If dst has an OnClose(func()) or OnClose(func(bool)), what
// comes after it is discarded.
func (r *Readable) Pipe(dst Writable) {
	p := &r.own().piped
	if p.from != nil {
		p = new(pipe)
	}
	*p = pipe{from: r, to: dst, sink: sinkOf(dst), open: true}
	if p.sink != nil {
		p.sink.AddClose((*pipeClose)(p))
		p.sink.AddDrain((*pipeDrain)(p))
	} else {
		p.listen()
	}
	r.addData(p)
	r.AddEnd((*pipeEnd)(p))
}

// pipe is what Pipe makes. It listens as four types, for a listener that is a pointer needs no closure.
type pipe struct {
	from *Readable
	to   Writable
	sink Sink // of to, if there is one
	open bool // to has not closed
}

type (
	pipeDrain pipe
	pipeClose pipe
	pipeEnd   pipe
)

// listen adds the listeners to a destination that is not ours.
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
	if m := p.from.more; p.sink != nil && m != nil && m.last && m.holder == nil {
		if p.sink.Hold(chunk) {
			m.holder = p.sink
		} else {
			p.from.Pause()
		}
		return
	}
	if !p.to.Write(chunk) {
		p.from.Pause()
	}
}

// Run ends the destination.
func (e *pipeEnd) Run() {
	if e.open {
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
