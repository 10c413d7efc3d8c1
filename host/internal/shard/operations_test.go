package shard

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
)

const (
	exchangeA = 1 << 32 // as the stack calls them: generation<<32 | index
	exchangeB = 1<<32 | 1
)

func TestOperationsReachTheStack(t *testing.T) {
	head := []byte("head of a message, aligned to 8.") // 32 bytes
	const at = 200000
	store := func() (c [][]byte) {
		for i := 0; i < len(head); i += 8 {
			c = append(c, do(handlerStore, uint64(at+i), le64(head[i:])))
		}
		return c
	}
	for _, test := range []struct {
		name    string
		command []byte
		want    record
	}{
		{"response_send", do(handlerSend, ownExchange, uint64(abi.SendHead|abi.SendEnd), at, 24, at+24, 8),
			record{What: uint32(abi.OpResponseSend), Flags: abi.SendHead | abi.SendEnd, Target: exchangeA, Head: string(head[:24]), Body: string(head[24:])}},
		{"response_send without head", do(handlerSend, ownExchange, 0, 0, 0, at, 32),
			record{What: uint32(abi.OpResponseSend), Target: exchangeA, Body: string(head)}},
		{"response_send of nothing", do(handlerSend, ownExchange, uint64(abi.SendEnd), 0, 0, 0, 0),
			record{What: uint32(abi.OpResponseSend), Flags: abi.SendEnd, Target: exchangeA}},
		{"response_send with trailers", do(handlerSend, ownExchange, uint64(abi.SendEnd|abi.SendTrailers), at, 8, 0, 0),
			record{What: uint32(abi.OpResponseSend), Flags: abi.SendEnd | abi.SendTrailers, Target: exchangeA, Head: string(head[:8])}},
		{"response_inform", do(handlerInform, ownExchange, at, 24),
			record{What: uint32(abi.OpResponseInform), Target: exchangeA, Head: string(head[:24])}},
		{"request_pause", do(handlerPause, ownExchange), record{What: uint32(abi.OpRequestPause), Target: exchangeA}},
		{"request_resume", do(handlerResume, ownExchange), record{What: uint32(abi.OpRequestResume), Target: exchangeA}},
		{"exchange_abort", do(handlerAbort, ownExchange), record{What: uint32(abi.OpExchangeAbort), Target: exchangeA}},
		{"server_listen", do(handlerListen, 7, at, 32),
			record{What: uint32(abi.OpServerListen), Target: 1<<32 | 7, Head: string(head)}},
		{"server_close", do(handlerClose, 7), record{What: uint32(abi.OpServerClose), Target: 1<<32 | 7}},
		{"server_listeners", do(handlerListeners, 7, 1), record{What: uint32(abi.OpServerListeners), Target: 1<<32 | 7, Flags: 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newWorld(t, handlerWasm).connect()
			p.set(stackResult, uint64(abi.StatusState))
			p.emit(abi.EventRequest, 0, exchangeA, append(store(), test.command, do(handlerSendLog))...)
			assert.Equal(t, test.want, p.record())
			assert.Equal(t, []uint32{1001, 0, 0, 1, uint32(abi.StatusState)}, p.handlerLog(), "the stack's status is the handler's")
		})
	}
}

