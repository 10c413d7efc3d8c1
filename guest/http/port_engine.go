//go:build !wasip1 || standalone

package http

import "github.com/portholehttp/porthole/abi"

// The seam of a native or standalone program: what a plugin imports from the host goes to port.

// operations are what a handler may ask for: the functions of porthole_http_1.
type operations interface {
	responseSend(exchange uint64, flags uint32, head, body []byte) abi.Status
	responseInform(exchange uint64, head []byte) abi.Status
	requestPause(exchange uint64)
	requestResume(exchange uint64)
	exchangeAbort(exchange uint64)
	serverListen(server uint32, request []byte) abi.Status
	serverClose(server uint32)
	serverListeners(server, mask uint32)
}

// port is the engine; tests put something else there.
var port operations = enginePort{}

func responseSend(exchange uint64, flags uint32, head, body []byte) abi.Status {
	return port.responseSend(exchange, flags, head, body)
}

func responseInform(exchange uint64, head []byte) abi.Status {
	return port.responseInform(exchange, head)
}

func requestPause(exchange uint64)  { port.requestPause(exchange) }
func requestResume(exchange uint64) { port.requestResume(exchange) }
func exchangeAbort(exchange uint64) { port.exchangeAbort(exchange) }

func serverListen(server uint32, request []byte) abi.Status {
	return port.serverListen(server, request)
}

func serverClose(server uint32)           { port.serverClose(server) }
func serverListeners(server, mask uint32) { port.serverListeners(server, mask) }

// hosted is true in a plugin, where a server that does not listen serves the host's listeners. It is a
// variable for the tests of that.
var hosted = false

// uncaught is an 'error' of a server that nobody listens to.
func uncaught(err error) { panic(err) }

// complain prints a line to stderr. It is a variable for the tests of what is printed.
var complain = func(line string) { print("http: ", line, "\n") }

// enginePort is the engine of the loop that runs, or will run next.
type enginePort struct{}

func (enginePort) responseSend(exchange uint64, flags uint32, head, body []byte) abi.Status {
	return currentLoop().send(exchange, flags, head, body)
}

func (enginePort) responseInform(exchange uint64, head []byte) abi.Status {
	return currentLoop().operate(abi.OpResponseInform, exchange, 0, head, nil, 0)
}

func (enginePort) requestPause(exchange uint64) {
	currentLoop().operate(abi.OpRequestPause, exchange, 0, nil, nil, 0)
}

func (enginePort) requestResume(exchange uint64) {
	currentLoop().operate(abi.OpRequestResume, exchange, 0, nil, nil, 0)
}

func (enginePort) exchangeAbort(exchange uint64) {
	currentLoop().operate(abi.OpExchangeAbort, exchange, 0, nil, nil, 0)
}

func (enginePort) serverListen(server uint32, request []byte) abi.Status {
	return currentLoop().operate(abi.OpServerListen, uint64(server), 0, request, nil, 0)
}

func (enginePort) serverClose(server uint32) {
	currentLoop().operate(abi.OpServerClose, uint64(server), 0, nil, nil, 0)
}

func (enginePort) serverListeners(server, mask uint32) {
	currentLoop().operate(abi.OpServerListeners, uint64(server), mask, nil, nil, 0)
}
