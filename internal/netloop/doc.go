// Package netloop is an event loop over net.Conn and net.Listener with a single owner: every event is
// delivered on the goroutine of Run, so what hangs on a loop needs no lock.
//
//	acceptor goroutine ──┐
//	one goroutine for    ├─ signal, post ─► inbox ─► Run: one batch, one clock reading ─► Handler
//	each connection    ──┘                                   ▲                               │
//	timer, Post, Stop ───────────────────────────────────────┘     Write, Pause, Close … ◄───┘
//
// A connection is carried in one of two ways:
//
//   - TCP and Unix sockets on Linux, macOS and the BSDs (fdSocket): the connection's goroutine only forwards
//     the edges of Go's poller. Reading and writing are non-blocking system calls on the loop's goroutine, into
//     one buffer for all connections, so an idle connection holds none and a paused one is not read at all.
//   - Everything else (stream): TLS, net.Pipe, wrapped connections, other systems. One goroutine reads into a
//     buffer of the connection and waits until the loop has consumed it; writes are copies in flight.
//
// The inbox is a queue of connections, each in it at most once, so no producer ever blocks and nothing grows with traffic.
package netloop