func TestBadPointersEndTheHandler(t *testing.T) {
	const memory = 8 << 16
	ranges := []struct {
		name      string
		ptr, size uint64
	}{
		{"past the end", memory, 1},
		{"over the end", memory - 8, 16},
		{"size overflows", 0, 0xffffffff},
		{"sum overflows", 0xfffffff0, 0x20},
		{"far", 0xffffffff, 1},
		{"empty outside", memory + 1, 0},
	}
	for _, test := range []struct {
		name    string
		command func(ptr, size uint64) []byte
	}{
		{"response_send: head", func(p, n uint64) []byte { return do(handlerSend, ownExchange, uint64(abi.SendHead), p, n, 0, 0) }},
		{"response_send: body", func(p, n uint64) []byte { return do(handlerSend, ownExchange, uint64(abi.SendHead), 0, 0, p, n) }},
		{"response_inform: head", func(p, n uint64) []byte { return do(handlerInform, ownExchange, p, n) }},
		{"server_listen: request", func(p, n uint64) []byte { return do(handlerListen, 1, p, n) }},
		{"request_open: destination", func(p, n uint64) []byte { return do(handlerRequestOpen, p, n) }},
		{"request_send: head", func(p, n uint64) []byte { return do(handlerRequestSend, ownExchange, 0, p, n, 0, 0) }},
		{"request_send: body", func(p, n uint64) []byte { return do(handlerRequestSend, ownExchange, 0, 0, 0, p, n) }},
		{"socket_open: destination", func(p, n uint64) []byte { return do(handlerSocketOpen, p, n) }},
		{"socket_send: bytes", func(p, n uint64) []byte { return do(handlerSocketSend, ownExchange, 0, p, n) }},
		{"socket_info: text", func(p, n uint64) []byte { return do(handlerSocketInfo, ownExchange, p, n) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, handlerWasm)
			p := w.connect()
			for i, r := range ranges {
				w.forgive()
				exchange := uint64(i+1)<<32 | 5
				p.emit(abi.EventRequest, 0, exchange, test.command(r.ptr, r.size))
				assert.Equal(t, record{What: uint32(abi.OpExchangeFail), Target: exchange}, p.record(), r.name)
				assert.Contains(t, w.log.String(), fmt.Sprintf("%s: %d bytes at %d leave the memory of %d bytes", test.name, r.size, r.ptr, memory))
			}
			assert.Equal(t, len(ranges), strings.Count(w.log.String(), `msg="handler ended"`), "each is logged once")
			assert.Equal(t, len(ranges), strings.Count(w.log.String(), "handler=puppet function=on_event"))

			p.emit(abi.EventRequest, 0, exchangeB, do(handlerSendLog))
			assert.Equal(t, []uint32{1001, 0, 0, uint32(len(ranges) + 1)}, p.handlerLog(), "a fresh instance")
		})
	}
}

func TestRangesUpToTheEndAreFine(t *testing.T) {
	p := newWorld(t, handlerWasm).connect()
	p.emit(abi.EventRequest, 0, exchangeA, do(handlerSend, ownExchange, 0, 8<<16, 0, 8<<16-8, 8), do(handlerSendLog))
	assert.Equal(t, strings.Repeat("\x00", 8), p.record().Body)
	assert.Equal(t, []uint32{1001, 0, 0, 1, 0}, p.handlerLog())
}

func TestHandlesOfOthersAreClosed(t *testing.T) {
	p := newWorld(t, handlerWasm).connect()
	// The first slot's second generation: the first is stale.
	p.emit(abi.EventRequest, 0, exchangeA)
	p.emit(abi.EventClose, abi.EventDone, exchangeA)
	p.emit(abi.EventRequest, 0, exchangeB)

	handles := []uint64{0, 1 << 32, 3 << 32, 2<<32 | 1, 2<<32 | 0xffffffff, 0xfffffffe00000000}
	commands := [][]byte{do(handlerStore, 8, 0)} // empty the log
	want := []uint32{}
	for _, h := range handles {
		for _, code := range []uint32{handlerSend, handlerInform, handlerPause, handlerResume, handlerAbort, handlerPipe} {
			commands = append(commands, do(code, h))
			want = append(want, uint32(abi.StatusClosed))
		}
	}
	commands = append(commands, do(handlerSendLog))
	p.emit(abi.EventData, 0, exchangeB, commands...)
	assert.Equal(t, want, p.handlerLog(), "nothing of it reached the stack")
}

func TestUnknownFlagsAreInvalid(t *testing.T) {
	p := newWorld(t, handlerWasm).connect()
	p.emit(abi.EventRequest, 0, exchangeA,
		do(handlerSend, ownExchange, uint64(abi.SendMore)),
		do(handlerSend, ownExchange, uint64(abi.SendMore|abi.SendEnd), 0, 0, 0, 2*pieceSize),
		do(handlerSend, ownExchange, 1<<31),
		do(handlerSendLog))
	invalid := uint32(abi.StatusInvalid)
	assert.Equal(t, []uint32{1001, 0, 0, 1, invalid, invalid, invalid}, p.handlerLog(), "only the host may say more")
}

