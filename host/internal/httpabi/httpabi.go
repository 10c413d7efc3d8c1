// Package httpabi is the host's side of the operations of porthole_http_1: it decodes the calls of a handler
// guest, checks every pointer, and passes them on. It has no state and no logic.
package httpabi

import (
	"context"

	"github.com/tetratelabs/wazero/api"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/sandbox"
)

// Host is what a handler's imports act on: the owner of its instance. Byte slices are views of the
// handler's memory, valid until the method returns; the method may not run the handler.
type Host interface {
	ResponseSend(exchange uint64, flags uint32, head, body []byte) abi.Status
	ResponseInform(exchange uint64, head []byte) abi.Status
	RequestPause(exchange uint64) abi.Status
	RequestResume(exchange uint64) abi.Status
	ExchangeAbort(exchange uint64) abi.Status
	ExchangePipe(from, to uint64) abi.Status
	ServerListen(server uint32, request []byte) abi.Status
	ServerClose(server uint32) abi.Status
	ServerListeners(server, mask uint32) abi.Status
	RequestOpen(destination []byte) (exchange uint64, status abi.Status)
	RequestSend(exchange uint64, flags uint32, head, body []byte) abi.Status
	SocketOpen(destination []byte) (socket uint64, status abi.Status)
	SocketOf(exchange uint64) (socket uint64, status abi.Status)
	SocketSend(socket uint64, flags uint32, p []byte) abi.Status
	SocketSet(socket uint64, option abi.SocketOption, value int64) abi.Status
	// SocketInfo returns the size of the text, and writes it if it fits into to.
	SocketInfo(socket uint64, to []byte) (size int, status abi.Status)
	TimerSet(delay int64)
}

// Functions implements abi.HandlerImports.
var Functions = sandbox.Functions{
	"response_send":    responseSend,
	"response_inform":  responseInform,
	"request_pause":    requestPause,
	"request_resume":   requestResume,
	"exchange_abort":   exchangeAbort,
	"server_listen":    serverListen,
	"server_close":     serverClose,
	"server_listeners": serverListeners,
	"request_open":     requestOpen,
	"request_send":     requestSend,
	"socket_open":      socketOpen,
	"socket_of":        socketOf,
	"socket_send":      socketSend,
	"socket_set":       socketSet,
	"socket_info":      socketInfo,
	"timer_set":        timerSet,
	"exchange_pipe":    exchangePipe,
}

func host(ctx context.Context) Host { return sandbox.Owner[Host](ctx) }

// response_send(exchange, flags, head, head_size, body, body_size) -> status
func responseSend(ctx context.Context, m api.Module, s []uint64) {
	head := sandbox.Bytes(m, "response_send", "head", s[2], s[3])
	body := sandbox.Bytes(m, "response_send", "body", s[4], s[5])
	s[0] = uint64(host(ctx).ResponseSend(s[0], api.DecodeU32(s[1]), head, body))
}

// response_inform(exchange, head, head_size) -> status
func responseInform(ctx context.Context, m api.Module, s []uint64) {
	head := sandbox.Bytes(m, "response_inform", "head", s[1], s[2])
	s[0] = uint64(host(ctx).ResponseInform(s[0], head))
}

// request_pause(exchange) -> status
func requestPause(ctx context.Context, _ api.Module, s []uint64) {
	s[0] = uint64(host(ctx).RequestPause(s[0]))
}

// request_resume(exchange) -> status
func requestResume(ctx context.Context, _ api.Module, s []uint64) {
	s[0] = uint64(host(ctx).RequestResume(s[0]))
}

// exchange_abort(exchange) -> status
func exchangeAbort(ctx context.Context, _ api.Module, s []uint64) {
	s[0] = uint64(host(ctx).ExchangeAbort(s[0]))
}

// exchange_pipe(from, to) -> status
func exchangePipe(ctx context.Context, _ api.Module, s []uint64) {
	s[0] = uint64(host(ctx).ExchangePipe(s[0], s[1]))
}

// server_listen(server, request, request_size) -> status
func serverListen(ctx context.Context, m api.Module, s []uint64) {
	request := sandbox.Bytes(m, "server_listen", "request", s[1], s[2])
	s[0] = uint64(host(ctx).ServerListen(api.DecodeU32(s[0]), request))
}

// server_close(server) -> status
func serverClose(ctx context.Context, _ api.Module, s []uint64) {
	s[0] = uint64(host(ctx).ServerClose(api.DecodeU32(s[0])))
}

// server_listeners(server, mask) -> status
func serverListeners(ctx context.Context, _ api.Module, s []uint64) {
	s[0] = uint64(host(ctx).ServerListeners(api.DecodeU32(s[0]), api.DecodeU32(s[1])))
}
