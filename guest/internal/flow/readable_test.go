//go:build !wasip1

package flow

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/guest/internal/port"
	"github.com/portholehttp/porthole/guest/internal/port/porttest"
)

// newReadable returns one that is watched, of the handle 7.
func newReadable(t *testing.T) (*porttest.Port, *Readable) {
	p := porttest.New(t)
	r := &Readable{Handle: 7}
	r.OnData(func(chunk []byte) { p.Note("data %q", chunk) })
	r.OnEnd(func() { p.Note("end") })
	return p, r
}

func TestDataIsLostWithoutListener(t *testing.T) {
	porttest.New(t)
	r := &Readable{Handle: 7}
	r.Receive([]byte("lost"), false)
	r.Receive(nil, true)
	assert.True(t, r.Ended())
	chunk := []byte("x")
	assert.Zero(t, testing.AllocsPerRun(10, func() {
		r := Readable{}
		r.Receive(chunk, true)
	}))
}

func TestPauseKeepsACopy(t *testing.T) {
	p, r := newReadable(t)
	r.Pause()
	view := []byte("abc")
	r.Receive(view, false)
	copy(view, "###")
	assert.Equal(t, 3, r.Buffered())
	assert.True(t, r.Paused())
	r.Resume()
	r.Receive([]byte("d"), true) // before the tick
	assert.Equal(t, []string{"pause 7", "resume 7"}, p.Take())
	port.RunTicks()
	assert.Equal(t, []string{`data "abc"`, `data "d"`, "end"}, p.Take())
	assert.Zero(t, r.Buffered())
}

func TestNothingAfterClose(t *testing.T) {
	for _, inside := range []bool{false, true} {
		p, r := newReadable(t)
		r.Pause()
		r.Receive([]byte("a"), false)
		r.Receive([]byte("b"), true)
		r.Resume()
		if inside {
			r.OnData(func([]byte) { r.Close() })
		} else {
			r.Close()
		}
		port.RunTicks()
		r.Receive([]byte("c"), true)
		r.Pause()
		want := []string{"pause 7"}
		if inside {
			want = append(want, `data "a"`)
		}
		assert.Equal(t, want, p.Take())
		assert.False(t, r.Ended())
	}
}

func TestCloseInTheListenerOfTheLastPiece(t *testing.T) {
	p, r := newReadable(t)
	r.OnData(func([]byte) { r.Close() })
	r.Receive([]byte("a"), true)
	assert.Equal(t, []string{`data "a"`}, p.Take())
}

func TestDiscard(t *testing.T) {
	p, r := newReadable(t)
	r.Pause()
	r.Discard = true
	r.Receive([]byte("a"), true)
	r.Resume()
	port.RunTicks()
	assert.Equal(t, []string{"pause 7", "end"}, p.Take())
}

func TestOverReadableAsksNothing(t *testing.T) {
	p, r := newReadable(t)
	r.Handle = 0
	r.Pause()
	r.Resume()
	assert.Empty(t, p.Take())
}

// sink is a Writable that says no as often as it is told.
type sink struct {
	p     *porttest.Port
	full  bool
	drain func()
}

func (s *sink) Write(chunk []byte) bool { s.p.Note("write %q", chunk); return !s.full }
func (s *sink) End(...[]byte)           { s.p.Note("dst end") }
func (s *sink) OnDrain(f func())        { s.drain = f }

type closer struct {
	sink
	close func()
}

func (s *closer) OnClose(f func()) { s.close = f }

type socketCloser struct {
	sink
	close func(bool)
}

func (s *socketCloser) OnClose(f func(bool)) { s.close = f }

func TestPipe(t *testing.T) {
	p, r := newReadable(t)
	dst := &sink{p: p, full: true}
	r.Pipe(dst)
	r.Receive([]byte("a"), false)
	r.Receive([]byte("b"), true)
	dst.full = false
	dst.drain()
	port.RunTicks()
	assert.Equal(t, []string{`data "a"`, `write "a"`, "pause 7", `data "b"`, `write "b"`, "end", "dst end"}, p.Take())
}

func TestPipeIntoWhatCloses(t *testing.T) {
	p, r := newReadable(t)
	a := &closer{sink: sink{p: p, full: true}}
	r.Pipe(a)
	r.Receive([]byte("a"), false)
	a.close()
	assert.Equal(t, []string{`data "a"`, `write "a"`, "pause 7", "resume 7"}, p.Take())
	b := &socketCloser{sink: sink{p: p}}
	r.Pipe(b)
	b.close(true)
	r.Receive([]byte("b"), true)
	a.drain()
	assert.Equal(t, []string{`data "b"`, "end"}, p.Take())
}

func TestSetEncoding(t *testing.T) {
	p, r := newReadable(t)
	require.Error(t, r.SetEncoding("klingon"))
	require.NoError(t, r.SetEncoding("utf8"))
	r.Receive([]byte("\xe2\x82"), false)
	r.Receive([]byte("\xac"), false)
	r.Receive([]byte("\xe2"), true)
	assert.Equal(t, []string{`data "€"`, "data \"\uFFFD\"", "end"}, p.Take())
}