func TestLargeBodyGoesInPieces(t *testing.T) {
	const size = 2*pieceSize + 1000
	body := func(flags uint32, head uint64) []byte {
		return do(handlerSend, ownExchange, uint64(flags), 4096, head, 0, size)
	}
	type piece struct {
		flags      uint32
		head, body int
		rest       int64
	}
	for _, test := range []struct {
		name   string
		flags  uint32
		head   uint64
		result uint64
		want   []piece
		status abi.Status
	}{
		{"head, body and end", abi.SendHead | abi.SendEnd, 24, uint64(abi.StatusQueued), []piece{
			{abi.SendHead | abi.SendEnd | abi.SendMore, 24, pieceSize, pieceSize + 1000},
			{abi.SendEnd | abi.SendMore, 0, pieceSize, 1000},
			{abi.SendEnd, 0, 1000, 0},
		}, abi.StatusQueued},
		{"body only", 0, 0, 0, []piece{
			{abi.SendMore, 0, pieceSize, pieceSize + 1000},
			{abi.SendMore, 0, pieceSize, 1000},
			{0, 0, 1000, 0},
		}, abi.StatusOK},
		{"trailers", abi.SendEnd | abi.SendTrailers, 8, 0, []piece{
			{abi.SendEnd | abi.SendTrailers | abi.SendMore, 8, pieceSize, pieceSize + 1000},
			{abi.SendEnd | abi.SendTrailers | abi.SendMore, 8, pieceSize, 1000},
			{abi.SendEnd | abi.SendTrailers, 8, 1000, 0},
		}, abi.StatusOK},
		{"too much for the declared length", abi.SendHead | abi.SendEnd, 24, uint64(abi.StatusBodyLength), []piece{
			{abi.SendHead | abi.SendEnd | abi.SendMore, 24, pieceSize, pieceSize + 1000},
			{abi.SendEnd | abi.SendMore, 0, pieceSize, 1000},
			{abi.SendEnd, 0, 1000, 0},
		}, abi.StatusBodyLength},
		{"refused", abi.SendHead, 24, uint64(abi.StatusInvalid), []piece{
			{abi.SendHead | abi.SendMore, 24, pieceSize, pieceSize + 1000},
		}, abi.StatusInvalid},
		{"over", abi.SendHead, 24, uint64(abi.StatusLimit) | uint64(abi.ResultDone), []piece{
			{abi.SendHead | abi.SendMore, 24, pieceSize, pieceSize + 1000},
		}, abi.StatusLimit},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newWorld(t, handlerWasm).connect()
			p.emit(abi.EventRequest, 0, exchangeB) // to have an exchange to report on
			p.set(stackResult, test.result)
			p.emit(abi.EventRequest, 0, exchangeA, do(handlerStore, 8, 0), body(test.flags, test.head))
			for _, want := range test.want {
				r := p.record()
				assert.Equal(t, want, piece{r.Flags, len(r.Head), len(r.Body), r.Rest})
			}
			p.set(stackResult, 0)
			p.emit(abi.EventData, 0, exchangeB, do(handlerSendLog))
			assert.Equal(t, uint32(test.status), p.handlerLog()[0])
		})
	}
}

func TestDoneFreesTheExchange(t *testing.T) {
	p := newWorld(t, handlerWasm).connect()
	p.emit(abi.EventRequest, 0, exchangeB)
	p.set(stackResult, uint64(abi.ResultDone))
	p.emit(abi.EventRequest, 0, exchangeA, do(handlerStore, 8, 0),
		do(handlerSend, ownExchange), do(handlerSend, ownExchange), do(handlerPause, ownExchange))
	require.EqualValues(t, exchangeA, p.record().Target)
	p.set(stackResult, 0)
	p.emit(abi.EventData, 0, exchangeB, do(handlerSendLog))
	closed := uint32(abi.StatusClosed)
	assert.Equal(t, []uint32{0, closed, closed}, p.handlerLog()[:3])
}

func TestTurnFollowsTheEvents(t *testing.T) {
	p := newWorld(t, handlerWasm).connect()
	p.set(stackResult, uint64(abi.ResultTurn))
	request := do(handlerSend, ownExchange)
	p.poke(stackScratch, request)
	emit := func(exchange uint64) []byte {
		return command(stackEmit, 8, []uint64{uint64(abi.EventRequest), 0, exchange, 1, 0, 0, stackScratch, uint64(len(request))})
	}
	p.tell(emit(exchangeA), emit(exchangeB))
	p.reply()
	p.reply()
	assert.EqualValues(t, exchangeA, p.record().Target)
	assert.EqualValues(t, exchangeB, p.record().Target)
	assert.EqualValues(t, sawTurn, p.record().What, "once, after both")
	assert.Zero(t, p.ask(stackResume, 0)&0x100, "and nothing else")
}

func TestHugeHeadIsInvalid(t *testing.T) {
	h := &instance{shard: &Shard{}, version: &version{Handler: &Handler{Limits: testLimits}}}
	handle, err := h.shard.handles.open(exchangeA, h)
	require.NoError(t, err)
	assert.Equal(t, abi.StatusInvalid, h.ResponseSend(handle, abi.SendHead, make([]byte, maxHead+1), nil))
	assert.Equal(t, abi.StatusInvalid, h.ServerListen(1, make([]byte, maxHead+1)))
}
