// Package host embeds Porthole in a Go program: it runs HTTP servers whose protocol code and whose
// handlers are WebAssembly guests, and gives them sockets.
//
//	Runtime ── compiles and holds the guests ──► Handler   one module, loaded once, with what it may do
//	   │                                            │
//	   └── NewServer ──► Server ◄── Handle(pattern, ─┘)
//	                       │
//	                       ├──► shard 1..N: one goroutine each, with an event loop, an instance of the stack and
//	                       │    instances of each handler
//	                       └── Listen, Serve, ServeConn, ServeHTTP: connections are dealt to the shards in turn
//
// The host never parses HTTP: bytes of a socket go to the stack guest, which raises events for the
// handler guest and writes what the handler answers. Nothing a guest does ends the process: one that
// traps, exits, uses too much or breaks the contract (abi/README.md) is ended alone and replaced by a fresh instance.
//
// A handler can reach nothing but the requests it gets, unless HandlerConfig.Grants says what it may connect to, listen on, import
// and know. Connections that it makes, with TLS if it asks for that, are made and verified by the host. What it may
// use is bounded by HandlerConfig.Limits, time included: code of strangers computes no longer than that. What of one request the
// next one can see is a matter of HandlerConfig.Isolation.
//
// Handlers are loaded, replaced and removed while servers run: see Server.Handle. A program that has a server of its own already
// runs a handler in it: see Handler.ServeHTTP.
//
// Methods of Runtime, Handler and Server are safe for concurrent use unless they say otherwise. What blocks for long takes a
// context, or is ended by Close. A handler's code runs on the goroutines of shards: its instances are never used by two at a
// time. What an embedder gives (Dialer, HostFunction, Clock, Logger) is used by several at once.
package host
