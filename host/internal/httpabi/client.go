package httpabi

import (
	"context"

	"github.com/tetratelabs/wazero/api"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/sandbox"
)

// request_open(destination, destination_size) -> exchange or -status
func requestOpen(ctx context.Context, m api.Module, s []uint64) {
	destination := sandbox.Bytes(m, "request_open", "destination", s[0], s[1])
	s[0] = valueOr(host(ctx).RequestOpen(destination))
}

// request_send(exchange, flags, head, head_size, body, body_size) -> status
func requestSend(ctx context.Context, m api.Module, s []uint64) {
	head := sandbox.Bytes(m, "request_send", "head", s[2], s[3])
	body := sandbox.Bytes(m, "request_send", "body", s[4], s[5])
	s[0] = uint64(host(ctx).RequestSend(s[0], api.DecodeU32(s[1]), head, body))
}

// socket_open(destination, destination_size) -> socket or -status
func socketOpen(ctx context.Context, m api.Module, s []uint64) {
	destination := sandbox.Bytes(m, "socket_open", "destination", s[0], s[1])
	s[0] = valueOr(host(ctx).SocketOpen(destination))
}

// socket_of(exchange) -> socket or -status
func socketOf(ctx context.Context, _ api.Module, s []uint64) {
	s[0] = valueOr(host(ctx).SocketOf(s[0]))
}

// socket_send(socket, flags, bytes, size) -> status
func socketSend(ctx context.Context, m api.Module, s []uint64) {
	p := sandbox.Bytes(m, "socket_send", "bytes", s[2], s[3])
	s[0] = uint64(host(ctx).SocketSend(s[0], api.DecodeU32(s[1]), p))
}

// socket_set(socket, option, value) -> status
func socketSet(ctx context.Context, _ api.Module, s []uint64) {
	s[0] = uint64(host(ctx).SocketSet(s[0], abi.SocketOption(api.DecodeU32(s[1])), int64(s[2])))
}

// socket_info(socket, text, size) -> size of the text or -status
func socketInfo(ctx context.Context, m api.Module, s []uint64) {
	to := sandbox.Bytes(m, "socket_info", "text", s[1], s[2])
	size, status := host(ctx).SocketInfo(s[0], to)
	s[0] = valueOr(uint64(size), status)
}

// timer_set(delay)
func timerSet(ctx context.Context, _ api.Module, s []uint64) {
	host(ctx).TimerSet(int64(s[0]))
}

// valueOr returns a value that is not negative, or -status unless that is OK.
func valueOr(value uint64, status abi.Status) uint64 {
	if status != abi.StatusOK {
		return uint64(-int64(status))
	}
	return value
}
