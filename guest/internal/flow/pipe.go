package flow

import (
	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
)

// Writable is where Pipe writes to: a *http.ServerResponse, a *http.ClientRequest, a *net.Socket.
type Writable interface {
	// Write takes a chunk, which the caller uses again, and returns false if 'drain' should be waited for.
	Write(chunk []byte) bool
	End(data ...[]byte)
	OnDrain(listener func())
}

// sinks find the handle that the Write of a Writable sends to, 0 if it is none of theirs or over.
var sinks []func(Writable) uint64

// AddSink adds a package's way to find the handle behind a Writable of its own: the engine can write there by itself.
func AddSink(handleOf func(Writable) uint64) { sinks = append(sinks, handleOf) }

// handleOf returns the handle behind dst, 0 if there is none.
func handleOf(dst Writable) uint64 {
	for _, find := range sinks {
		if handle := find(dst); handle != 0 {
			return handle
		}
	}
	return 0
}

// Pipe writes what comes to dst, and ends dst at the end. While dst does not keep up r is paused, so that the
// sender is no faster than the receiver of dst. If dst has an OnClose(func()) or OnClose(func(bool)), what
// comes after it is discarded.
//
// A last piece that is known for one, as of a body that comes as a whole, is given to the End of dst, so that both leave together.
//
// When the first piece was written, which sends a head if there is one, the engine is asked to move the rest, for which it
// does the same. What it does not move comes as ever, and so does the end.
func (r *Readable) Pipe(dst Writable) {
	p := &pipe{from: r, to: dst, open: true}
	switch c := dst.(type) {
	case interface{ OnClose(func()) }:
		c.OnClose(p.closed)
	case interface{ OnClose(func(hadError bool)) }:
		c.OnClose(func(bool) { p.closed() })
	}
	dst.OnDrain(p.drained)
	r.OnData(p.data)
	r.OnEnd(p.end)
}

// pipe is what Pipe makes.
type pipe struct {
	from    *Readable
	to      Writable
	open    bool // to has not closed
	ended   bool // the last piece was given to its End
	refused bool // by the engine, and so it will be again
}

func (p *pipe) data(chunk []byte) {
	if !p.open {
		return
	}
	if p.from.lastForPipe() {
		p.ended = true
		p.to.End(chunk)
		return
	}
	if !p.to.Write(chunk) {
		p.from.Pause()
	}
	if !p.refused && p.from.movable() {
		handle := handleOf(p.to)
		p.refused = handle == 0 || port.Pipe(p.from.Handle, handle) != abi.StatusOK
		p.from.more.moved = p.from.more.moved || !p.refused
	}
}

func (p *pipe) drained() {
	if p.open {
		p.from.Resume()
	}
}

func (p *pipe) end() {
	if p.open && !p.ended {
		p.to.End()
	}
}

func (p *pipe) closed() {
	p.open = false
	p.from.Resume()
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
func (m *more) keepHere(r *Readable) {
	if m.moved {
		m.moved = false
		port.Pipe(r.Handle, 0)
	}
}
