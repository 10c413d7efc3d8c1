//go:build wasip1

// Command stack is the stack guest: guest/stack between the imports and exports of the socket ABI.
// It is built as a reactor (-buildmode=c-shared); main is never called.
package main

import (
	"unsafe"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/stack"
)

func main() {}

var (
	engine  = stack.New(&sockets{})
	receive []byte
	inbox   []byte
)

//go:wasmexport on_receive_buffer
func onReceiveBuffer(size uint32) unsafe.Pointer {
	receive = make([]byte, size)
	return unsafe.Pointer(unsafe.SliceData(receive))
}

//go:wasmexport on_inbox
func onInbox(size uint32) unsafe.Pointer {
	if uint32(len(inbox)) < size {
		inbox = make([]byte, size)
	}
	return unsafe.Pointer(unsafe.SliceData(inbox))
}

//go:wasmexport on_listener_open
func onListenerOpen(listener uint64, size uint32) int32 {
	if size != abi.OptionsSize {
		return int32(abi.StatusInvalid)
	}
	o := abi.Decode[abi.Options](inbox[:size])
	return int32(engine.ListenerOpen(listener, &o))
}

//go:wasmexport on_socket_accept
func onSocketAccept(socket, listener uint64, now int64) {
	engine.Accept(socket, listener, now)
	emit()
}

//go:wasmexport on_socket_data
func onSocketData(socket uint64, size uint32, now int64) {
	engine.Data(socket, receive[:size], now)
	emit()
}

//go:wasmexport on_socket_end
func onSocketEnd(socket uint64, now int64) {
	engine.End(socket, now)
	emit()
}

//go:wasmexport on_socket_writable
func onSocketWritable(socket uint64, now int64) {
	engine.Writable(socket, now)
	emit()
}

//go:wasmexport on_socket_close
func onSocketClose(socket uint64, status int32, now int64) {
	engine.Closed(socket, abi.Status(status), now)
	emit()
}

//go:wasmexport on_timer
func onTimer(now int64) {
	engine.Timer(now)
	emit()
}

//go:wasmexport on_turn
func onTurn(now int64) {
	engine.Turn(now)
	emit()
}

//go:wasmexport on_operation
func onOperation(op uint32, target uint64, flags, headSize, bodySize uint32, rest int64) int64 {
	head, body := inbox[:headSize:headSize], inbox[headSize:][:bodySize:bodySize]
	return engine.Operation(abi.Operation(op), target, flags, head, body, rest)
}

//go:wasmexport on_socket_connect
func onSocketConnect(socket uint64, status int32, size uint32, now int64) {
	engine.Connect(socket, abi.Status(status), inbox[:size:size], now)
	emit()
}

//go:wasmexport on_handle
func onHandle(op uint32, target uint64, size uint32) int64 {
	handle, status := engine.Handle(abi.Operation(op), target, inbox[:size:size])
	if status != abi.StatusOK {
		return -int64(status)
	}
	return int64(handle)
}

// emit hands the events of the last entry to the host.
func emit() {
	events := engine.Events()
	for i := range events {
		ev := &events[i] // not a copy of it
		eventEmit(uint32(ev.Kind), ev.Flags, ev.Target, ev.Other,
			unsafe.Pointer(unsafe.SliceData(ev.Head)), uint32(len(ev.Head)),
			unsafe.Pointer(unsafe.SliceData(ev.Body)), uint32(len(ev.Body)))
	}
}
