//go:build wasip1

package main

import (
	"unsafe"

	"github.com/portholehttp/porthole/abi"
)

//go:wasmimport porthole_sock_1 socket_listen
func socketListen(server uint64, request unsafe.Pointer, size uint32) int64

//go:wasmimport porthole_sock_1 socket_write
func socketWrite(socket uint64, bytes unsafe.Pointer, size uint32) int64

//go:wasmimport porthole_sock_1 socket_shutdown
func socketShutdown(socket uint64) int32

//go:wasmimport porthole_sock_1 socket_close
func socketClose(handle uint64, reset uint32) int32

//go:wasmimport porthole_sock_1 socket_pause
func socketPause(socket uint64) int32

//go:wasmimport porthole_sock_1 socket_resume
func socketResume(socket uint64) int32

//go:wasmimport porthole_sock_1 timer_set
func timerSet(at int64)

//go:wasmimport porthole_sock_1 clock_now
func clockNow() int64

//go:wasmimport porthole_http_1 event_emit
func eventEmit(kind, flags uint32, target, other uint64, head unsafe.Pointer, headSize uint32, body unsafe.Pointer, bodySize uint32)

//go:wasmimport porthole_sock_1 socket_connect
func socketConnect(owner uint64, destination unsafe.Pointer, size uint32) int64

//go:wasmimport porthole_sock_1 socket_set_option
func socketSetOption(socket uint64, option uint32, value int64) int32

// sockets implements stack.Sockets with the host's functions. Methods of the value would be called by way of wrappers.
type sockets struct{}

func (*sockets) Listen(server uint64, request []byte) (uint64, abi.Status) {
	r := socketListen(server, unsafe.Pointer(unsafe.SliceData(request)), uint32(len(request)))
	if r <= 0 {
		return 0, abi.Status(-r)
	}
	return uint64(r), abi.StatusOK
}

func (*sockets) Connect(owner uint64, destination []byte) (uint64, abi.Status) {
	r := socketConnect(owner, unsafe.Pointer(unsafe.SliceData(destination)), uint32(len(destination)))
	if r <= 0 {
		return 0, abi.Status(-r)
	}
	return uint64(r), abi.StatusOK
}

func (*sockets) SetOption(socket uint64, option abi.SocketOption, value int64) abi.Status {
	return abi.Status(socketSetOption(socket, uint32(option), value))
}

func (*sockets) Write(socket uint64, p []byte) (int, abi.Status) {
	r := socketWrite(socket, unsafe.Pointer(unsafe.SliceData(p)), uint32(len(p)))
	if r < 0 {
		return 0, abi.Status(-r)
	}
	return int(r), abi.StatusOK
}

func (*sockets) Shutdown(socket uint64) { socketShutdown(socket) }

func (*sockets) Close(handle uint64, reset bool) {
	var flag uint32
	if reset {
		flag = 1
	}
	socketClose(handle, flag)
}

func (*sockets) Pause(socket uint64)  { socketPause(socket) }
func (*sockets) Resume(socket uint64) { socketResume(socket) }
func (*sockets) SetTimer(at int64)    { timerSet(at) }
func (*sockets) WallClock() int64     { return clockNow() }
