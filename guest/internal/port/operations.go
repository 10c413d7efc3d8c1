//go:build !wasip1 || standalone

package port

import (
	"time"

	"github.com/portholehttp/porthole/abi"
)

// Operations are what a handler may ask for: the functions of porthole_http_1. In a plugin they are imports.
type Operations interface {
	ResponseSend(exchange uint64, flags uint32, head, body []byte) abi.Status
	ResponseInform(exchange uint64, head []byte) abi.Status
	RequestPause(handle uint64)
	RequestResume(handle uint64)
	Abort(handle uint64)
	Pipe(from, to uint64) abi.Status
	ServerListen(server uint32, request []byte) abi.Status
	ServerClose(server uint32)
	ServerListeners(server, mask uint32)
	RequestOpen(destination []byte) (handle uint64, status abi.Status)
	RequestSend(handle uint64, flags uint32, head, body []byte) abi.Status
	SocketOpen(destination []byte) (handle uint64, status abi.Status)
	SocketOf(exchange uint64) (handle uint64, status abi.Status)
	SocketSend(socket uint64, flags uint32, body []byte) abi.Status
	SocketSet(socket uint64, option abi.SocketOption, value int64) abi.Status
	SocketInfo(socket uint64) string
	SetTimer(delay time.Duration)
}

// operations is the engine; tests put something else there.
var operations Operations = enginePort{}

// ResponseSend sends any of head, body and end of a response; flags are abi.Send….
func ResponseSend(exchange uint64, flags uint32, head, body []byte) abi.Status {
	return operations.ResponseSend(exchange, flags, head, body)
}

// ResponseInform sends an interim response.
func ResponseInform(exchange uint64, head []byte) abi.Status {
	return operations.ResponseInform(exchange, head)
}

// RequestPause stops the data of a handle of any kind; RequestResume undoes it.
func RequestPause(handle uint64)  { operations.RequestPause(handle) }
func RequestResume(handle uint64) { operations.RequestResume(handle) }

// Abort destroys the connection of a handle of any kind.
func Abort(handle uint64) { operations.Abort(handle) }

// Pipe has the bytes that come for a handle of any kind go to another one, 0: here again, as far as that is possible. What is
// not moved so comes as abi.EventData, and so does the end.
func Pipe(from, to uint64) abi.Status { return operations.Pipe(from, to) }

// ServerListen asks for a listener; request is an abi.ListenRequest.
func ServerListen(server uint32, request []byte) abi.Status {
	return operations.ServerListen(server, request)
}

// ServerClose closes it.
func ServerClose(server uint32) { operations.ServerClose(server) }

// ServerListeners says which optional events are listened to; mask is of abi.Listen….
func ServerListeners(server, mask uint32) { operations.ServerListeners(server, mask) }

// RequestOpen begins a request; destination is an abi.Destination.
func RequestOpen(destination []byte) (handle uint64, status abi.Status) {
	return operations.RequestOpen(destination)
}

// RequestSend sends any of head, body and end of a request; flags are abi.Send….
func RequestSend(handle uint64, flags uint32, head, body []byte) abi.Status {
	return operations.RequestSend(handle, flags, head, body)
}

// SocketOpen connects; destination is an abi.Destination.
func SocketOpen(destination []byte) (handle uint64, status abi.Status) {
	return operations.SocketOpen(destination)
}

// SocketOf returns the socket of an exchange's connection.
func SocketOf(exchange uint64) (handle uint64, status abi.Status) {
	return operations.SocketOf(exchange)
}

// SocketSend sends bytes on a raw socket, and with abi.SendEnd nothing after them.
func SocketSend(socket uint64, flags uint32, body []byte) abi.Status {
	return operations.SocketSend(socket, flags, body)
}

// SocketSet sets an option of a socket.
func SocketSet(socket uint64, option abi.SocketOption, value int64) abi.Status {
	return operations.SocketSet(socket, option, value)
}

// SocketInfo returns what is known of a socket as lines key=value, "" if it is gone.
func SocketInfo(socket uint64) string { return operations.SocketInfo(socket) }

// SetTimer has f called after delay, in place of what was asked for before: there is one timer. A negative delay disarms it.
func SetTimer(delay time.Duration, f func()) {
	onTimer = f
	operations.SetTimer(delay)
}

// Hosted says whether a server that does not listen serves listeners of the host. It is true in a plugin, and a
// variable for the tests of that.
var Hosted = false

// Uncaught is an 'error' that nobody listens to.
func Uncaught(err error) { panic(err) }

// Complain prints a line to stderr. It is a variable for the tests of what is printed.
var Complain = func(line string) { print(line, "\n") }

// Replace puts something else in place of the engine, and forgets the loop and what is bound, for one test. The function that it
// returns undoes that.
func Replace(o Operations) (restore func()) {
	oldOperations, oldComplain := operations, Complain
	forget()
	operations = o
	return func() {
		operations, Complain, Hosted = oldOperations, oldComplain, false
		forget()
	}
}

// forget makes the package as it is at first.
func forget() {
	loopLock.Lock()
	theLoop = nil
	loopLock.Unlock()
	endOfEvents()
}

// endOfEvents forgets what waits for events that will not come.
func endOfEvents() {
	dropReceivers()
	onTimer = nil
	for _, f := range atEnd {
		f()
	}
	dropTicks()
}
