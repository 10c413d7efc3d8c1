package shard

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/internal/netloop"
)

// exchangeOnce returns a function that has the stack raise a request and the handler answer it, for the loop's
// goroutine: all crossings of one exchange and nothing of HTTP.
func exchangeOnce(w *world) func() {
	script := append(do(handlerSend, ownExchange, uint64(abi.SendHead|abi.SendEnd), 0, 24, 0, 12), do(handlerStore, 8, 0)...)
	memory, _ := w.stack.instance.View(0, stackScratch+uint32(len(script)))
	copy(memory[stackScratch:], script)
	memory[stackResult+1] = byte(abi.ResultDone >> 8)
	request := emission(abi.EventRequest, abi.EventEnd, exchangeA, 0, 40, stackScratch, uint64(len(script)))
	const socket = netloop.Handle(1) // what the stack replies goes nowhere
	return func() {
		w.Data(socket, w.readBuffer()[:copy(w.readBuffer(), request)], 1)
	}
}

// onLoop runs f on the goroutine of the loop.
func (w *world) onLoop(f func()) {
	done := make(chan struct{})
	require.True(w.t, w.loop.Post(func() { defer close(done); f() }))
	<-done
}

func TestExchangeDoesNotAllocate(t *testing.T) {
	w := newWorld(t, handlerWasm)
	w.onLoop(func() {
		assert.Zero(t, testing.AllocsPerRun(100, exchangeOnce(w)))
		assert.NotEmpty(t, w.handles.slots)
		assert.Len(t, w.handles.free, len(w.handles.slots), "each was done")
	})
	assert.Empty(t, w.log.String())
}

// BenchmarkExchange is the price of the host's part of one exchange: one entry of the stack, one event, one
// operation, with guests that do next to nothing.
func BenchmarkExchange(b *testing.B) {
	w := newWorld(b, handlerWasm)
	w.onLoop(func() {
		once := exchangeOnce(w)
		b.ReportAllocs()
		for b.Loop() {
			once()
		}
	})
	require.Empty(b, w.log.String())
}
