package flow

import (
	"github.com/portholehttp/porthole/guest/internal/port"
	"github.com/portholehttp/porthole/guest/internal/text"
)

// Readable is the side of a request, a response or a socket that bytes come from. They flow from the start: what comes
// while there is no 'data' listener is lost. Pause holds it back.
//
// The zero value is ready once Handle is set.
type Readable struct {
	Handle   uint64 // what is paused in the engine; 0 once that is over
	Complete bool   // the engine has delivered the end: there is nothing to pause any more
	Discard  bool   // keep nothing of what comes while paused: nobody may ever ask for it

	paused bool
	endDue bool // the end is behind what is kept
	ended  bool // 'end' was emitted
	closed bool
	more   *more
}

// more is what not every Readable needs, for requests are made by the thousand.
type more struct {
	onData  []func([]byte)
	onEnd   []func()
	decoder *text.Decoder // after SetEncoding
	queue   [][]byte      // what came while paused, until it is delivered
	moved   bool          // the engine moves what comes: see Pipe
	last    bool          // what is being delivered is all that comes before the end

	// Room for the first listener of each kind: there is one as a rule.
	dataListener [1]func([]byte)
	endListener  [1]func()
}

// noMore is the more of those that have none. It is only read.
var noMore more

func (r *Readable) get() *more {
	if r.more == nil {
		return &noMore
	}
	return r.more
}

// own returns the more of r to write to.
func (r *Readable) own() *more {
	if r.more == nil {
		m := new(more)
		m.onData, m.onEnd = m.dataListener[:0], m.endListener[:0]
		r.more = m
	}
	return r.more
}

// OnData adds a listener for pieces. A chunk is valid until the listener returns.
func (r *Readable) OnData(listener func(chunk []byte)) {
	m := r.own()
	m.onData = append(m.onData, listener)
	m.keepHere(r)
}

// OnEnd adds a listener for the end. It comes once at most, and no data follows.
func (r *Readable) OnEnd(listener func()) {
	m := r.own()
	m.onEnd = append(m.onEnd, listener)
}

// SetEncoding makes the chunks of 'data' text, in UTF-8, of which no character is split over two chunks: the
// bytes read as "utf8" (also ""), "ascii", "latin1" or "binary", "ucs2" or "utf16le"; or the bytes written as
// "base64" or "hex". It concerns the data that comes from now on. The error's code is ERR_UNKNOWN_ENCODING.
func (r *Readable) SetEncoding(encoding string) error {
	e, err := text.Named(encoding)
	if err != nil {
		return err
	}
	m := r.own()
	m.decoder = text.NewDecoder(e)
	m.keepHere(r)
	return nil
}

// Pause holds 'data' and 'end' back. What has been read already is kept, at most 64 KiB; then the connection is
// not read any more, and TCP makes the peer wait.
func (r *Readable) Pause() {
	if r.paused || r.ended || r.closed {
		return
	}
	r.paused = true
	if !r.Complete && r.Handle != 0 {
		port.RequestPause(r.Handle)
	}
}

// Resume lets 'data' and 'end' go on. What was kept is delivered on the next tick, so that listeners added
// after Resume get all of it.
func (r *Readable) Resume() {
	if !r.paused {
		return
	}
	r.paused = false
	if len(r.get().queue) > 0 || r.endDue {
		port.NextTick((*delivery)(r))
	}
	if !r.Complete && r.Handle != 0 {
		port.RequestResume(r.Handle)
	}
}

// Paused reports whether Pause holds.
func (r *Readable) Paused() bool { return r.paused }

// Ended reports whether 'end' was emitted.
func (r *Readable) Ended() bool { return r.ended }

// Buffered returns how many bytes are kept.
func (r *Readable) Buffered() (size int) {
	for _, chunk := range r.get().queue {
		size += len(chunk)
	}
	return size
}

// Unheard reports whether what comes is lost, for nobody listens.
func (r *Readable) Unheard() bool { return r.more == nil && !r.paused && !r.closed }

// Pass is Receive when the Readable is Unheard.
func (r *Readable) Pass(end bool) {
	if end {
		r.Complete, r.ended = true, true
	}
}

// Receive takes a piece, and the end. chunk is a view.
func (r *Readable) Receive(chunk []byte, end bool) {
	if r.closed {
		return
	}
	if end {
		r.Complete = true
	}
	if m := r.get(); r.paused || len(m.queue) > 0 {
		r.keep(chunk)
	} else if end && r.more != nil {
		m.last = true
		r.emitData(chunk)
		m.last = false
	} else {
		r.emitData(chunk)
	}
	if end && !r.closed {
		r.endDue = true
		r.deliverEnd()
	}
}

// Close drops what was kept: neither data nor 'end' follows.
func (r *Readable) Close() {
	r.closed = true
	r.endDue = false
	if r.more != nil {
		r.more.queue = nil // a delivery may be under way
		r.more = nil
	}
}

// keep queues a copy of chunk.
func (r *Readable) keep(chunk []byte) {
	if len(chunk) > 0 && !r.Discard {
		m := r.own()
		m.queue = append(m.queue, append([]byte(nil), chunk...))
	}
}

// delivery is a Readable as the tick that Resume asks for.
type delivery Readable

// Run delivers what was kept, until it is paused again.
func (d *delivery) Run() {
	r := (*Readable)(d)
	for m := r.get(); len(m.queue) > 0 && !r.paused; {
		chunk := m.queue[0]
		m.queue[0] = nil
		m.queue = m.queue[1:]
		r.emitData(chunk)
	}
	r.deliverEnd()
}

func (r *Readable) emitData(chunk []byte) {
	if d := r.get().decoder; d != nil {
		chunk = d.Write(chunk)
	}
	r.emitChunk(chunk)
}

func (r *Readable) emitChunk(chunk []byte) {
	if len(chunk) == 0 {
		return
	}
	for _, listener := range r.get().onData {
		listener(chunk)
	}
}

// deliverEnd emits 'end' if all that comes before it has been delivered.
func (r *Readable) deliverEnd() {
	if !r.endDue || r.paused || len(r.get().queue) > 0 {
		return
	}
	if d := r.get().decoder; d != nil {
		r.emitChunk(d.End())
		if r.paused || r.closed {
			return
		}
	}
	r.endDue = false
	r.ended = true
	m := r.get()
	r.more = nil // nothing follows: what the listeners hold on to is let go of
	for _, listener := range m.onEnd {
		listener()
	}
}
