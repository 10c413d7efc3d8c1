// Package port is the seam between the packages that a handler imports (http, net, timers) and the protocol
// engine: the event ABI of package abi, and the one event loop that they share.
//
//	              Receiver.Event, Servers                  ResponseSend SocketSend SetTimer …
//	engine ──────► Dispatch ──────► http │ net │ timers ──────► Operations ──────► engine
//
// In a plugin it is crossed by wasm calls, and the loop is the host's. Natively, and in a standalone module, it is crossed by
// Go calls, and the loop is one of package netloop, which Run runs.
//
// All but Post and Run belongs to the goroutine of the loop.
package port
