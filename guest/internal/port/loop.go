//go:build !wasip1 || standalone

package port

import (
	"encoding/binary"
	"math"
	"sync"
	"time"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/stack"
	"github.com/portholehttp/porthole/internal/dialer"
	"github.com/portholehttp/porthole/internal/netloop"
)

// loop is an engine on real sockets, and what a host is to a plugin: it delivers the engine's events.
// All but Post is for one goroutine.
type loop struct {
	net    *netloop.Loop
	engine *stack.Engine
	inside bool             // enter is under way
	turn   bool             // an operation has left work for Engine.Turn
	word   []byte           // the head of EventSocket
	piece  []byte           // the part of a body that the engine gets, which may overwrite it
	bound  map[uint64]bound // what servers listen on
	timer  *netloop.Timer   // SetTimer's; that of the loop is the engine's
}

// bulkSize is the most that the engine gets of a socket at once: see abi.SocketBulk.
const bulkSize = 256 << 10

// maxPiece is the most of a body that the engine gets in one operation.
const maxPiece = 64 << 10

var (
	loopLock sync.Mutex
	theLoop  *loop // of the Run under way, or of the next one; nil until it is needed
)

func currentLoop() *loop {
	loopLock.Lock()
	defer loopLock.Unlock()
	if theLoop == nil {
		l := &loop{net: netloop.New(netloop.Config{StopWhenIdle: true, ReadBufferSize: bulkSize})}
		l.timer = l.net.NewTimer(l.expired)
		l.bound = map[uint64]bound{}
		l.engine = stack.New(sockets{l})
		theLoop = l
	}
	return theLoop
}

// Run delivers events until nothing is left that could cause one: no server listens, no connection is open, and
// no function waits that was given to Post. Then it returns, as a node process exits. It may be
// called again when there is something to do again; called by a listener it does nothing. A listener's panic goes through it.
//
// In a plugin it returns at once, and events come when main has returned.
func Run() {
	l := currentLoop()
	var err error
	defer func() {
		if err == nil { // else it was running already
			forget()
		}
	}()
	err = l.net.Run(l)
}

// Post has f called on the goroutine of Run, which may be called from any goroutine: all else in this package
// belongs to that one. Without a Run under way f waits for the next. False says that f will not be called,
// because the Run under way is at its end.
func Post(f func()) bool {
	l := currentLoop()
	return l.net.Post(func() { l.enter(f) })
}

// Wake makes sure that ticks which were added outside of the event loop are run.
func Wake() {
	if l := currentLoop(); !l.inside {
		l.net.Post(func() { l.enter(RunTicks) })
	}
}

// enter calls f as a part of the event loop, and does what it leaves to do.
func (l *loop) enter(f func()) {
	l.inside = true
	f()
	RunTicks()
	for l.turn {
		l.turn = false
		l.engine.Turn(l.net.Now())
		l.deliver()
	}
	l.inside = false
}

// deliver hands the engine's events over.
func (l *loop) deliver() {
	for _, e := range l.engine.Events() {
		if e.Kind == abi.EventSocket {
			l.word = binary.LittleEndian.AppendUint64(l.word[:0], e.Other)
			e.Head = l.word
		}
		Dispatch(e.Kind, e.Flags, e.Target, e.Head, e.Body)
	}
}

// operate asks the engine for one thing.
func (l *loop) operate(op abi.Operation, target uint64, flags uint32, head, body []byte, rest int64) abi.Status {
	result := l.engine.Operation(op, target, flags, head, body, rest)
	if result&abi.ResultTurn != 0 && !l.turn {
		l.turn = true
		Wake()
	}
	return abi.Status(result & abi.ResultStatusMask)
}

// send is response_send, request_send or socket_send: a body is copied, and a long one cut into pieces.
func (l *loop) send(op abi.Operation, target uint64, flags uint32, head, body []byte) abi.Status {
	for len(body) > maxPiece {
		l.piece = append(l.piece[:0], body[:maxPiece]...)
		body = body[maxPiece:]
		status := l.operate(op, target, flags|abi.SendMore, head, l.piece, int64(len(body)))
		if !status.OK() && status != abi.StatusBodyLength {
			return status
		}
		if flags&abi.SendHead != 0 { // it goes with the first piece, all else with each
			flags, head = flags&^abi.SendHead, nil
		}
	}
	l.piece = append(l.piece[:0], body...)
	return l.operate(op, target, flags, head, l.piece, 0)
}

// handle asks the engine for something that has a handle.
func (l *loop) handle(op abi.Operation, target uint64, record []byte) (uint64, abi.Status) {
	handle, status := l.engine.Handle(op, target, record)
	if !l.turn {
		l.turn = true
		Wake()
	}
	return handle, status
}

// info is socket_info.
func (l *loop) info(socket uint64) string {
	handle, status := l.handle(abi.OpHostSocket, socket, nil)
	if status != abi.StatusOK {
		return ""
	}
	return l.net.Info(netloop.Handle(handle))
}

// setTimer is timer_set.
func (l *loop) setTimer(delay time.Duration) {
	at := int64(0)
	if delay >= 0 {
		at = l.net.Now() + int64(delay)
		if at < 0 { // later than the clock goes
			at = math.MaxInt64
		}
	}
	l.timer.Set(at)
}

// expired is the event of timer_set.
func (l *loop) expired(int64) {
	l.enter(func() { Dispatch(abi.EventTimer, 0, 0, nil, nil) })
}

// The events of sockets.

func (l *loop) Accept(socket, listener netloop.Handle, now int64) {
	l.enter(func() { l.engine.Accept(uint64(socket), uint64(listener), now); l.deliver() })
}

// Connect tells what came of dialing.
func (l *loop) Connect(socket netloop.Handle, err error, now int64) {
	status, reason := abi.StatusOK, ""
	if err != nil {
		status, reason = dialer.Reason(err)
	}
	l.enter(func() { l.engine.Connect(uint64(socket), status, []byte(reason), now); l.deliver() })
}

func (l *loop) Data(socket netloop.Handle, p []byte, now int64) {
	l.enter(func() { l.engine.Data(uint64(socket), p, now); l.deliver() })
}

func (l *loop) End(socket netloop.Handle, now int64) {
	l.enter(func() { l.engine.End(uint64(socket), now); l.deliver() })
}

func (l *loop) Writable(socket netloop.Handle, now int64) {
	l.enter(func() { l.engine.Writable(uint64(socket), now); l.deliver() })
}

func (l *loop) Close(socket netloop.Handle, status abi.Status, now int64) {
	l.enter(func() { l.engine.Closed(uint64(socket), status, now); l.deliver() })
}

func (l *loop) Timer(now int64) {
	l.enter(func() { l.engine.Timer(now); l.deliver() })
}
