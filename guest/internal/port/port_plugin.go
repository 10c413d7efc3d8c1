//go:build wasip1 && !standalone

package port

import (
	"runtime"
	"time"
	"unsafe"

	"github.com/portholehttp/porthole/abi"
)

// The seam of a plugin: the functions that the host provides, and those that it calls.

//go:wasmimport porthole_http_1 response_send
//go:noescape
func hostResponseSend(exchange uint64, flags uint32, head unsafe.Pointer, headSize uint32, body unsafe.Pointer, bodySize uint32) int32

//go:wasmimport porthole_http_1 response_inform
//go:noescape
func hostResponseInform(exchange uint64, head unsafe.Pointer, headSize uint32) int32

//go:wasmimport porthole_http_1 request_pause
func hostRequestPause(exchange uint64) int32

//go:wasmimport porthole_http_1 request_resume
func hostRequestResume(exchange uint64) int32

//go:wasmimport porthole_http_1 exchange_abort
func hostExchangeAbort(exchange uint64) int32

//go:wasmimport porthole_http_1 server_listen
//go:noescape
func hostServerListen(server uint32, request unsafe.Pointer, requestSize uint32) int32

//go:wasmimport porthole_http_1 server_close
func hostServerClose(server uint32) int32

//go:wasmimport porthole_http_1 server_listeners
func hostServerListeners(server, mask uint32) int32

//go:wasmimport porthole_http_1 request_open
//go:noescape
func hostRequestOpen(destination unsafe.Pointer, destinationSize uint32) int64

//go:wasmimport porthole_http_1 request_send
//go:noescape
func hostRequestSend(exchange uint64, flags uint32, head unsafe.Pointer, headSize uint32, body unsafe.Pointer, bodySize uint32) int32

//go:wasmimport porthole_http_1 socket_open
//go:noescape
func hostSocketOpen(destination unsafe.Pointer, destinationSize uint32) int64

//go:wasmimport porthole_http_1 socket_of
func hostSocketOf(exchange uint64) int64

//go:wasmimport porthole_http_1 socket_send
//go:noescape
func hostSocketSend(socket uint64, flags uint32, body unsafe.Pointer, bodySize uint32) int32

//go:wasmimport porthole_http_1 socket_set
func hostSocketSet(socket uint64, option uint32, value int64) int32

//go:wasmimport porthole_http_1 socket_info
//go:noescape
func hostSocketInfo(socket uint64, text unsafe.Pointer, textSize uint32) int32

//go:wasmimport porthole_http_1 timer_set
func hostTimerSet(delay int64)

//go:wasmimport porthole_http_1 exchange_pipe
func hostExchangePipe(from, to uint64) int32

// ResponseSend sends any of head, body and end of a response; flags are abi.Send….
func ResponseSend(exchange uint64, flags uint32, head, body []byte) abi.Status {
	return abi.Status(hostResponseSend(exchange, flags, unsafe.Pointer(unsafe.SliceData(head)), uint32(len(head)), unsafe.Pointer(unsafe.SliceData(body)), uint32(len(body))))
}

// ResponseInform sends an interim response.
func ResponseInform(exchange uint64, head []byte) abi.Status {
	return abi.Status(hostResponseInform(exchange, pointer(head), size(head)))
}

// RequestPause stops the data of a handle of any kind; RequestResume undoes it.
func RequestPause(handle uint64)  { hostRequestPause(handle) }
func RequestResume(handle uint64) { hostRequestResume(handle) }

// Abort destroys the connection of a handle of any kind.
func Abort(handle uint64) { hostExchangeAbort(handle) }

// Pipe has the bytes that come for a handle of any kind go to another one, 0: here again, as far as that is possible. What is
// not moved so comes as abi.EventData, and so does the end.
func Pipe(from, to uint64) abi.Status { return abi.Status(hostExchangePipe(from, to)) }

// ServerListen asks for a listener; request is an abi.ListenRequest.
func ServerListen(server uint32, request []byte) abi.Status {
	return abi.Status(hostServerListen(server, pointer(request), size(request)))
}

// ServerClose closes it.
func ServerClose(server uint32) { hostServerClose(server) }

// ServerListeners says which optional events are listened to; mask is of abi.Listen….
func ServerListeners(server, mask uint32) { hostServerListeners(server, mask) }

// RequestOpen begins a request; destination is an abi.Destination.
func RequestOpen(destination []byte) (handle uint64, status abi.Status) {
	return handleOf(hostRequestOpen(pointer(destination), size(destination)))
}

