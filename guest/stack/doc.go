// Package stack is the protocol engine: the server side of HTTP/1.1 (RFC 9110, RFC 9112) without
// any I/O of its own. Sockets come and go through the Sockets interface and the entries of Engine
// (the socket ABI); requests leave as Events and responses come back as Operations (the event ABI).
// The same code is the stack guest in wasm and, linked into a native program, its HTTP server.
//
// The life of a connection:
//
//	Accept ─► reading a head ─► reading a body ─┐        Data, End
//	             ▲  │ error: a reply of our own │
//	             │  ▼                           ▼
//	          idle ◄── responses, in request order       Operation, Writable
//	             │            │ the last one
//	             ▼            ▼
//	           closed ◄── lingering: sending side shut, input discarded (RFC 9112 §9.6)
//
// Two kinds of calls never mix. Entries (Accept, Data, End, Writable, Closed, Timer, Turn) may raise
// events; the driver calls one at a time and delivers its events before the next. Operations come
// while events are delivered; they write to sockets but raise nothing: what needs an event is put
// on the work list and done in Turn. So memory that an event refers to stays as it is until it has
// been delivered, and the engine is never re-entered.
package stack
