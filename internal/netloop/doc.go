// Package netloop is an event loop over net.Conn and net.Listener with a single owner: every event is
// delivered on the goroutine of Run, so what hangs on a loop needs no lock.
//
//	acceptor goroutine ───────┐                       poller
//	goroutines of connections ├─ signal, post ─► inbox ─►├─► Run: one batch, one clock reading ─► Handler
//	timer, Post, Stop ────────┘                                      Write, Pause, Close … ◄───────┘
//
// A connection is carried in one of four ways:
//
//   - TCP and Unix sockets on Linux, macOS and the BSDs (pollSocket): the loop sleeps in an epoll instance or a kqueue
//     of its own, which tells of edges. Reading and writing are non-blocking system calls on the loop's goroutine, into
//     one buffer for all connections, so an idle connection holds none and a paused one is not read at all. On Linux, small
//     writes of a turn are one call, of io_uring.
//   - TLS over one of these, once its handshake is over (tlsSocket): likewise, with crypto/tls in between, on the loop's goroutine
//     too. An idle connection holds what crypto/tls keeps, and no goroutine.
//   - Plain sockets where the loop has no poller, with Config.Portable for one (fdSocket): a goroutine of the connection
//     forwards the edges of Go's poller. The rest is the same.
//   - Everything else (stream): TLS in its handshake, net.Pipe, wrapped connections, other systems. One goroutine reads into a
//     buffer of the connection and waits until the loop has consumed it; writes are copies in flight.
//
// The inbox is a queue of connections, each in it at most once, so no producer ever blocks and nothing grows with traffic.
package netloop
