//go:build !wasip1

package flow

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port/porttest"
)

// own is a Writable behind which there is a handle.
type own struct {
	sink
	handle uint64
}

// Handle implements Sink.
func (o *own) Handle() uint64 { return o.handle }

// newPipe returns a pipe of the handle 7 into what has the handle 9, after its first piece.
func newPipe(t *testing.T) (*porttest.Port, *Readable, *own) {
	old := sinks
	t.Cleanup(func() { sinks = old })
	AddSinks(func(w Writable) (Sink, Message) {
		if w, ok := w.(*own); ok {
			return w, nil
		}
		return nil, nil
	})
	p := porttest.New(t)
	r, to := &Readable{Handle: 7}, &own{sink{p: p}, 9}
	r.Pipe(to)
	r.Receive([]byte("a"), false)
	return p, r, to
}

func TestPipeIsTheEnginesAfterTheFirstPiece(t *testing.T) {
	p, r, _ := newPipe(t)
	assert.Equal(t, []string{`write "a"`, "pipe 7 to 9"}, p.Take())
	r.Receive([]byte("b"), false) // it was on its way
	r.Receive(nil, true)
	assert.Equal(t, []string{`write "b"`, "pipe 7 to 9", "dst end"}, p.Take())
}

func TestPipeIsHereAgain(t *testing.T) {
	for name, look := range map[string]func(*Readable){
		"for a listener":   func(r *Readable) { r.OnData(func([]byte) {}) },
		"for another pipe": func(r *Readable) { r.Pipe(&sink{p: new(porttest.Port)}) },
		"for text":         func(r *Readable) { require.NoError(t, r.SetEncoding("hex")) },
	} {
		p, r, _ := newPipe(t)
		p.Take()
		look(r)
		assert.Equal(t, []string{"pipe 7 to 0"}, p.Take(), name)
		look(r)
		r.Receive([]byte("b"), false)
		assert.Len(t, p.Take(), 1, name)
	}
}

func TestPipeIsNotTheEngines(t *testing.T) {
	for name, change := range map[string]func(*Readable, *own){
		"with a listener":       func(r *Readable, _ *own) { r.OnData(func([]byte) {}) },
		"with text":             func(r *Readable, _ *own) { require.NoError(t, r.SetEncoding("utf8")) },
		"into what is closed":   func(_ *Readable, to *own) { to.handle = 0 },
		"when all has come":     func(r *Readable, _ *own) { r.Complete = true },
		"of what is over":       func(r *Readable, _ *own) { r.Handle = 0 },
		"while something waits": func(r *Readable, _ *own) { r.own().queue = [][]byte{[]byte("b")} },
	} {
		p, _, _ := newPipe(t)
		r, to := &Readable{Handle: 8}, &own{sink{p: p}, 9}
		r.Pipe(to)
		change(r, to)
		p.Take()
		r.emitData([]byte("a"))
		assert.Equal(t, []string{`write "a"`}, p.Take(), name)
	}
}

func TestPipeThatTheEngineRefuses(t *testing.T) {
	p, _, _ := newPipe(t)
	p.Take()
	p.Answers = []abi.Status{abi.StatusState}
	r := &Readable{Handle: 8}
	r.Pipe(&own{sink{p: p}, 9})
	r.Receive([]byte("a"), false)
	r.Receive([]byte("b"), false)
	assert.Equal(t, []string{`write "a"`, "pipe 8 to 9", `write "b"`}, p.Take(), "it is asked once")
}

// A sink that does not keep up pauses the source through the engine's pipe too: what was on its way is kept.
func TestPipeOfAPausedSource(t *testing.T) {
	p, r, to := newPipe(t)
	to.full = true
	r.Receive([]byte("b"), false)
	r.Receive([]byte("c"), false)
	assert.Equal(t, []string{`write "a"`, "pipe 7 to 9", `write "b"`, "pause 7", "pipe 7 to 9"}, p.Take())
	assert.Equal(t, 1, r.Buffered())
}
