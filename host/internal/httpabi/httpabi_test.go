package httpabi_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero/api"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/abitest"
	"github.com/portholehttp/porthole/host/internal/httpabi"
)

// handler is an owner that notes the last call.
type handler struct {
	called []any
	status abi.Status
}

func (h *handler) note(a ...any) abi.Status { h.called = a; return h.status }

func (h *handler) ResponseSend(exchange uint64, flags uint32, head, body []byte) abi.Status {
	return h.note("response_send", exchange, flags, head, body)
}
func (h *handler) ResponseInform(exchange uint64, head []byte) abi.Status {
	return h.note("response_inform", exchange, head)
}
func (h *handler) RequestPause(exchange uint64) abi.Status { return h.note("request_pause", exchange) }
func (h *handler) RequestResume(exchange uint64) abi.Status {
	return h.note("request_resume", exchange)
}
func (h *handler) ExchangeAbort(exchange uint64) abi.Status {
	return h.note("exchange_abort", exchange)
}
func (h *handler) ExchangePipe(from, to uint64) abi.Status { return h.note("exchange_pipe", from, to) }
func (h *handler) ServerListen(server uint32, request []byte) abi.Status {
	return h.note("server_listen", server, request)
}
func (h *handler) ServerClose(server uint32) abi.Status { return h.note("server_close", server) }
func (h *handler) ServerListeners(server, mask uint32) abi.Status {
	return h.note("server_listeners", server, mask)
}

func (h *handler) RequestOpen(destination []byte) (uint64, abi.Status) {
	return 77, h.note("request_open", destination)
}
func (h *handler) RequestSend(exchange uint64, flags uint32, head, body []byte) abi.Status {
	return h.note("request_send", exchange, flags, head, body)
}
func (h *handler) SocketOpen(destination []byte) (uint64, abi.Status) {
	return 77, h.note("socket_open", destination)
}
func (h *handler) SocketOf(exchange uint64) (uint64, abi.Status) {
	return 77, h.note("socket_of", exchange)
}
func (h *handler) SocketSend(socket uint64, flags uint32, p []byte) abi.Status {
	return h.note("socket_send", socket, flags, p)
}
func (h *handler) SocketSet(socket uint64, option abi.SocketOption, value int64) abi.Status {
	return h.note("socket_set", socket, uint32(option), value)
}
func (h *handler) SocketInfo(socket uint64, to []byte) (int, abi.Status) {
	return 77, h.note("socket_info", socket, to)
}
func (h *handler) TimerSet(delay int64) { h.note("timer_set", delay) }

func TestFunctionsAreThoseOfTheContract(t *testing.T) {
	abitest.SameNames(t, abi.HandlerImports, httpabi.Functions)
}

// span is two parameters that are a pointer and a size; plain parameters are numbers.
type span struct{ pointer, size int }

// decoded says for each function which parameters become which arguments, in order.
var decoded = map[string][]any{
	"response_send":    {0, 1, span{2, 3}, span{4, 5}},
	"response_inform":  {0, span{1, 2}},
	"request_pause":    {0},
	"request_resume":   {0},
	"exchange_abort":   {0},
	"server_listen":    {0, span{1, 2}},
	"server_close":     {0},
	"server_listeners": {0, 1},
	"request_open":     {span{0, 1}},
	"request_send":     {0, 1, span{2, 3}, span{4, 5}},
	"socket_open":      {span{0, 1}},
	"socket_of":        {0},
	"socket_send":      {0, 1, span{2, 3}},
	"socket_set":       {0, 1, 2},
	"socket_info":      {0, span{1, 2}},
	"timer_set":        {0},
	"exchange_pipe":    {0, 1},
}

// check holds a call against what its parameters say: passed on as they are, or not at all.
func check(t testing.TB, m api.Module, f abi.Function, args []uint64, status abi.Status) {
	t.Helper()
	h := &handler{status: status}
	stack := abitest.Arguments(f, args)
	misuse := abitest.Call(t, httpabi.Functions[f.Name], h, m, stack)
	inside := true
	for _, p := range decoded[f.Name] {
		if s, ok := p.(span); ok {
			inside = inside && uint64(uint32(args[s.pointer]))+uint64(uint32(args[s.size])) <= abitest.MemorySize
		}
	}
	if !inside {
		require.NotNil(t, misuse)
		assert.Equal(t, f.Name, misuse.Function)
		assert.Nil(t, h.called, "no effect before")
		return
	}
	require.Nil(t, misuse)
	require.Equal(t, f.Name, h.called[0])
	require.Len(t, h.called, 1+len(decoded[f.Name]))
	for i, p := range decoded[f.Name] {
		switch got := h.called[1+i].(type) {
		case []byte:
			s := p.(span)
			require.NoError(t, abitest.Check(m, uint32(args[s.pointer]), uint32(args[s.size]), got))
		default:
			want := args[p.(int)]
			if f.Params[p.(int)] == abi.I32 {
				want = uint64(uint32(want))
			}
			require.EqualValues(t, want, got, fmt.Sprintf("argument %d", i))
		}
	}
	switch hasValue := f.Results != nil && f.Results[0] == abi.I64 || f.Name == "socket_info"; {
	case f.Results == nil:
	case hasValue && status == abi.StatusOK:
		assert.EqualValues(t, 77, stack[0])
	case hasValue:
		assert.EqualValues(t, -status, api.DecodeI32(stack[0]))
	default:
		assert.EqualValues(t, status, api.DecodeI32(stack[0]))
	}
}

func TestArgumentsArePassedOn(t *testing.T) {
	m := abitest.Module(t)
	for _, f := range abi.HandlerImports {
		t.Run(f.Name, func(t *testing.T) {
			check(t, m, f, []uint64{1, 2, 3, 4, 5, 6}, abi.StatusOK)
			check(t, m, f, []uint64{1, 2, 3, 4, 5, 6}, abi.StatusState)
			check(t, m, f, []uint64{1<<64 - 1, 1<<32 - 1, 0, 0, abitest.MemorySize, 0}, abi.StatusOK)
			for i, t32 := range f.Params {
				if t32 == abi.I32 {
					args := make([]uint64, 6)
					args[i] = 1<<32 - 1
					check(t, m, f, args, abi.StatusOK)
				}
			}
		})
	}
}

func FuzzHandlerImports(f *testing.F) {
	m := abitest.Module(f)
	for i := range abi.HandlerImports {
		f.Add(uint8(i), uint64(1<<32), uint64(3), uint64(0), uint64(24), uint64(24), uint64(100))
		f.Add(uint8(i), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0))
		f.Add(uint8(i), uint64(0), uint64(abitest.MemorySize-1), uint64(2), uint64(abitest.MemorySize), uint64(1), uint64(0))
	}
	f.Fuzz(func(t *testing.T, function uint8, a, b, c, d, e, g uint64) {
		check(t, m, abi.HandlerImports[int(function)%len(abi.HandlerImports)], []uint64{a, b, c, d, e, g}, abi.StatusState)
	})
}
