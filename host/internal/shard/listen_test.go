package shard

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/portholehttp/porthole/abi"
)

func listenRequest(kind, port uint16, host string) []byte {
	r := abi.ListenRequest{Options: abi.DefaultOptions, Port: port, Kind: kind, HostSize: uint32(len(host))}
	return append(abi.Append(nil, &r), host...)
}

func TestReadListen(t *testing.T) {
	for _, test := range []struct {
		name    string
		request []byte
		want    string // "": refused
	}{
		{"all", listenRequest(abi.ListenTCP, 80, ""), ":80"},
		{"IPv4", listenRequest(abi.ListenTCP, 8080, "127.0.0.1"), "127.0.0.1:8080"},
		{"IPv6", listenRequest(abi.ListenTCP, 8080, "::1"), "[::1]:8080"},
		{"Unix", listenRequest(abi.ListenUnix, 0, "/run/a"), "unix:/run/a"},
		{"longest", listenRequest(abi.ListenUnix, 0, strings.Repeat("a", maxHost)), "unix:" + strings.Repeat("a", maxHost)},
		{"too long", listenRequest(abi.ListenUnix, 0, strings.Repeat("a", maxHost+1)), ""},
		{"descriptor", withNumber(listenRequest(abi.ListenFD, 80, "a"), 3), "fd:3"},
		{"Unix without a path", listenRequest(abi.ListenUnix, 0, ""), ""},
		{"another server's", listenRequest(abi.ListenServer, 0, ""), ""},
		{"unknown kind", listenRequest(4, 0, "a"), ""},
		{"empty", nil, ""},
		{"cut", listenRequest(abi.ListenTCP, 80, "")[:abi.ListenRequestSize-1], ""},
		{"more than it says", append(listenRequest(abi.ListenTCP, 80, "a"), 'b'), ""},
		{"less than it says", listenRequest(abi.ListenTCP, 80, "ab")[:abi.ListenRequestSize+1], ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, ok := readListen(7, test.request)
			assert.Equal(t, test.want != "", ok)
			if ok {
				assert.Equal(t, test.want, got.Address())
				assert.EqualValues(t, 7, got.Server)
				assert.Equal(t, defaultBacklog, got.Backlog)
			}
		})
	}
}

// withNumber sets ListenRequest.Number.
func withNumber(request []byte, n uint32) []byte {
	binary.LittleEndian.PutUint32(request[92:], n)
	return request
}

// storing returns commands that write b into the handler's memory.
func storing(address int, b []byte) (commands [][]byte) {
	b = append(b, make([]byte, 7)...)
	for ; len(b) >= 8; b = b[8:] {
		commands = append(commands, do(handlerStore, uint64(address), le64(b)))
		address += 8
	}
	return commands
}

const at = 200000 // in the handler's memory

func TestListeningIsDenied(t *testing.T) {
	p := newWorld(t, handlerWasm).connect()
	request := listenRequest(abi.ListenTCP, 8000, "localhost")
	p.emit(abi.EventRequest, 0, exchangeA, append(storing(at, request), do(handlerListen, 7, at, uint64(len(request))))...)
	r := p.record()
	assert.Equal(t, record{What: uint32(abi.OpServerListen), Target: 1<<32 | 7, Head: string(request)}, r)
	assert.Equal(t, -int64(abi.StatusDenied), int64(p.memory(stackListened, 1)[0]), "the stack is told so")

	p.emit(abi.EventData, 0, exchangeA, do(handlerSendLog))
	assert.Equal(t, []uint32{
		1001, 0, 0, 1, 0,
		1008, abi.StatusFlags(abi.StatusDenied), 7, 0,
		1003, 0, 0, 1,
	}, p.handlerLog())

	const text = `listening on "localhost:8000" needs the grant "listen"`
	p.emit(abi.EventData, 0, exchangeA, do(handlerSend, ownExchange, 0, 0, 0, handlerText, uint64(len(text))))
	assert.Equal(t, text, p.record().Body)
}

func TestRefusalsThatWaitAreBounded(t *testing.T) {
	p := newWorld(t, handlerWasm).connect()
	request := listenRequest(abi.ListenTCP, 8000, "")
	script := storing(at, request)
	for range maxAsked + 2 {
		script = append(script, do(handlerListen, 7, at, uint64(len(request))))
	}
	p.emit(abi.EventRequest, 0, exchangeA, script...)
	for range maxAsked {
		assert.EqualValues(t, abi.OpServerListen, p.record().What)
	}
	p.emit(abi.EventData, 0, exchangeA, do(handlerListen, 7, at, uint64(len(request))), do(handlerSendLog))
	assert.EqualValues(t, abi.OpServerListen, p.record().What, "once they are delivered, there may be more")
	log := p.handlerLog()
	limit := uint32(abi.StatusLimit)
	assert.Equal(t, []uint32{0, limit, limit, 1008, abi.StatusFlags(abi.StatusDenied), 7, 0}, log[4+maxAsked-1:][:7])
	assert.Equal(t, []uint32{1003, 0, 0, 1, 0}, log[len(log)-5:])
	assert.Len(t, log, 4+maxAsked+2+4*maxAsked+5)
}

func TestRefusalsOfADeadHandlerAreDropped(t *testing.T) {
	p := newWorld(t, handlerWasm).connect()
	request := listenRequest(abi.ListenTCP, 8000, "")
	p.emit(abi.EventRequest, 0, exchangeA, append(storing(at, request),
		do(handlerListen, 7, at, uint64(len(request))), do(handlerTrap))...)
	assert.EqualValues(t, abi.OpServerListen, p.record().What)
	assert.EqualValues(t, abi.OpExchangeFail, p.record().What)
	p.emit(abi.EventRequest, 0, exchangeB, do(handlerSendLog))
	assert.Equal(t, []uint32{1001, 0, 0, 2}, p.handlerLog())
}

func TestHandlerMayTrapAtARefusal(t *testing.T) {
	p := newWorld(t, handlerWasm).connect()
	request := listenRequest(abi.ListenTCP, 8000, "")
	for i, script := range [][]byte{do(handlerStore, handlerTrapIn, 2), do(handlerStore, handlerInboxOffset, 8<<16)} {
		exchange := uint64(i+1) << 32
		p.emit(abi.EventRequest, 0, exchange, append(storing(at, request),
			script, do(handlerListen, 7, at, uint64(len(request))))...)
		assert.EqualValues(t, abi.OpServerListen, p.record().What)
		assert.Equal(t, record{What: uint32(abi.OpExchangeFail), Target: exchange}, p.record())
	}
}

// A stack that listens without being asked, or for a handler that did not ask, is refused.
func TestStackDoesNotListenByItself(t *testing.T) {
	p := newWorld(t, handlerWasm).connect()
	request := listenRequest(abi.ListenTCP, 8000, "")
	p.poke(stackScratch, request)
	assert.Equal(t, -int64(abi.StatusInvalid), p.ask(stackListen, 1<<32|7, stackScratch, uint64(len(request))))
}
