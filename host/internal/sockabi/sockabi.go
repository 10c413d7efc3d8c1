// Package sockabi is the host's side of porthole_sock_1, and of event_emit: it decodes the calls of a stack
// guest, checks every pointer, and passes them on. It has no state and no logic.
package sockabi

import (
	"context"

	"github.com/tetratelabs/wazero/api"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/sandbox"
)

// Host is what a stack's imports act on: the owner of its instance. Byte slices are views of the stack's
// memory, valid until the method returns.
type Host interface {
	SocketListen(server uint64, request []byte) (listener uint64, status abi.Status)
	SocketWrite(socket uint64, p []byte) (n int, status abi.Status)
	SocketShutdown(socket uint64) abi.Status
	SocketClose(handle uint64, reset bool) abi.Status
	SocketPause(socket uint64) abi.Status
	SocketResume(socket uint64) abi.Status
	SocketConnect(owner uint64, destination []byte) (socket uint64, status abi.Status)
	SocketSetOption(socket uint64, option abi.SocketOption, value int64) abi.Status
	TimerSet(at int64)
	ClockNow() int64
	// EventEmit queues an event. An error ends the stack.
	EventEmit(Event) error
}

// Event is an event on its way to a handler. Head and Body lie in the stack's memory and stay there as
// they are until the stack is called for anything but an operation.
type Event struct {
	Kind       abi.EventKind
	Flags      uint32
	Target     uint64 // an exchange, a socket or a server
	Other      uint64 // a listener, or the socket of abi.EventSocket
	Head, Body Range
}

// Range is a piece of the stack's memory. It was checked: memory does not shrink.
type Range struct{ Offset, Size uint32 }

// Functions implements abi.StackImports.
var Functions = sandbox.Functions{
	"socket_listen":     socketListen,
	"socket_write":      socketWrite,
	"socket_shutdown":   socketShutdown,
	"socket_close":      socketClose,
	"socket_pause":      socketPause,
	"socket_resume":     socketResume,
	"timer_set":         timerSet,
	"clock_now":         clockNow,
	"event_emit":        eventEmit,
	"socket_connect":    socketConnect,
	"socket_set_option": socketSetOption,
}

func host(ctx context.Context) Host { return sandbox.Owner[Host](ctx) }

// socket_listen(server, request, request_size) -> listener or -status
func socketListen(ctx context.Context, m api.Module, s []uint64) {
	request := sandbox.Bytes(m, "socket_listen", "request", s[1], s[2])
	s[0] = valueOr(host(ctx).SocketListen(s[0], request))
}

// valueOr returns a value that is not negative, or -status unless that is OK.
func valueOr(value uint64, status abi.Status) uint64 {
	if status != abi.StatusOK {
		return uint64(-int64(status))
	}
	return value
}

// socket_connect(owner, destination, destination_size) -> socket or -status
func socketConnect(ctx context.Context, m api.Module, s []uint64) {
	destination := sandbox.Bytes(m, "socket_connect", "destination", s[1], s[2])
	s[0] = valueOr(host(ctx).SocketConnect(s[0], destination))
}

// socket_set_option(socket, option, value) -> status
func socketSetOption(ctx context.Context, _ api.Module, s []uint64) {
	s[0] = uint64(host(ctx).SocketSetOption(s[0], abi.SocketOption(api.DecodeU32(s[1])), int64(s[2])))
}

// socket_write(socket, bytes, size) -> bytes written or -status
func socketWrite(ctx context.Context, m api.Module, s []uint64) {
	p := sandbox.Bytes(m, "socket_write", "bytes", s[1], s[2])
	n, status := host(ctx).SocketWrite(s[0], p)
	s[0] = valueOr(uint64(n), status)
}

// socket_shutdown(socket) -> status
func socketShutdown(ctx context.Context, _ api.Module, s []uint64) {
	s[0] = uint64(host(ctx).SocketShutdown(s[0]))
}

// socket_close(handle, reset) -> status
func socketClose(ctx context.Context, _ api.Module, s []uint64) {
	s[0] = uint64(host(ctx).SocketClose(s[0], api.DecodeU32(s[1]) != 0))
}

// socket_pause(socket) -> status
func socketPause(ctx context.Context, _ api.Module, s []uint64) {
	s[0] = uint64(host(ctx).SocketPause(s[0]))
}

// socket_resume(socket) -> status
func socketResume(ctx context.Context, _ api.Module, s []uint64) {
	s[0] = uint64(host(ctx).SocketResume(s[0]))
}

// timer_set(time)
func timerSet(ctx context.Context, _ api.Module, s []uint64) {
	host(ctx).TimerSet(int64(s[0]))
}

// clock_now() -> nanoseconds since 1970
func clockNow(ctx context.Context, _ api.Module, s []uint64) {
	s[0] = uint64(host(ctx).ClockNow())
}

// event_emit(kind, flags, target, other, head, head_size, body, body_size)
func eventEmit(ctx context.Context, m api.Module, s []uint64) {
	e := Event{
		Kind:   abi.EventKind(api.DecodeU32(s[0])),
		Flags:  api.DecodeU32(s[1]),
		Target: s[2],
		Other:  s[3],
		Head:   rangeOf(m, "head", s[4], s[5]),
		Body:   rangeOf(m, "body", s[6], s[7]),
	}
	if err := host(ctx).EventEmit(e); err != nil {
		panic(&sandbox.Misuse{Function: "event_emit", Reason: err.Error()})
	}
}

func rangeOf(m api.Module, parameter string, p, size uint64) Range {
	sandbox.Bytes(m, "event_emit", parameter, p, size)
	return Range{api.DecodeU32(p), api.DecodeU32(size)}
}
