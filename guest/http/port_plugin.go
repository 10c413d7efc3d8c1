//go:build wasip1 && !standalone

package http

import (
	"runtime"
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

func responseSend(exchange uint64, flags uint32, head, body []byte) abi.Status {
	return abi.Status(hostResponseSend(exchange, flags,
		unsafe.Pointer(unsafe.SliceData(head)), uint32(len(head)), unsafe.Pointer(unsafe.SliceData(body)), uint32(len(body))))
}

func responseInform(exchange uint64, head []byte) abi.Status {
	return abi.Status(hostResponseInform(exchange, unsafe.Pointer(unsafe.SliceData(head)), uint32(len(head))))
}

func requestPause(exchange uint64)  { hostRequestPause(exchange) }
func requestResume(exchange uint64) { hostRequestResume(exchange) }
func exchangeAbort(exchange uint64) { hostExchangeAbort(exchange) }

func serverListen(server uint32, request []byte) abi.Status {
	return abi.Status(hostServerListen(server, unsafe.Pointer(unsafe.SliceData(request)), uint32(len(request))))
}

func serverClose(server uint32)           { hostServerClose(server) }
func serverListeners(server, mask uint32) { hostServerListeners(server, mask) }

// hosted: a server that does not listen serves the host's listeners.
const hosted = true

// mainMain is the handler's main function, which a reactor's runtime does not call by itself.
//
//go:linkname mainMain main.main
func mainMain()

//go:wasmexport on_start
func onStart() {
	mainMain()
	runTicks()
	letRun()
}

// inbox is what the host writes an event's head and body into. Its elements are what aligns it to 8.
var inbox []uint64

//go:wasmexport on_inbox
func onInbox(size uint32) unsafe.Pointer {
	const page = 4 << 10
	if words := (int(size) + 7) / 8; words > len(inbox) || inbox == nil {
		inbox = make([]uint64, (words+page/8)&^(page/8-1))
	}
	return unsafe.Pointer(unsafe.SliceData(inbox))
}

//go:wasmexport on_event
func onEvent(kind, flags uint32, target uint64, headSize, bodySize uint32) {
	b := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(inbox))), len(inbox)*8)
	head := b[:headSize:headSize]
	body := b[headSize:][:bodySize:bodySize]
	dispatch(abi.EventKind(kind), flags, target, head, body)
	letRun()
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
	nextTick(taskFunc(f))
	return true
}

// wake is needed where ticks may be added while nothing runs: not here.
func wake() {}

// uncaught is an 'error' of a server that nobody listens to.
func uncaught(err error) { complain(err.Error()) }

// complain prints a line to stderr.
func complain(line string) { print("http: ", line, "\n") }
