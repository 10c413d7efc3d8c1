package sockabi_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero/api"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/abitest"
	"github.com/portholehttp/porthole/host/internal/sockabi"
)

// stack is an owner that notes the last call and answers it.
type stack struct {
	called  []any
	status  abi.Status
	value   uint64
	refusal error
}

func (s *stack) note(a ...any) abi.Status { s.called = a; return s.status }

func (s *stack) SocketListen(server uint64, request []byte) (uint64, abi.Status) {
	return s.value, s.note("socket_listen", server, request)
}
func (s *stack) SocketWrite(socket uint64, p []byte) (int, abi.Status) {
	return int(s.value), s.note("socket_write", socket, p)
}
func (s *stack) SocketShutdown(socket uint64) abi.Status { return s.note("socket_shutdown", socket) }
func (s *stack) SocketClose(handle uint64, reset bool) abi.Status {
	return s.note("socket_close", handle, reset)
}
func (s *stack) SocketPause(socket uint64) abi.Status  { return s.note("socket_pause", socket) }
func (s *stack) SocketResume(socket uint64) abi.Status { return s.note("socket_resume", socket) }
func (s *stack) SocketConnect(owner uint64, destination []byte) (uint64, abi.Status) {
	return s.value, s.note("socket_connect", owner, destination)
}
func (s *stack) SocketSetOption(socket uint64, option abi.SocketOption, value int64) abi.Status {
	return s.note("socket_set_option", socket, uint32(option), value)
}
func (s *stack) TimerSet(at int64) { s.note("timer_set", at) }
func (s *stack) ClockNow() int64   { s.note("clock_now"); return int64(s.value) }
func (s *stack) EventEmit(e sockabi.Event) error {
	s.note("event_emit", e.Kind, e.Flags, e.Target, e.Other, e.Head, e.Body)
	return s.refusal
}

func TestFunctionsAreThoseOfTheContract(t *testing.T) {
	abitest.SameNames(t, abi.StackImports, sockabi.Functions)
}

// span is two parameters that are a pointer and a size.
type span struct{ pointer, size int }

// decoded says for each function which parameters become which arguments, in order.
var decoded = map[string][]any{
	"socket_listen":     {0, span{1, 2}},
	"socket_write":      {0, span{1, 2}},
	"socket_shutdown":   {0},
	"socket_close":      {0, 1},
	"socket_pause":      {0},
	"socket_resume":     {0},
	"timer_set":         {0},
	"clock_now":         {},
	"event_emit":        {0, 1, 2, 3, span{4, 5}, span{6, 7}},
	"socket_connect":    {0, span{1, 2}},
	"socket_set_option": {0, 1, 2},
}

// check holds a call against what its parameters say: passed on as they are, or not at all.
func check(t testing.TB, m api.Module, f abi.Function, args []uint64) {
	t.Helper()
	s := &stack{value: 77}
	registers := abitest.Arguments(f, args)
	misuse := abitest.Call(t, sockabi.Functions[f.Name], s, m, registers)
	inside := true
	for _, p := range decoded[f.Name] {
		if sp, ok := p.(span); ok {
			inside = inside && uint64(uint32(args[sp.pointer]))+uint64(uint32(args[sp.size])) <= abitest.MemorySize
		}
	}
	if !inside {
		require.NotNil(t, misuse)
		assert.Equal(t, f.Name, misuse.Function)
		assert.Nil(t, s.called, "no effect before")
		return
	}
	require.Nil(t, misuse)
	require.Equal(t, f.Name, s.called[0])
	require.Len(t, s.called, 1+len(decoded[f.Name]))
	for i, p := range decoded[f.Name] {
		message := fmt.Sprintf("argument %d", i)
		switch got := s.called[1+i].(type) {
		case []byte:
			sp := p.(span)
			require.NoError(t, abitest.Check(m, uint32(args[sp.pointer]), uint32(args[sp.size]), got), message)
		case sockabi.Range:
			sp := p.(span)
			require.Equal(t, sockabi.Range{Offset: uint32(args[sp.pointer]), Size: uint32(args[sp.size])}, got, message)
		case uint64:
			require.Equal(t, args[p.(int)], got, message)
		case int64:
			require.Equal(t, int64(args[p.(int)]), got, message)
		case bool:
			require.Equal(t, uint32(args[p.(int)]) != 0, got, message)
		case uint32:
			require.Equal(t, uint32(args[p.(int)]), got, message)
		case abi.EventKind:
			require.EqualValues(t, uint32(args[p.(int)]), got, message)
		default:
			t.Fatalf("%s is a %T", message, got)
		}
	}
	switch {
	case len(f.Results) == 0:
	case f.Results[0] == abi.I64:
		assert.EqualValues(t, 77, registers[0])
	default:
		assert.Zero(t, registers[0], "OK")
	}
}

func TestArgumentsArePassedOn(t *testing.T) {
	m := abitest.Module(t)
	for _, f := range abi.StackImports {
		t.Run(f.Name, func(t *testing.T) {
			check(t, m, f, []uint64{1, 2, 3, 4, 5, 6, 7, 8})
			check(t, m, f, []uint64{1<<64 - 1, 0, 0, 1<<64 - 1, abitest.MemorySize, 0, 0, abitest.MemorySize})
			for i, t32 := range f.Params {
				if t32 == abi.I32 {
					args := make([]uint64, 8)
					args[i] = 1<<32 - 1
					check(t, m, f, args)
				}
			}
		})
	}
}

func TestStatusesAreNegative(t *testing.T) {
	m := abitest.Module(t)
	for _, f := range abi.StackImports {
		s := &stack{status: abi.StatusReset, value: 77}
		registers := abitest.Arguments(f, make([]uint64, 8))
		require.Nil(t, abitest.Call(t, sockabi.Functions[f.Name], s, m, registers))
		switch f.Name {
		case "socket_listen", "socket_write", "socket_connect":
			assert.Equal(t, -int64(abi.StatusReset), int64(registers[0]), f.Name)
		case "timer_set", "event_emit", "clock_now":
		default:
			assert.Equal(t, int32(abi.StatusReset), api.DecodeI32(registers[0]), f.Name)
		}
	}
}

func TestRefusedEventEndsTheStack(t *testing.T) {
	s := &stack{refusal: errors.New("too many")}
	misuse := abitest.Call(t, sockabi.Functions["event_emit"], s, abitest.Module(t), make([]uint64, 8))
	require.NotNil(t, misuse)
	assert.Equal(t, "event_emit: too many", misuse.Error())
}

func FuzzStackImports(f *testing.F) {
	m := abitest.Module(f)
	for i := range abi.StackImports {
		f.Add(uint8(i), uint64(1), uint64(0), uint64(1<<32), uint64(1<<32), uint64(0), uint64(40), uint64(40), uint64(100))
		f.Add(uint8(i), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0))
		f.Add(uint8(i), uint64(0), uint64(abitest.MemorySize-1), uint64(2), uint64(0), uint64(1), uint64(abitest.MemorySize), uint64(0), uint64(0))
	}
	f.Fuzz(func(t *testing.T, function uint8, a, b, c, d, e, g, h, i uint64) {
		check(t, m, abi.StackImports[int(function)%len(abi.StackImports)], []uint64{a, b, c, d, e, g, h, i})
	})
}
