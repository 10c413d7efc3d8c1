//go:build !wasip1 || standalone

package port

import (
	"time"

	"github.com/portholehttp/porthole/abi"
)

// enginePort is the engine of the loop that runs, or will run next.
type enginePort struct{}

func (enginePort) ResponseSend(exchange uint64, flags uint32, head, body []byte) abi.Status {
	return currentLoop().send(abi.OpResponseSend, exchange, flags, head, body)
}

func (enginePort) ResponseInform(exchange uint64, head []byte) abi.Status {
	return currentLoop().operate(abi.OpResponseInform, exchange, 0, head, nil, 0)
}

func (enginePort) RequestPause(handle uint64) {
	currentLoop().operate(abi.OpRequestPause, handle, 0, nil, nil, 0)
}

func (enginePort) RequestResume(handle uint64) {
	currentLoop().operate(abi.OpRequestResume, handle, 0, nil, nil, 0)
}

func (enginePort) Abort(handle uint64) {
	currentLoop().operate(abi.OpExchangeAbort, handle, 0, nil, nil, 0)
}

func (enginePort) Pipe(from, to uint64) abi.Status {
	record := abi.Append(nil, &abi.Pipe{To: to, Most: -1})
	return currentLoop().operate(abi.OpPipe, from, 0, record, nil, 0)
}

func (enginePort) ServerListen(server uint32, request []byte) abi.Status {
	return currentLoop().operate(abi.OpServerListen, uint64(server), 0, request, nil, 0)
}

func (enginePort) ServerClose(server uint32) {
	currentLoop().operate(abi.OpServerClose, uint64(server), 0, nil, nil, 0)
}

func (enginePort) ServerListeners(server, mask uint32) {
	currentLoop().operate(abi.OpServerListeners, uint64(server), mask, nil, nil, 0)
}

func (enginePort) RequestOpen(destination []byte) (uint64, abi.Status) {
	return currentLoop().handle(abi.OpRequestOpen, 0, destination)
}

func (enginePort) RequestSend(handle uint64, flags uint32, head, body []byte) abi.Status {
	return currentLoop().send(abi.OpRequestSend, handle, flags, head, body)
}

func (enginePort) SocketOpen(destination []byte) (uint64, abi.Status) {
	return currentLoop().handle(abi.OpSocketOpen, 0, destination)
}

func (enginePort) SocketOf(exchange uint64) (uint64, abi.Status) {
	return currentLoop().handle(abi.OpSocketOf, exchange, nil)
}

func (enginePort) SocketSend(socket uint64, flags uint32, body []byte) abi.Status {
	return currentLoop().send(abi.OpSocketSend, socket, flags, nil, body)
}

func (enginePort) SocketSet(socket uint64, option abi.SocketOption, value int64) abi.Status {
	return currentLoop().operate(abi.OpSocketSet, socket, uint32(option), nil, nil, value)
}

func (enginePort) SocketInfo(socket uint64) string { return currentLoop().info(socket) }

func (enginePort) SetTimer(delay time.Duration) { currentLoop().setTimer(delay) }
