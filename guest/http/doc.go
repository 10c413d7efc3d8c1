// Package http is Node's http API in Go, server and client, for handlers: programs whose requests arrive as events.
//
//	func main() {
//		http.CreateServer(func(req *http.ServerRequest, res *http.ServerResponse) {
//			res.WriteHead(200, http.Header{"Content-Type", "text/plain"})
//			res.EndString("hello world\n")
//		}).Listen(8000)
//		http.Run()
//	}
//
// The same source makes three programs:
//
//	plugin      GOOS=wasip1 go build -buildmode=c-shared   the host runs main once, then sends events
//	standalone  GOOS=wasip1 go build -tags standalone      engine and sockets inside one WASI command
//	native      go build                                   engine and sockets inside one process
//
// Between this API and the protocol engine is the event ABI of package abi: in a plugin it is crossed by
// wasm calls, in the other two by Go calls. Everything above that seam is the same code.
//
//	              request data end close               responseSend requestPause …
//	engine ──────► dispatch ──────► ServerRequest │ ServerResponse ──────► port ──────► engine
//	engine ──────► dispatch ──────► ClientResponse │ ClientRequest ──────► port ──────► engine
//	              response data end error close        requestOpen requestSend …
//
// # One goroutine
//
// Everything here belongs to the goroutine of [Run]: listeners are called on it, one at a time, and
// methods may only be called on it (or before Run). Other goroutines hand over work with [Post].
// A listener must not block. In a plugin, goroutines make progress only while a listener blocks on them.
//
// # Events
//
// OnX appends a listener; all are called, in the order they were added. An event has no memory: a
// listener added later is not told. Data that arrives while there is no data listener is lost.
// A chunk handed to a listener is valid until the listener returns. Strings taken from a request share
// one copy of its head, which is allocated together with those of its neighbors: one that is kept keeps up to 10 KiB in
// memory. Use strings.Clone for what is kept for long.
//
// A request and its response may be kept for as long as one likes: they are not used for another exchange. Strings given
// to a response must not change afterwards, as strings do not.
//
// # Errors
//
// What Node throws is returned where the method returns an error. Where it does not (Write, End and
// their like) it goes to the 'error' listeners; see [ServerResponse.OnError] and [ClientRequest.OnError]. All of them, and
// what breaks a connection, is an [*Error] with Node's code, such as "ECONNREFUSED".
package http
