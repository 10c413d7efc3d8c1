//go:build !wasip1

package port

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/portholehttp/porthole/abi"
)

// recorder is a Receiver that keeps the kinds of its events.
type recorder []abi.EventKind

func (r *recorder) Event(kind abi.EventKind, _ uint32, _, _ []byte) {
	*r = append(*r, kind)
}

func TestBind(t *testing.T) {
	t.Cleanup(Replace(enginePort{}))
	r := &recorder{}
	Bind(7, r)
	assert.Same(t, r, Bound(7))
	assert.Nil(t, Bound(8))
	Dispatch(abi.EventData, abi.EventEnd, 7, nil, nil)
	Dispatch(abi.EventData, 0, 8, nil, nil)
	Dispatch(abi.EventError, abi.StatusFlags(abi.StatusInvalid), 7, nil, nil)
	assert.Equal(t, 1, Bindings())
	Dispatch(abi.EventClose, abi.EventDone, 7, nil, nil)
	Dispatch(abi.EventClose, abi.EventDone, 7, nil, nil)
	assert.Equal(t, recorder{abi.EventData, abi.EventError, abi.EventClose}, *r)
	assert.Zero(t, Bindings())
	Bind(9, r)
	Unbind(9)
	assert.Nil(t, Bound(9))
}

// Handles whose low bits are equal do not get in each other's way.
func TestBindOfHandlesThatMeet(t *testing.T) {
	t.Cleanup(Replace(enginePort{}))
	r := make([]recorder, 3)
	handle := func(i int) uint64 { return 7 + uint64(i)<<32 }
	for i := range r {
		Bind(handle(i), &r[i])
	}
	Unbind(handle(0))
	assert.Nil(t, Bound(handle(0)))
	Bind(handle(2), &r[1]) // in place of another, and there is a better place now
	assert.Equal(t, 2, Bindings())
	assert.Same(t, &r[1], Bound(handle(1)))
	assert.Same(t, &r[1], Bound(handle(2)))
	Bind(handle(0), &r[0])
	Bind(handle(1), &r[2])
	assert.Same(t, &r[0], Bound(handle(0)))
	assert.Same(t, &r[2], Bound(handle(1)))
	for i := range r {
		Dispatch(abi.EventClose, abi.EventDone, handle(i), nil, nil)
		assert.Nil(t, Bound(handle(i)))
	}
	assert.Zero(t, Bindings())
}

func TestWhatIsNewGoesToServers(t *testing.T) {
	t.Cleanup(Replace(enginePort{}))
	old := Servers
	defer func() { Servers = old }()
	var seen []abi.EventKind
	Servers.Request = func(kind abi.EventKind, _ uint32, _ uint64, _, _ []byte) { seen = append(seen, kind) }
	Servers.Target = Servers.Request
	Servers.Server = func(kind abi.EventKind, _, _ uint32, _ []byte) { seen = append(seen, kind) }
	for kind := abi.EventRequest; kind <= abi.EventTimer; kind++ {
		Dispatch(kind, 0, 1, nil, nil)
	}
	assert.Equal(t, []abi.EventKind{1, 2, 7, 8, 9, 15, 16, 17, 18}, seen)
}

func TestTicks(t *testing.T) {
	t.Cleanup(Replace(enginePort{}))
	var order []string
	say := func(s string) Task { return TaskFunc(func() { order = append(order, s) }) }
	r := &recorder{}
	Bind(1, r)
	NextTick(TaskFunc(func() { order = append(order, "a"); NextTick(say("c")) }))
	NextTick(say("b"))
	Dispatch(abi.EventData, 0, 1, nil, nil)
	assert.Equal(t, []string{"a", "b", "c"}, order)
	NextTick(TaskFunc(func() { panic("x") }))
	NextTick(say("dropped"))
	assert.Panics(t, RunTicks)
	forget() // as Run does when a panic goes through it
	RunTicks()
	assert.Len(t, order, 3)
}