// RequestSend sends any of head, body and end of a request; flags are abi.Send….
func RequestSend(handle uint64, flags uint32, head, body []byte) abi.Status {
	return abi.Status(hostRequestSend(handle, flags, pointer(head), size(head), pointer(body), size(body)))
}

// SocketOpen connects; destination is an abi.Destination.
func SocketOpen(destination []byte) (handle uint64, status abi.Status) {
	return handleOf(hostSocketOpen(pointer(destination), size(destination)))
}

// SocketOf returns the socket of an exchange's connection.
func SocketOf(exchange uint64) (handle uint64, status abi.Status) {
	return handleOf(hostSocketOf(exchange))
}

// SocketSend sends bytes on a raw socket, and with abi.SendEnd nothing after them.
func SocketSend(socket uint64, flags uint32, body []byte) abi.Status {
	return abi.Status(hostSocketSend(socket, flags, pointer(body), size(body)))
}

// SocketSet sets an option of a socket.
func SocketSet(socket uint64, option abi.SocketOption, value int64) abi.Status {
	return abi.Status(hostSocketSet(socket, uint32(option), value))
}

// SocketInfo returns what is known of a socket as lines key=value, "" if it is gone.
func SocketInfo(socket uint64) string {
	b := make([]byte, 1<<10)
	for {
		n := hostSocketInfo(socket, pointer(b), size(b))
		if n <= 0 {
			return ""
		}
		if int(n) <= len(b) {
			return string(b[:n])
		}
		b = make([]byte, n)
	}
}

// SetTimer has f called after delay, in place of what was asked for before: there is one timer. A negative delay disarms it.
func SetTimer(delay time.Duration, f func()) {
	onTimer = f
	hostTimerSet(int64(delay))
}

func pointer(b []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }

// handleOf takes a result apart that is a handle or −status.
func handleOf(result int64) (handle uint64, status abi.Status) {
	if result <= 0 {
		return 0, abi.Status(-result)
	}
	return uint64(result), abi.StatusOK
}

// Hosted says whether a server that does not listen serves listeners of the host.
const Hosted = true

// mainMain is the handler's main function, which a reactor's runtime does not call by itself.
//
//go:linkname mainMain main.main
func mainMain()

//go:wasmexport on_start
func onStart() {
	mainMain()
	RunTicks()
	letRun()
}

// inbox is what the host writes an event's head and body into, inboxSize bytes: the end of the chunk of Keep, or large.
var (
	inbox     unsafe.Pointer
	inboxSize uint32
)

// large is for events that are too large for a chunk. Its elements are what aligns it to 8.
var large []uint64

//go:wasmexport on_inbox
func onInbox(size uint32) unsafe.Pointer {
	inboxSize = size
	if size <= chunkMost {
		inbox = room(uintptr(size))
		return inbox
	}
	if int(size) > len(large)*8 {
		const page = 4 << 10
		large = make([]uint64, (int(size)+page-1)/page*(page/8))
	}
	inbox = unsafe.Pointer(unsafe.SliceData(large))
	return inbox
}

//go:wasmexport on_event
func onEvent(kind, flags uint32, target uint64, headSize, bodySize uint32) {
	var head, body []byte
	if size := headSize + bodySize; size > 0 {
		all := view(inbox, int(inboxSize))
		head, body = all[:headSize:headSize], all[headSize:size:size]
	}
	if k := abi.EventKind(kind); k <= abi.EventCheckContinue { // as Dispatch does, which is a call
		Servers.Request(k, flags, target, head, body)
		endTurn()
	} else {
		Dispatch(k, flags, target, head, body)
	}
	letRun()
	if int32(Turn-garbage.due) >= 0 {
		garbage.collect()
	}
}

// letRun lets goroutines run that listeners have started. When the export returns they stand still until
// the next event. Some may wait for ever and one may not, so it gives up after a number of rounds.
func letRun() {
	for round := 0; round < 16 && runtime.NumGoroutine() > 1; round++ {
		runtime.Gosched()
	}
}

// Run hands the program over to its events. In a plugin these are calls of the host: Run returns at once, and
// when main returns too the handler is ready.
func Run() {}

// Post has f called on the goroutine of Run, after the event under way; false says that the loop has ended
// for good. It is for other goroutines, of which a plugin has none that run by themselves.
func Post(f func()) bool {
	NextTick(TaskFunc(f))
	return true
}

// Wake is needed where ticks may be added while nothing runs: not here.
func Wake() {}

// Uncaught is an 'error' that nobody listens to.
func Uncaught(err error) { Complain(err.Error()) }

// Complain prints a line to stderr.
func Complain(line string) { print(line, "\n") }
