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
	more   *More
	Room   *More // where what has listeners keeps them; nil: that is allocated when it has one
}

// More is what not every Readable needs, for requests are made by the thousand. Those that have one have a few listeners as a rule, for which
// there is room in it.
type More struct {
	onData  []dataListener
	onEnd   []port.Task
	decoder *text.Decoder // after SetEncoding
	queue   [][]byte      // what came while paused, until it is delivered
	moved   bool          // the engine moves what comes: see Pipe
	last    bool          // the piece that is being emitted is all that is left
	holder  Message       // which holds that piece back, until the end or the next thing that is written

	dataRoom [1]dataListener
	endRoom  [2]port.Task
	piped    pipe // the first
}

// dataListener is who listens to data. It is an interface so that a pipe can be one without a closure.
type dataListener interface{ data(chunk []byte) }

// dataFunc is a function as a dataListener.
type dataFunc func(chunk []byte)

func (f dataFunc) data(chunk []byte) { f(chunk) }

// noMore is the more of those that have none. It is only read.
var noMore More

func (r *Readable) get() *More {
	if r.more == nil {
		return &noMore
	}
	return r.more
}

// own returns the more of r to write to.
func (r *Readable) own() *More {
	if r.more == nil {
		if r.more = r.Room; r.more == nil {
			r.more = new(More)
		}
	}
	return r.more
}

// OnData adds a listener for pieces. A chunk is valid until the listener returns.
func (r *Readable) OnData(listener func(chunk []byte)) {
	r.addData(dataFunc(listener))
}

func (r *Readable) addData(listener dataListener) {
	m := r.own()
	if m.onData == nil {
		m.onData = m.dataRoom[:0]
	}
	m.onData = append(m.onData, listener)
	m.keepHere(r)
}

// OnEnd adds a listener for the end. It comes once at most, and no data follows.
func (r *Readable) OnEnd(listener func()) {
	r.AddEnd(port.TaskFunc(listener))
}

// AddEnd is OnEnd of a task.
func (r *Readable) AddEnd(listener port.Task) {
	m := r.own()
	if m.onEnd == nil {
		m.onEnd = m.endRoom[:0]
	}
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
	switch m := r.get(); {
	case r.paused || len(m.queue) > 0:
		r.keep(chunk)
	case end && len(chunk) > 0 && m.decoder == nil && m.piped.from != nil:
		r.emitLast(m, chunk)
		return
	default:
		r.emitData(chunk)
	}
	if end && !r.closed {
		r.endDue = true
		r.deliverEnd()
	}
}

// emitLast emits the last piece and the end, which a pipe can write at once.
func (r *Readable) emitLast(m *More, chunk []byte) {
	m.last = true
	r.emitChunk(chunk)
	m.last = false
	if !r.closed {
		r.endDue = true
		if !r.paused {
			r.emitEnd(m)
		}
	}
	if m.holder != nil { // chunk is no longer ours when this returns
		m.holder.Release()
		m.holder = nil
	}
}

// Close drops what was kept: neither data nor 'end' follows.
func (r *Readable) Close() {
	r.closed = true
	r.endDue = false
	if r.more != nil {
		r.more.queue = nil // a delivery may be under way
		r.more, r.Room = nil, nil
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
		listener.data(chunk)
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
	r.emitEnd(r.get())
}

// emitEnd emits 'end' to the listeners in m.
func (r *Readable) emitEnd(m *More) {
	r.endDue, r.ended = false, true
	r.more = nil // nothing follows: what the listeners hold on to is let go of
	for _, listener := range m.onEnd {
		listener.Run()
	}
	if m == r.Room {
		r.Room = nil
		m.onData, m.onEnd, m.dataRoom[0], m.endRoom = nil, nil, nil, [2]port.Task{}
	}
}
