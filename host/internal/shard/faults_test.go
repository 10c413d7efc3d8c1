package shard

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/sandbox"
)

func TestHandlerFaults(t *testing.T) {
	for _, test := range []struct {
		name    string
		prepare [][]byte // in an event before
		command []byte
		log     string
	}{
		{"trap", nil, do(handlerTrap), "function=on_event reason=unreachable trace="},
		{"exit", nil, do(handlerExit, 0), `function=on_event reason="the guest exited with code 0"`},
		{"exit with a code", nil, do(handlerExit, 7), `function=on_event reason="the guest exited with code 7"`},
		{"stack overflow", nil, do(handlerRecurse), `function=on_event reason="the calls are nested deeper than they may be"`},
		{"store outside", nil, do(handlerStore, 8<<16), `function=on_event reason="out of bounds memory access"`},
		{"trap in on_inbox", [][]byte{do(handlerStore, handlerTrapIn, 1)}, do(handlerPause, ownExchange), "function=on_inbox reason=unreachable"},
		{"inbox past the end", [][]byte{do(handlerStore, handlerInboxOffset, 8<<16-handlerInbox)}, do(handlerPause, ownExchange),
			`function=on_inbox reason="on_inbox: result: 56 bytes at 524288 leave the memory of 524288 bytes"`},
		{"inbox over the end", [][]byte{do(handlerStore, handlerInboxOffset, 8<<16-handlerInbox-8)}, do(handlerPause, ownExchange),
			`function=on_inbox reason="on_inbox: result: 56 bytes at 524280 leave the memory of 524288 bytes"`},
		{"inbox far outside", [][]byte{do(handlerStore, handlerInboxOffset, 0xfffffff0-handlerInbox)}, do(handlerPause, ownExchange),
			`function=on_inbox reason="on_inbox: result: 56 bytes at 4294967280 leave the memory of 524288 bytes"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, handlerWasm)
			p := w.connect()
			p.emit(abi.EventRequest, 0, exchangeA, test.prepare...)
			p.emit(abi.EventRequest, 0, exchangeB, test.command)
			failed := []record{p.record(), p.record()}
			assert.ElementsMatch(t, []record{
				{What: uint32(abi.OpExchangeFail), Target: exchangeA},
				{What: uint32(abi.OpExchangeFail), Target: exchangeB},
			}, failed, "all its exchanges")
			assert.Contains(t, w.log.String(), `level=ERROR msg="handler ended" handler=puppet `+test.log)

			// The stack may not know yet: what it still says of them goes nowhere.
			p.emit(abi.EventData, 0, exchangeA)
			p.emit(abi.EventClose, abi.EventDone, exchangeB)

			p.emit(abi.EventRequest, 0, 2<<32, do(handlerSendLog))
			assert.Equal(t, []uint32{1001, 0, 1, 2}, p.handlerLog(), "a fresh instance, and a handle that the dead one never had")
			assert.Equal(t, 1, strings.Count(w.log.String(), `msg="handler ended"`))
		})
	}
}

func TestEventWithoutInboxCanTrapToo(t *testing.T) {
	w := newWorld(t, handlerWasm)
	p := w.connect()
	p.emit(abi.EventRequest, 0, exchangeA, do(handlerStore, handlerTrapIn, 2))
	p.emit(abi.EventDrain, 0, exchangeA)
	assert.Equal(t, record{What: uint32(abi.OpExchangeFail), Target: exchangeA}, p.record())
	assert.Contains(t, w.log.String(), "function=on_event reason=unreachable")
}

func TestQueuedEventsOfADeadHandlerAreDropped(t *testing.T) {
	p := newWorld(t, handlerWasm).connect()
	trap, report := do(handlerTrap), do(handlerSendLog)
	p.poke(stackScratch, trap)
	p.poke(stackScratch+512, report)
	p.tell(
		emission(abi.EventRequest, 0, exchangeA, 0, 0, stackScratch, uint64(len(trap))),
		emission(abi.EventData, 0, exchangeA, 0, 0, stackScratch, uint64(len(trap))),
		emission(abi.EventRequest, 0, exchangeB, 0, 0, 0, 0),
		emission(abi.EventData, 0, exchangeB, 0, 0, stackScratch+512, uint64(len(report))),
	)
	for range 4 {
		p.reply()
	}
	assert.Equal(t, record{What: uint32(abi.OpExchangeFail), Target: exchangeA}, p.record())
	assert.Equal(t, record{What: uint32(abi.OpRequestPause), Target: exchangeB}, p.record(), "until there is an instance")
	assert.Equal(t, []uint32{1001, 0, 0, 2, 1003, 0, 0, 2}, p.handlerLog(), "the fresh one got what was its own")
	assert.Equal(t, record{What: uint32(abi.OpRequestResume), Target: exchangeB}, p.record())
}

func TestStartReportsAHandlerThatDoesNotStart(t *testing.T) {
	_, err := start(t, failingWasm)
	var fault *sandbox.Fault
	require.ErrorAs(t, err, &fault)
	assert.Equal(t, "puppet", fault.Guest)
	assert.Equal(t, "on_start", fault.Function)
}

func TestStartReportsAStackThatDoesNotStart(t *testing.T) {
	_, err := start(t, handlerWasm, func(c *setup) { c.Stack, _ = modules(t, failingWasm, handlerWasm) })
	var fault *sandbox.Fault
	require.ErrorAs(t, err, &fault)
	assert.Equal(t, "stack", fault.Guest)
	assert.Equal(t, "on_receive_buffer", fault.Function)
}

func TestWhatGuestsPrintIsLogged(t *testing.T) {
	w := newWorld(t, handlerWasm)
	p := w.connect()
	text := "a line\nanother, unended"
	var script [][]byte
	for i := 0; i < len(text); i += 8 {
		script = append(script, do(handlerStore, uint64(200000+i), le64([]byte((text + "\x00")[i:])[:8])))
	}
	p.emit(abi.EventRequest, 0, exchangeA, append(script,
		do(handlerPrint, 1, 200000, uint64(len(text))), do(handlerPrint, 2, 200000, 7), do(handlerTrap))...)
	p.record()
	assert.Contains(t, w.log.String(), `level=INFO msg=output guest=puppet stream=stdout line="a line"`)
	assert.Contains(t, w.log.String(), `level=WARN msg=output guest=puppet stream=stderr line="a line"`)
	assert.Contains(t, w.log.String(), `level=INFO msg=output guest=puppet stream=stdout line="another, unended"`)
}
