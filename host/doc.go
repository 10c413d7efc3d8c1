// Package host embeds Porthole in a Go program: it runs an HTTP server whose protocol code and whose
// handlers are WebAssembly guests, and gives them sockets.
//
//	Runtime ── compiles and holds the guests ──► Handler   one module, loaded once
//	   │
//	   └── NewServer(handler) ──► Server ──► shard 1..N: one goroutine each, with an event loop,
//	                                │        an instance of the stack and one of the handler
//	                                └── Listen, Serve: connections are dealt to the shards in turn
//
// The host never parses HTTP: bytes of a socket go to the stack guest, which raises events for the
// handler guest and writes what the handler answers. Nothing a guest does ends the process: one that
// traps, exits or breaks the contract (abi/README.md) is ended alone and replaced by a fresh instance.
//
// A handler can reach nothing but the requests it gets, unless ServerConfig.Grants says what it may connect to and listen on.
// Connections that it makes, with TLS if it asks for that, are made and verified by the host.
//
// Not bounded yet is time: a guest that computes for ever keeps its shard from going on, and Close
// and Runtime.Close from finishing.
//
// Methods of Runtime, Handler and Server are safe for concurrent use unless they say otherwise.
package host
